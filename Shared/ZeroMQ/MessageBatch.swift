/// Messages of several frames each, in one block of memory.
///
/// Receiving hundreds of small messages into one block costs one allocation instead of three a message, and handing the
/// batch to another thread is one reference. Who keeps a slice of one message keeps the block alive: copy what is kept
/// for long.
package struct MessageBatch: Sendable {
    /// All frames, one behind the other.
    package private(set) var bytes: [UInt8] = []

    /// Where each frame ends in `bytes`.
    private var frameEnds: [Int32] = []

    /// For each message, the index after its last frame in `frameEnds`.
    private var messageEnds: [Int32] = []

    package init() {}

    /// The number of whole messages.
    package var count: Int { messageEnds.count }

    package var isEmpty: Bool { messageEnds.isEmpty }

    /// Bytes of all frames.
    package var byteCount: Int { bytes.count }

    /// The indices of a message's frames.
    package func frames(of message: Int) -> Range<Int> {
        (message == 0 ? 0 : Int(messageEnds[message - 1]))..<Int(messageEnds[message])
    }

    /// The messages as memory, for the path that runs for every event; valid inside `body` only.
    package func withContents<Result>(_ body: (Contents) -> Result) -> Result {
        bytes.withUnsafeBytes { bytes in
            frameEnds.withUnsafeBufferPointer { frameEnds in
                messageEnds.withUnsafeBufferPointer { messageEnds in
                    body(Contents(bytes: bytes, frameEnds: frameEnds, messageEnds: messageEnds))
                }
            }
        }
    }

    /// The frames of all messages, one after the other.
    package struct Contents {
        package let bytes: UnsafeRawBufferPointer
        /// Where each frame ends in `bytes`.
        package let frameEnds: UnsafeBufferPointer<Int32>
        /// For each message, the index after its last frame in `frameEnds`.
        package let messageEnds: UnsafeBufferPointer<Int32>
    }

    /// Where a frame lies in `bytes`.
    package func range(ofFrame frame: Int) -> Range<Int> {
        (frame == 0 ? 0 : Int(frameEnds[frame - 1]))..<Int(frameEnds[frame])
    }

    /// Slower than from memory that lies in one piece.
    package mutating func append(frame: some Sequence<UInt8>) {
        bytes.append(contentsOf: frame)
        endFrame()
    }

    package mutating func append(frame: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: frame)
        endFrame()
    }

    /// Adds a message of three frames.
    package mutating func append(
        message first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer,
        _ third: UnsafeRawBufferPointer
    ) {
        append(frame: first)
        append(frame: second)
        append(frame: third)
        endMessage()
    }

    /// Adds the messages of another batch.
    package mutating func append(_ other: MessageBatch) {
        let (bytesBefore, framesBefore) = (
            Int32(truncatingIfNeeded: bytes.count), Int32(truncatingIfNeeded: frameEnds.count)
        )
        bytes.append(contentsOf: other.bytes)
        frameEnds.reserveCapacity(frameEnds.count + other.frameEnds.count)
        for end in other.frameEnds { frameEnds.append(bytesBefore + end) }
        for end in other.messageEnds { messageEnds.append(framesBefore + end) }
    }

    private mutating func endFrame() {
        frameEnds.append(Int32(truncatingIfNeeded: bytes.count))
    }

    /// Makes one message of the frames added since the last.
    package mutating func endMessage() {
        messageEnds.append(Int32(truncatingIfNeeded: frameEnds.count))
    }

    package mutating func removeAll(keepingCapacity: Bool) {
        bytes.removeAll(keepingCapacity: keepingCapacity)
        frameEnds.removeAll(keepingCapacity: keepingCapacity)
        messageEnds.removeAll(keepingCapacity: keepingCapacity)
    }

    package mutating func reserve(messages: Int, framesPerMessage: Int, bytes byteCount: Int) {
        bytes.reserveCapacity(byteCount)
        frameEnds.reserveCapacity(messages * framesPerMessage)
        messageEnds.reserveCapacity(messages)
    }
}
