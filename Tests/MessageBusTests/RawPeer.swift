import BusContract
import MessageBus
import TestSupport
import ZeroMQ

/// A peer that speaks to the switchboard by hand, and therefore may misbehave: one DEALER, PUB or SUB socket.
///
/// Freeing it is like kill -9: the connection is gone without a word.
final class RawPeer {
    let socket: Socket
    private let frame = Frame()

    convenience init(_ kind: SocketKind, _ endpoint: String, role: String, password: String = "none") throws {
        try self.init(kind, endpoint, security: .plainClient(user: role, password: password))
    }

    init(_ kind: SocketKind, _ endpoint: String, security: SocketSecurity) throws {
        var options = SocketOptions()
        options.security = security
        options.maximumFrameBytes = 64 << 20
        socket = try Socket(kind, options: options, context: ZeroMQContext())
        try socket.connect(endpoint)
    }

    func send(_ frames: [[UInt8]]) async throws {
        try await eventually("the socket takes a message") { try socket.send(frames[0], more: frames.count > 1) }
        for (index, part) in frames.enumerated().dropFirst() {
            _ = try socket.send(part, more: index < frames.count - 1)
        }
    }

    func send(_ envelope: Envelope, _ body: [[UInt8]] = []) async throws {
        try await send([envelope.encoded] + body)
    }

    func receive() async throws -> [[UInt8]] {
        try await eventually("a message comes") { try socket.receive(into: frame) }
        var frames = [frame.bytes]
        while frame.hasMore, try socket.receive(into: frame) { frames.append(frame.bytes) }
        return frames
    }

    /// The next message with that verb; others are passed over.
    func receive(_ verb: Envelope.Verb) async throws -> Envelope {
        while true {
            let envelope = try Envelope(decoding: try await receive()[0])
            if envelope.verb == verb { return envelope }
        }
    }

    /// Says hello and waits for the welcome.
    func greet(client: UInt64) async throws {
        var hello = Envelope(.hello)
        hello.client = client
        try await send(hello)
        _ = try await receive(.welcome)
    }

    /// Serves an address; the credit holds for as many requests.
    func serve(_ address: String, credit: UInt64) async throws {
        var serve = Envelope(.serve)
        serve.address = address
        serve.credit = credit
        try await send(serve)
    }
}
