import CZeroMQ
import Glibc

/// Hears how the log-ins of a socket's connections end (zmq_socket_monitor(3)).
///
/// libzmq reports to nobody else why a peer never becomes connected. Drain it with `next`: when its queue of some thousand
/// reports is full, the I/O thread waits for it. Who connects makes a few in a second; who is connected to has as many as
/// strangers like, and therefore polls `socket`.
package final class LoginMonitor {
    /// How a connection's handshake ended.
    package enum Report: Hashable, Sendable {
        /// Logged in.
        case succeeded
        /// The peer knows who we are and does not want us; libzmq gives such a connection up for good.
        case refused
        /// The peers do not understand each other: another mechanism, or malformed messages.
        case misunderstood
        /// The connection ended in the midst of it, as it does with a key that does not fit.
        case cutOff
    }

    package let socket: Socket
    private let frame = Frame()

    /// Watches `watched` from now on.
    package init(_ watched: Socket, context: ZeroMQContext) throws(ZeroMQError) {
        let endpoint = "inproc://login-monitor-\(UInt(bitPattern: watched.handle))-\(UInt64.random(in: 0 ... .max))"
        let events =
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
            | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
        guard zmq_socket_monitor(watched.handle, endpoint, events) == 0 else { throw .last("watch log-ins") }
        socket = try Socket(.pair, options: SocketOptions(), context: context)
        try socket.connect(endpoint)
    }

    /// The next report; nil when there is none.
    package func next() throws(ZeroMQError) -> Report? {
        while try socket.receive(into: frame) {
            // [event: 16 bits, value: 32 bits, both of this machine's order], then the endpoint.
            let bytes = frame.bytes
            try socket.discardRest(of: frame)
            guard bytes.count >= 2 else { continue }
            switch Int32(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt16.self) }) {
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .succeeded
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return .refused
            case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: return .misunderstood
            case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return .cutOff
            default: continue
            }
        }
        return nil
    }
}

/// A monitor belongs to the thread of its socket.
@available(*, unavailable)
extension LoginMonitor: Sendable {}
