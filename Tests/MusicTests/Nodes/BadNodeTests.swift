import BusContract
import DiscordModel
import FoundationEssentials
import LavalinkModel
import Logging
import Postgres
import ServiceKit
import Simulation
import Store
import Synchronization
import TestSupport
import Testing

@testable import LavalinkBridgeCore

private func node(_ url: String, _ name: String = "bad") throws -> NodeConfiguration {
    try NodeConfiguration.parse("\(name)=\(url.dropFirst("http://".count)):secret", number: 1)
}

@Suite("REST answers that no Lavalink gives", .timeLimit(.minutes(1)))
struct BadAnswerTests {
    private static let page = "<html><body>nginx</body></html>"

    private func failure(
        _ answer: [ScriptedHTTPServer.Step],
        timeout: Duration = .seconds(5),
        _ call: (NodeClient) async throws(NodeError) -> Void = { client throws(NodeError) in
            _ = try await client.load("x")
        }
    ) async throws -> NodeError? {
        try await ScriptedHTTPServer.run(answer) { url in
            let client = NodeClient(try node(url), timeout: timeout)
            do throws(NodeError) {
                try await call(client)
                return nil
            } catch {
                #expect(error.message.contains("bad"), "the node is named")
                #expect(!error.message.contains("secret") && error.message.utf8.count < 400)
                return error
            }
        }.result
    }

    @Test(
        "a page, nothing, half a document or other JSON in the place of an answer",
        arguments: [page, "", "{\"loadT", "[]"]
    )
    func unreadable(body: String) async throws {
        let error = try await failure([ScriptedHTTPServer.head(type: "application/json"), .send(body)])
        #expect(error?.code == .nodeFailed)
        #expect(error?.isRetriable == true)
    }

    @Test(
        "errors without Lavalink's body: the status tells",
        arguments: [
            ("502 Bad Gateway", NodeError.Code.nodeFailed), ("404 Not Found", .playerGone), ("403 Forbidden", .refused),
            ("400 Bad Request", .invalid),
        ]
    )
    func errors(status: String, code: NodeError.Code) async throws {
        for body in [Self.page, "", "{\"message\":7}"] {
            let error = try await failure([ScriptedHTTPServer.head(status, type: "text/html"), .send(body)])
            #expect(error?.code == code)
        }
    }

    @Test("an answer without end is left at the limit, one that breaks off or does not come is no answer")
    func endless() async throws {
        let head = ScriptedHTTPServer.head(type: "application/json")
        let oversize = try await failure([head, .bytes([UInt8](repeating: 0x20, count: 17 << 20)), .hang])
        #expect(oversize?.code == .unreachable)
        let broken = try await failure([
            .send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"load")
        ])
        #expect(broken?.code == .unreachable)
        let silent = try await failure([.hang], timeout: .milliseconds(100))
        #expect(silent?.code == .unreachable)
        let stalled = try await failure([head, .send("{"), .hang], timeout: .milliseconds(100))
        #expect(stalled?.code == .unreachable)
        let other = try await failure([.send("SSH-2.0-OpenSSH_9.2\r\n")])
        #expect(other?.code == .unreachable)
    }

    @Test("a search goes on to the next node; when none is left, that is said")
    func nextNode() async throws {
        let track =
            #"{"encoded":"Q","info":{"identifier":"i","title":"Found","author":"A","length":1,"sourceName":"s"}}"#
        let good = [
            ScriptedHTTPServer.head(type: "application/json"), .send(#"{"loadType":"track","data":\#(track)}"#),
        ]
        try await ScriptedHTTPServer.run([ScriptedHTTPServer.head(type: "text/html"), .send(Self.page)]) { bad in
            try await ScriptedHTTPServer.run(good) { fine in
                let nodes = [try node(bad), try node(fine, "good")]
                let clients = Dictionary(uniqueKeysWithValues: nodes.map { ($0.name, NodeClient($0)) })
                #expect(
                    await loader(clients, nodes.map(\.name)).load(LoadTracks(query: "x", limit: 1)).tracks.count == 1
                )
                let none = await loader(clients, [nodes[0].name]).load(LoadTracks(query: "x", limit: 1))
                #expect(none.kind == .noNode && none.tracks.isEmpty)
            }
        }
    }

    private func loader(_ clients: [NodeName: NodeClient], _ order: [NodeName]) -> TrackLoader {
        TrackLoader(
            clients: clients,
            order: { order },
            prefix: "ytsearch:",
            hosts: [],
            metrics: MetricsRegistry(instance: ServiceInstance(service: .lavalinkBridge)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }
}

@Suite("Messages that no Lavalink sends", .timeLimit(.minutes(1)))
struct BadMessageTests {
    /// A node whose sockets say what they are told, and then nothing more.
    private final class Babbler: SimulatedEndpoint {
        let scripts: Mutex<[[WebSocketMessage]]>
        let connections = Mutex(0)

        init(_ scripts: [WebSocketMessage]...) { self.scripts = Mutex(scripts) }

        func addRoutes(to router: SimulationRouter) {}

        func webSocketHandler(for request: WebSocketRequest) -> WebSocketHandler? {
            { connection in
                self.connections.withLock { $0 += 1 }
                let script = self.scripts.withLock { $0.isEmpty ? [] : $0.removeFirst() }
                for message in script { connection.send(message) }
                if self.scripts.withLock({ !$0.isEmpty }) { return connection.drop() }
                for await _ in connection.messages {}
            }
        }
    }

    /// There is no database: a session stands without one, too.
    private struct NoDatabase: QueryExecutor {
        func query(_ query: Query) async throws(PostgresError) -> [Row] {
            throw PostgresError(.connectionLost, "there is no database")
        }
    }

    private static let rubbish: [WebSocketMessage] = [
        .text(""), .text("{"), .text("null"), .text("[]"), .text("{}"), .text(#"{"op":7}"#), .text(#"{"op":"dance"}"#),
        .text(#"{"op":"ready"}"#), .text(#"{"op":"stats","players":"many","cpu":[]}"#),
        .text(#"{"op":"stats","players":9223372036854775807,"playingPlayers":9223372036854775807}"#),
        .text(#"{"op":"playerUpdate"}"#), .text(#"{"op":"playerUpdate","guildId":"-1","state":{}}"#),
        .text(#"{"op":"playerUpdate","guildId":"500","state":{"position":9223372036854775807,"connected":true}}"#),
        .text(#"{"op":"event","type":"TrackEndEvent","guildId":"500"}"#),
        .text(#"{"op":"event","type":"PartyEvent","guildId":"500"}"#), .text(#"{"op":"event","guildId":"500"}"#),
        .text(#"{"op":"event","type":"WebSocketClosedEvent","guildId":"500","code":"4006"}"#),
        .text(String(repeating: "[", count: 100_000)), .binary([0xFF, 0xFE, 0x00]), .text("{\"op\":\"\u{0}\"}"),
    ]
    private static let ready = WebSocketMessage.text(#"{"op":"ready","sessionId":"s1","resumed":false}"#)

    @Test("are counted and read over, and what is readable among them counts")
    func rubbish() async throws {
        let babbler = Babbler(Self.rubbish + [Self.ready] + Self.rubbish)
        try await follow(babbler) { supervisor, malformed in
            try await eventually("the session stands") { await isReady(supervisor) }
            try await eventually("the rest has been read") { malformed.current >= 2 * 10 }
            #expect(babbler.connections.withLock { $0 } == 1, "nothing of it is a reason to hang up")
            #expect(await isReady(supervisor))
        }
    }

    @Test("a socket that breaks in the middle is connected anew")
    func breaks() async throws {
        let babbler = Babbler([], Self.rubbish, [Self.ready])
        try await follow(babbler) { supervisor, _ in
            try await eventually("the session stands") { await isReady(supervisor) }
            #expect(babbler.connections.withLock { $0 } == 3)
        }
    }

    @Test("one that is larger than any of theirs ends the connection, and the next one is good")
    func oversize() async throws {
        let flood = WebSocketMessage.text(String(repeating: "x", count: 17 << 20))
        let babbler = Babbler([flood], [Self.ready])
        try await follow(babbler) { supervisor, _ in
            try await eventually("the session stands") { await isReady(supervisor) }
        }
    }

    @Test("positions beyond all tracks do not stop the clock")
    func positions() {
        let start = ContinuousClock.now
        var clock = PositionClock(entry: QueueEntryID(rawValue: "1.0"), position: .max, now: start, isRunning: true)
        let later = clock.position(now: start + .seconds(5))
        #expect(later > clock.position(now: start))
        clock.set(position: .min, now: start, isRunning: true)
        #expect(clock.position(now: start) == 0)
    }

    private func isReady(_ supervisor: PlayerSupervisor) async -> Bool {
        guard let rainbow = BotID(rawValue: "rainbow") else { return false }
        return await supervisor.currentPool.ready(rainbow, at: NodeName(rawValue: "bad"))?.session
            == LavalinkSessionID("s1")
    }

    private func follow(
        _ babbler: Babbler,
        _ body: (PlayerSupervisor, ServiceKit.Counter) async throws -> Void
    ) async throws {
        let rainbow = try #require(BotID(rawValue: "rainbow"))
        let metrics = MetricsRegistry(instance: ServiceInstance(service: .lavalinkBridge))
        let malformed = metrics.counter("malformed", help: "x")
        try await SimulationServer([babbler]).withRunning { url in
            let node = try node(url)
            let supervisor = PlayerSupervisor(pool: NodePool([(node.name, node.role)]))
            let session = NodeSession(
                bot: rainbow,
                user: UserID(1),
                node: node,
                stored: nil,
                supervisor: supervisor,
                sessions: LavalinkSessions(NoDatabase()),
                resumeSeconds: 60,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                received: metrics.counter("received", help: "x"),
                malformed: malformed
            )
            try await withBackground {
                await session.run()
            } body: {
                try await body(supervisor, malformed)
            }
        }
    }
}
