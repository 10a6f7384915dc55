import Hummingbird
import NIOCore
import NIOPosix
import Simulation
import Synchronization
import TestSupport
import Testing

/// The shared server when it is told to stop, whatever its clients are doing at that moment.
@Suite("Stopping a local server", .timeLimit(.minutes(1)))
struct ServerStopTests {
    @Test("clients that connect at that very moment, say half a word, or never read")
    func storm() async throws {
        for round in 0..<120 {
            try await withThrowingTaskGroup(of: Void.self) { clients in
                try await SimulationServer([Slow()]).withRunning { url in
                    let port = Int(url.split(separator: ":").last ?? "") ?? 0
                    for client in 0..<6 {
                        clients.addTask {
                            await Self.storm(port, said: Self.words[(client + round) % Self.words.count])
                        }
                    }
                    try await Task.sleep(for: .microseconds(500 + round * 100))
                }
                clients.cancelAll()
            }
        }
    }

    @Test("an answer that waits for something to tell, whose client has long gone, does not hold the server up")
    func abandoned() async throws {
        let slow = Slow()
        try await SimulationServer([slow]).withRunning { url in
            let port = Int(url.split(separator: ":").last ?? "") ?? 0
            let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port).get()
            try await client.writeAndFlush(ByteBuffer(string: "GET /forever HTTP/1.1\r\nHost: x\r\n\r\n"))
            try await eventually("the request is being answered") { slow.isAnswering.withLock { $0 } }
            try await client.close()
            // The server hears of that before it answers the next one.
            let other = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port).get()
            try await other.close()
        }
    }

    private static let words = [
        "", "GET /", "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", "GET /forever HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ]

    /// Connects again and again, and leaves the connections open.
    private static func storm(_ port: Int, said: String) async {
        var open: [any Channel] = []
        while !Task.isCancelled {
            guard
                let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: "127.0.0.1", port: port).get()
            else { break }
            if !said.isEmpty { channel.writeAndFlush(ByteBuffer(string: said), promise: nil) }
            open.append(channel)
        }
        for channel in open { try? await channel.close() }
    }
}

private final class Slow: SimulatedEndpoint {
    let isAnswering = Mutex(false)

    func addRoutes(to router: SimulationRouter) {
        router.get("hello") { _, _ in "hello" }
        router.get("forever") { _, _ in
            self.isAnswering.withLock { $0 = true }
            try await Task.sleep(for: .seconds(3600))
            return "at last"
        }
        router.get("stream") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    while true { try await writer.write(ByteBuffer(repeating: 0x61, count: 1 << 16)) }
                }
            )
        }
    }

    func webSocketHandler(for request: WebSocketRequest) -> WebSocketHandler? {
        guard request.path == "/socket" else { return nil }
        return { connection in for await _ in connection.messages {} }
    }
}
