import NIOCore
import Testing
import WebSocketClient

@Suite("WebSocket client", .timeLimit(.minutes(1)))
struct WebSocketClientTests {
    private func collect(_ connection: WebSocketConnection) async throws -> [String] {
        var texts: [String] = []
        while let batch = try await connection.nextBatch() { texts += batch.map { String(buffer: $0.payload) } }
        return texts
    }

    @Test("Messages arrive in order, and the peer's close code after them")
    func messages() async throws {
        try await ScriptedServer.with { peer in
            #expect(peer.request.hasPrefix("GET /?v=10 HTTP/1.1\r\n"))
            #expect(peer.request.contains("X-Test: yes"))
            for index in 0..<500 { try await peer.sendText("m\(index)") }
            try await peer.send([0x88, 6, 0x0F, 0xA4] + Array("auth".utf8))
            // The close is answered with the same code.
            let answer = try await peer.received.frame { $0.first == 0x88 }
            #expect(answer?.payload == [0x0F, 0xA4])
        } _: { server in
            try await WebSocketClient().withConnection(
                to: "ws://127.0.0.1:\(server.port)/?v=10",
                headers: [("X-Test", "yes")]
            ) { connection in
                let texts = try await collect(connection)
                #expect(texts == (0..<500).map { "m\($0)" })
                #expect(
                    connection.closure == WebSocketClosure(code: WebSocketCloseCode(rawValue: 4004), reason: "auth")
                )
                #expect(throws: WebSocketError.self) { try connection.send(text: "late") }
            }
        }
    }

    @Test("What we send arrives masked and whole; pings are answered")
    func sending() async throws {
        try await ScriptedServer.with { peer in
            try await peer.send([0x89, 2, 0x70, 0x71])
            let text = try await peer.received.frame { $0.first == 0x81 }
            #expect(text.map { String(decoding: $0.payload, as: UTF8.self) } == "hello")
            let pong = try await peer.received.frame { $0.first == 0x8A }
            #expect(pong?.payload == [0x70, 0x71])
            try await peer.sendText("seen")
        } _: { server in
            try await WebSocketClient().withConnection(to: "ws://127.0.0.1:\(server.port)") { connection in
                try connection.send(text: "hello")
                let batch = try await connection.nextBatch()
                #expect(batch?.first.map { String(buffer: $0.payload) } == "seen")
                connection.close(code: WebSocketCloseCode(rawValue: 4000))
                let texts = try await collect(connection)
                #expect(texts == [])
            }
        }
    }

    @Test("A connection dropped without a word just ends, and what was said before is heard")
    func dropped() async throws {
        try await ScriptedServer.with { peer in
            try await peer.sendText("one")
            peer.drop()
        } _: { server in
            // Often the answer, the message and the end come in one piece, which was lost once.
            for _ in 0..<50 {
                try await WebSocketClient().withConnection(to: "ws://127.0.0.1:\(server.port)") { connection in
                    let texts = try await collect(connection)
                    #expect(texts == ["one"])
                    #expect(connection.closure == nil)
                }
            }
        }
    }

    @Test("Clients that give up while they connect harm nobody")
    func givingUp() async throws {
        for _ in 0..<50 {
            try await ScriptedServer.with { _ in
            } _: { server in
                let task = Task {
                    try await WebSocketClient().withConnection(to: "ws://127.0.0.1:\(server.port)") { _ in }
                }
                await Task.yield()
                task.cancel()
                _ = await task.result
            }
        }
    }

    @Test("A peer that breaks the protocol is told so and cut off; messages before are delivered")
    func violation() async throws {
        try await ScriptedServer.with { peer in
            try await peer.send([0x81, 1, 0x61, 0x83, 0])
            let close = try await peer.received.frame { $0.first == 0x88 }
            #expect(close?.payload == [0x03, 0xEA])
        } _: { server in
            try await WebSocketClient().withConnection(to: "ws://127.0.0.1:\(server.port)") { connection in
                let first = try await connection.nextBatch()
                #expect(first?.count == 1)
                let error = await #expect(throws: WebSocketError.self) { try await connection.nextBatch() }
                #expect(error?.code == .protocolViolation)
            }
        }
    }

    @Test("An oversize message closes with 1009")
    func oversize() async throws {
        var configuration = WebSocketConfiguration()
        configuration.maximumMessageSize = 100
        try await ScriptedServer.with { peer in
            try await peer.send([0x82, 101])
            let close = try await peer.received.frame { $0.first == 0x88 }
            #expect(close?.payload == [0x03, 0xF1])
        } _: { [configuration] server in
            try await WebSocketClient(configuration: configuration).withConnection(to: "ws://127.0.0.1:\(server.port)")
            { connection in
                let error = await #expect(throws: WebSocketError.self) { try await connection.nextBatch() }
                #expect(error?.code == .tooLarge)
            }
        }
    }

    @Test("A slow reader holds the peer back and loses nothing")
    func backPressure() async throws {
        let count = 20_000
        try await ScriptedServer.with { peer in
            var bytes: [UInt8] = []
            for index in 0..<count {
                let text = Array(String(index).utf8) + [UInt8](repeating: 0x20, count: 90)
                bytes += [0x81, UInt8(text.count)] + text
            }
            try await peer.send(bytes)
            try await peer.send([0x88, 0])
        } _: { server in
            try await WebSocketClient().withConnection(to: "ws://127.0.0.1:\(server.port)") { connection in
                var next = 0
                while let batch = try await connection.nextBatch() {
                    await Task.yield()
                    for message in batch {
                        #expect(
                            String(buffer: message.payload).split(separator: " ").first.map(String.init) == String(next)
                        )
                        next += 1
                    }
                }
                #expect(next == count)
            }
        }
    }

    @Test("A server that does not upgrade is refused")
    func refused() async throws {
        for (status, code) in [("401 Unauthorized", 401), ("200 OK", 200)] {
            try await ScriptedServer.with(status: status) { _ in
            } _: { server in
                let error = await #expect(throws: WebSocketError.self) {
                    try await WebSocketClient().withConnection(to: "ws://127.0.0.1:\(server.port)") { _ in }
                }
                #expect(error?.code == .refused)
                #expect(error?.status == code)
            }
        }
    }

    @Test("A server that never answers runs into the deadline; nobody listening is unreachable")
    func deadlines() async throws {
        var configuration = WebSocketConfiguration()
        configuration.connectTimeout = .milliseconds(100)
        configuration.upgradeTimeout = .milliseconds(100)
        let port = try await ScriptedServer.with(answers: false) { _ in
        } _: { [configuration] server in
            let error = await #expect(throws: WebSocketError.self) {
                try await WebSocketClient(configuration: configuration).withConnection(
                    to: "ws://127.0.0.1:\(server.port)"
                ) { _ in }
            }
            #expect(error?.code == .timeout)
            return server.port
        }
        let error = await #expect(throws: WebSocketError.self) {
            try await WebSocketClient().withConnection(to: "ws://127.0.0.1:\(port)") { _ in }
        }
        #expect(error?.code == .unreachable)
    }

    @Test("Plain text leaves this machine only when allowed")
    func insecure() async throws {
        let error = await #expect(throws: WebSocketError.self) {
            try await WebSocketClient().withConnection(to: "ws://192.0.2.1/") { _ in }
        }
        #expect(error?.code == .insecure)
    }

    @Test("A silent peer is taken for dead after two ping intervals")
    func silence() async throws {
        var configuration = WebSocketConfiguration()
        configuration.pingInterval = .milliseconds(50)
        try await ScriptedServer.with { peer in
            // Reads, but never answers.
            _ = try await peer.received.frame { $0.first == 0x8A }
        } _: { [configuration] server in
            try await WebSocketClient(configuration: configuration).withConnection(to: "ws://127.0.0.1:\(server.port)")
            { connection in
                let texts = try await collect(connection)
                #expect(texts == [])
            }
        }
    }

    @Test("Cancelling the reader ends it at once")
    func cancellation() async throws {
        try await ScriptedServer.with { peer in
            _ = try await peer.received.frame { $0.first == 0x88 }
        } _: { server in
            let task = Task {
                try await WebSocketClient().withConnection(to: "ws://127.0.0.1:\(server.port)") { connection in
                    _ = try await connection.nextBatch()
                }
            }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
