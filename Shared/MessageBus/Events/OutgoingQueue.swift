import BusContract
import Synchronization
import ZeroMQ

/// Events between the tasks that publish and the socket thread that sends: bounded, in one block of memory.
///
/// Publishing encodes straight into the block, under a lock that is held for some hundred nanoseconds; the socket
/// thread takes the whole block at once.
final class OutgoingQueue: Sendable {
    private struct State {
        var batch = MessageBatch()
        var isClosed = false
    }

    private let state = Mutex(State())
    private let messageLimit: Int
    private let byteLimit: Int

    init(messages: Int, bytes: Int) {
        messageLimit = messages
        byteLimit = min(bytes, Int(Int32.max) / 2)
    }

    /// Adds an event; false when the queue is full or closed.
    func append(topic: Topic, header: Header, payload: UnsafeRawBufferPointer) -> Bool {
        state.withLock { state in
            guard !state.isClosed, state.batch.count < messageLimit,
                state.batch.byteCount + payload.count < byteLimit
            else { return false }
            state.batch.appendFrame { $0.append(contentsOf: topic.rawValue.utf8) }
            state.batch.appendFrame { header.encode(into: &$0) }
            state.batch.append(frame: payload)
            state.batch.endMessage()
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
