import Hummingbird
import NIOCore
import NIOPosix
import Simulation
import Testing

/// The shared server: HTTP and WebSocket on one port, checked on the wire (RFC 6455), without a client library.
@Suite struct WebSocketServerTests {
    private struct Echo: SimulatedEndpoint {
        func addRoutes(to router: SimulationRouter) {
            router.get("hello") { _, _ in "hello" }
        }

        func webSocketHandler(for request: WebSocketRequest) -> WebSocketHandler? {
            guard request.path == "/echo" else { return nil }
            return { connection in
                for await message in connection.messages {
                    if message.text == "bye" {
                        connection.close(code: 4000, reason: "bye")
                    } else {
                        connection.send(message)
                    }
                }
            }
        }
    }

    @Test func echoesAndCloses() async throws {
        try await SimulationServer([Echo()]).withRunning { url in
            let wire = try await Wire(url: url)
            try await wire.send(
                Array(
                    "GET /echo?v=10 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                        .utf8
                )
            )
            let head = try await wire.read(until: Array("\r\n\r\n".utf8))
            let text = String(decoding: head, as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 101"))
            // The accept value of RFC 6455, section 1.3.
            #expect(text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
            try await wire.send(masked(opcode: 1, "hi"))
            #expect(try await wire.read(count: 4) == [0x81, 2] + Array("hi".utf8))
            try await wire.send(masked(opcode: 9, "?"))
            #expect(try await wire.read(count: 3) == [0x8A, 1] + Array("?".utf8))
            try await wire.send(masked(opcode: 1, "bye"))
            #expect(try await wire.read(count: 7) == [0x88, 5, 0x0F, 0xA0] + Array("bye".utf8))
            try await wire.close()
        }
    }

    @Test func servesPlainHTTPOnTheSamePort() async throws {
        try await SimulationServer([Echo()]).withRunning { url in
            let wire = try await Wire(url: url)
            try await wire.send(Array("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            let answer = try await wire.read(until: Array("hello".utf8))
            #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 200"))
            try await wire.close()
        }
    }

    private func masked(opcode: UInt8, _ text: String) -> [UInt8] {
        let key: [UInt8] = [1, 2, 3, 4]
        let payload = text.utf8.enumerated().map { $1 ^ key[$0 % 4] }
        return [0x80 | opcode, 0x80 | UInt8(payload.count)] + key + payload
    }
}

/// A bare TCP connection.
private final class Wire: Sendable {
    private let channel: any Channel
    private let received: AsyncStream<[UInt8]>

    init(url: String) async throws {
        let port = Int(url.split(separator: ":").last ?? "") ?? 0
        let (stream, continuation) = AsyncStream<[UInt8]>.makeStream(bufferingPolicy: .bufferingOldest(1000))
        received = stream
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(continuation: continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    func read(count: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for await byte in received.prefix(count) { bytes += byte }
        return bytes
    }

    func read(until end: [UInt8]) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for await byte in received {
            bytes += byte
            if bytes.suffix(end.count) == end { break }
        }
        return bytes
    }

    func close() async throws {
        try await channel.close()
    }

    /// Yields single bytes, so that reads need no buffer of leftovers.
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let continuation: AsyncStream<[UInt8]>.Continuation

        init(continuation: AsyncStream<[UInt8]>.Continuation) {
            self.continuation = continuation
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            for byte in unwrapInboundIn(data).readableBytesView { continuation.yield([byte]) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            continuation.finish()
        }
    }
}
