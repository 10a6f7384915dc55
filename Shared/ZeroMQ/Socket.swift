import CZeroMQ
import Glibc

/// One libzmq socket: the only owner of its handle, closed when freed.
///
/// Not Sendable: make it inside an actor that runs on a `SocketThread`. All calls are non-blocking; wait with a
/// `PollSet`.
package final class Socket {
    let handle: UnsafeMutableRawPointer
    // Keeps the context alive for as long as the socket is open.
    private let context: ZeroMQContext
    /// Becomes readable when something about the socket changes; not a sign that it is ready (zmq_getsockopt(3), ZMQ_FD).
    private(set) var descriptor: Int32 = -1

    /// What `send(byteCount:)` writes into.
    private let filling = Frame()

    /// The options it was made with.
    package let options: SocketOptions

    /// Whether the socket may be ready although its descriptor does not tell: libzmq signals a change once, and any call
    /// may take note of the signal. A receive that found nothing has taken note of everything; what comes after it
    /// signals anew. `PollSet` asks the socket itself while this is true.
    var mayBeReady = true

    package init(_ kind: SocketKind, options: SocketOptions, context: ZeroMQContext) throws(ZeroMQError) {
        guard let handle = zmq_socket(context.handle, kind.number) else { throw .last("make a \(kind) socket") }
        self.handle = handle
        self.context = context
        self.options = options
        // Throwing from here on still runs `deinit`, which closes the handle: every stored property is set.
        try Self.apply(options, kind: kind, to: handle)
        var size = MemoryLayout<Int32>.size
        guard zmq_getsockopt(handle, ZMQ_FD, &descriptor, &size) == 0 else { throw .last("get FD") }
    }

    deinit {
        zmq_close(handle)
    }

    /// Listens at an endpoint such as `ipc:///run/bus/in` or `tcp://127.0.0.1:*`.
    package func bind(_ endpoint: String) throws(ZeroMQError) {
        mayBeReady = true
        guard zmq_bind(handle, endpoint) == 0 else { throw .last("bind \(endpoint)") }
    }

    /// Connects in the background, again and again; only a bad endpoint is an error.
    package func connect(_ endpoint: String) throws(ZeroMQError) {
        mayBeReady = true
        guard zmq_connect(handle, endpoint) == 0 else { throw .last("connect \(endpoint)") }
    }

    /// Connects anew where libzmq has given the connection up, as it does after a refused log-in.
    package func reconnect(_ endpoint: String) throws(ZeroMQError) {
        // Fails when there is nothing to end, which is as good. Without it, libzmq takes the second connection to an
        // endpoint for a mistake and makes none.
        zmq_disconnect(handle, endpoint)
        try connect(endpoint)
    }

    /// The endpoint as bound, with the port that the system chose for `*`.
    package var lastEndpoint: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
            var size = buffer.count
            guard let start = buffer.baseAddress,
                zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, start, &size) == 0
            else { return "" }
            return String(cString: start)
        }
    }

    /// Asks for messages whose first frame begins with `prefix` (SUB only).
    package func subscribe(to prefix: some Collection<UInt8>) throws(ZeroMQError) {
        try setPrefix(ZMQ_SUBSCRIBE, prefix)
    }

    package func unsubscribe(from prefix: some Collection<UInt8>) throws(ZeroMQError) {
        try setPrefix(ZMQ_UNSUBSCRIBE, prefix)
    }

    private func setPrefix(_ option: Int32, _ prefix: some Collection<UInt8>) throws(ZeroMQError) {
        mayBeReady = true
        let bytes = [UInt8](prefix)
        guard zmq_setsockopt(handle, option, bytes, bytes.count) == 0 else { throw .last("subscribe") }
    }

    /// What the socket is ready for at this moment; takes note of all signals that have come until then.
    func readiness() throws(ZeroMQError) -> PollSet.Events {
        var events: Int32 = 0
        var size = MemoryLayout<Int32>.size
        while zmq_getsockopt(handle, ZMQ_EVENTS, &events, &size) != 0 {
            guard zmq_errno() == EINTR else { throw .last("get EVENTS") }
        }
        return PollSet.Events(rawValue: Int16(truncatingIfNeeded: events))
    }

    // MARK: Frames

    /// Takes the next frame; false when none is waiting.
    package func receive(into frame: Frame) throws(ZeroMQError) -> Bool {
        while zmq_msg_recv(frame.message, handle, ZMQ_DONTWAIT) == -1 {
            switch zmq_errno() {
            case EAGAIN:
                mayBeReady = false
                return false
            case EINTR: continue
            default: throw .last("receive")
            }
        }
        mayBeReady = true
        return true
    }

    /// Passes a frame on without copying it, which leaves `frame` empty; false when it would have to wait.
    ///
    /// - Throws: `.unreachable` when a ROUTER has no such peer.
    package func send(_ frame: Frame, more: Bool) throws(ZeroMQError) -> Bool {
        mayBeReady = true
        while zmq_msg_send(frame.message, handle, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) == -1 {
            switch zmq_errno() {
            case EAGAIN: return false
            case EINTR: continue
            default: throw .last("send")
            }
        }
        return true
    }

    /// Sends a copy of the bytes as one frame; false when it would have to wait.
    ///
    /// Copying into a message of libzmq's own beats handing over our buffer up to tens of kilobytes: handing over costs
    /// two allocations and a call back on the I/O thread.
    package func send(_ bytes: UnsafeRawBufferPointer, more: Bool) throws(ZeroMQError) -> Bool {
        mayBeReady = true
        while zmq_send(handle, bytes.baseAddress, bytes.count, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) == -1 {
            switch zmq_errno() {
            case EAGAIN: return false
            case EINTR: continue
            default: throw .last("send")
            }
        }
        return true
    }

    /// Sends a frame that `fill` writes into libzmq's own memory, all of it; false when it would have to wait.
    package func send(
        byteCount: Int,
        more: Bool,
        fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(ZeroMQError) -> Bool {
        let message = filling.message
        zmq_msg_close(message)
        guard zmq_msg_init_size(message, byteCount) == 0 else {
            zmq_msg_init(message)
            throw .last("make a message of \(byteCount) bytes")
        }
        fill(UnsafeMutableRawBufferPointer(start: zmq_msg_data(message), count: byteCount))
        return try send(filling, more: more)
    }

    package func send(_ bytes: [UInt8], more: Bool) throws(ZeroMQError) -> Bool {
        // A closure with typed throws loses its type through withUnsafeBytes, so the result is carried out instead.
        try bytes.withUnsafeBytes { buffer in
            Result { () throws(ZeroMQError) -> Bool in try self.send(buffer, more: more) }
        }.get()
    }

    /// Reads away the rest of a message whose remaining frames are of no use.
    package func discardRest(of frame: Frame) throws(ZeroMQError) {
        while frame.hasMore {
            // Frames of one message arrive together: libzmq delivers messages atomically.
            guard try receive(into: frame) else { return }
        }
    }
}

/// A socket belongs to the thread that made it.
@available(*, unavailable)
extension Socket: Sendable {}
