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

    /// Whether every message has that many frames.
    package func allHaveFrames(_ number: Int) -> Bool {
        var end: Int32 = 0
        for messageEnd in messageEnds {
            end += Int32(truncatingIfNeeded: number)
            if messageEnd != end { return false }
        }
        return true
    }

    /// The indices of a message's frames.
    package func frames(of message: Int) -> Range<Int> {
        (message == 0 ? 0 : Int(messageEnds[message - 1]))..<Int(messageEnds[message])
    }

    /// Where each frame ends in `bytes`, the frames of all messages one after the other; valid inside `body` only.
    package func withFrameEnds(_ body: (UnsafeBufferPointer<Int32>) -> Void) {
        frameEnds.withUnsafeBufferPointer(body)
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

    private mutating func endFrame() {
        frameEnds.append(Int32(truncatingIfNeeded: bytes.count))
    }

    /// Makes one message of the frames added since the last.
    package mutating func endMessage() {
        messageEnds.append(Int32(truncatingIfNeeded: frameEnds.count))
    }

    /// Takes back the frames that were added since the last `endMessage`.
    package mutating func abandonMessage() {
        let frames = messageEnds.last.map(Int.init) ?? 0
        frameEnds.removeSubrange(frames...)
        bytes.removeSubrange((frameEnds.last.map(Int.init) ?? 0)...)
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
