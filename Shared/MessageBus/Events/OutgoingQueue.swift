import BusContract
import Synchronization
import ZeroMQ

/// Events between the tasks that publish and the socket thread that sends: bounded, in one block of memory.
///
/// Publishing copies into the block, under a lock that is held for some ten nanoseconds; the socket thread takes the
/// whole block at once.
final class OutgoingQueue: Sendable {
    private struct State {
        var batch = MessageBatch()
        var isClosed = false
    }

    private let state = Mutex(State())
    private let source: String
    private let messageLimit: Int
    private let byteLimit: Int

    /// - Parameter source: goes into headers that have none.
    init(source: String, messages: Int, bytes: Int) {
        self.source = source
        messageLimit = messages
        byteLimit = min(bytes, Int(Int32.max) / 2)
    }

    /// Adds an event; false when the queue is full or closed.
    ///
    /// - Parameter sentAt: goes into the header if it has none.
    func append(topic: Topic, header: Header, sentAt: UInt64, payload: UnsafeRawBufferPointer) -> Bool {
        // Not withUnsafeTemporaryAllocation: its closure would copy the header, and count references to all its texts.
        let bound = header.encodedBound + ProtoWriter.bound(source)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bound, alignment: 1)
        defer { memory.deallocate() }
        let length = header.encode(into: memory, source: source, sentAt: sentAt)
        let encoded = UnsafeRawBufferPointer(rebasing: memory[..<length])
        var topic = topic.rawValue
        return topic.withUTF8 { append(topic: UnsafeRawBufferPointer($0), header: encoded, payload: payload) }
    }

    private func append(
        topic: UnsafeRawBufferPointer,
        header: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer
    ) -> Bool {
        state.withLock { state in
            guard !state.isClosed, state.batch.count < messageLimit,
                state.batch.byteCount + payload.count < byteLimit
            else { return false }
            state.batch.append(message: topic, header, payload)
            return true
        }
    }

    /// Adds all events of a bundle, and leaves it empty; false when there is no room for all of them.
    func append(_ bundle: inout EventBundle) -> Bool {
        defer { bundle.batch.removeAll(keepingCapacity: bundle.batch.byteCount < 1 << 20) }
        return state.withLock { state in
            guard !state.isClosed, state.batch.count + bundle.count <= messageLimit,
                state.batch.byteCount + bundle.batch.byteCount < byteLimit
            else { return false }
            if state.batch.isEmpty {
                swap(&state.batch, &bundle.batch)
            } else {
                state.batch.append(bundle.batch)
            }
            return true
        }
    }

    /// Exchanges what waits for an empty batch, whose memory is used again.
    func take(into empty: inout MessageBatch) {
        state.withLock { swap(&$0.batch, &empty) }
    }

    var isEmpty: Bool { state.withLock { $0.batch.isEmpty } }

    func close() {
        state.withLock { $0.isClosed = true }
    }
}
