import AsyncHTTPClient
import BusContract
import DiscordModel
import Foundation
import MessageBus
import Postgres
import Store
import TestSupport
import Testing

/// The built gateway while a real PostgreSQL is stopped and started again.
@Suite("Gateway without its database", .serialized, .timeLimit(.minutes(3)))
struct DatabaseOutageTests {
    @Test("Away for longer than a lease lives: the session stays, what comes waits in memory, nothing is lost")
    func heldInMemory() async throws {
        try await Self.withBench { bench, cluster in
            let gateway = try bench.start(tokens: Self.token)
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            try await bench.say("before")
            try await Self.eventuallyJournalled(["before"], bench)
            await cluster.stop()
            try await bench.say("first while away")
            // A lease lives for 12 s, and its holder gave up after 9 s of them.
            let away = ContinuousClock.now
            try await eventually("the lease's life-time has passed") {
                ContinuousClock.now - away > .seconds(13)
            }
            #expect(try await bench.status()["rainbow"]?.state == .online)
            try await bench.say("last while away")
            try await eventually("the bus has it all the same") { bench.received.messages.count == 3 }
            try await cluster.restart()
            try await Self.eventuallyJournalled(["before", "first while away", "last while away"], bench)
            try await eventually("both leases are renewed, by their epochs") {
                let rows = try await bench.client.query(
                    "SELECT resource, epoch FROM leases WHERE resource LIKE '%shard/%' AND expires_at > clock_timestamp()"
                )
                return try rows.count == 2 && rows.allSatisfy { try $0.decode(Int64.self, "epoch") == 1 }
            }
            #expect(gateway.output.contains("lease renewed again"))
            #expect(!gateway.output.contains("connection to Discord ended"))
            #expect(try await bench.identifies("rainbow") == 1)
            #expect(try await Gaps(bench.client).recent().isEmpty)
        }
    }

    @Test("The memory full: Discord holds the rest until the database is back, in order and once")
    func heldByDiscord() async throws {
        try await Self.withBench { bench, cluster in
            let gateway = try bench.start(tokens: Self.token, extra: ["GATEWAY_BUFFER_EVENTS": "5"])
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            try await Self.stop(cluster, bench)
            var expected: [String] = []
            for index in 0..<20 {
                expected.append("message \(index)")
                try await bench.say("message \(index)")
            }
            try await eventually("the session is closed, and the reason told") {
                try await bench.status()["rainbow"]?.reason.contains("journal is full") ?? false
            }
            // It stays away for as long as nothing can be written: no hot loop of resumes.
            let connections = Self.count("connection to Discord ended", in: gateway)
            #expect(connections == 1)
            try await cluster.restart()
            try await bench.waitUntilOnline("rainbow")
            try await Self.eventuallyJournalled(expected, bench)
            #expect(try await bench.identifies("rainbow") == 1)
            #expect(try await Gaps(bench.client).recent().isEmpty)
            try await bench.say("after")
            try await eventually("events flow again") { bench.received.messages.last == "after" }
        }
    }

    @Test("Discord has not kept the session: the gap is recorded, with its times")
    func gap() async throws {
        try await Self.withBench { bench, cluster in
            let started = Date()
            let gateway = try bench.start(tokens: Self.token, extra: ["GATEWAY_BUFFER_EVENTS": "5"])
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            try await bench.control("/faults", ["target": "gateway", "kind": "refuseResume", "bot": "rainbow"])
            try await Self.stop(cluster, bench)
            let contents = (0..<10).map { "message \($0)" }
            for content in contents { try await bench.say(content) }
            try await eventually("the session is closed") {
                try await bench.status()["rainbow"]?.reason.contains("journal is full") ?? false
            }
            let closed = Date()
            try await cluster.restart()
            try await bench.waitUntilOnline("rainbow")
            let gap = try #require(try await Gaps(bench.client).recent().first)
            #expect(gap.partition == "rainbow/0")
            #expect(gap.reason == "Discord has ended the session")
            // From when the session was last heard, which was before it was closed, to the beginning of the new one.
            #expect(gap.from > started && gap.from < closed && gap.to > closed)
            #expect(try await bench.identifies("rainbow") == 2)
            try await bench.say("after")
            try await eventually("events flow again") {
                try await Self.journalled(bench).last == "after"
            }
            // What was in memory has been written, before the new session began.
            let kept = try await Self.journalled(bench).dropLast()
            #expect(!kept.isEmpty && contents.starts(with: kept))
        }
    }

    @Test("Away at the start: the bots stay offline and say why, questions are answered, and they come by themselves")
    func atStart() async throws {
        try await Self.withBench { bench, cluster in
            await cluster.stop()
            let gateway = try bench.start(tokens: Self.token)
            defer { gateway.kill() }
            try await eventually("the bot says why it is offline") {
                guard let bot = try? await bench.status()["rainbow"] else { return false }
                return bot.state == .connecting && bot.reason.hasPrefix("offline until the database is there: ")
            }
            let outcome = try await bench.service.request(
                ExecuteREST(bot: try #require(BotID("rainbow")), method: "GET", path: "/users/@me"),
                timeout: .seconds(5)
            )
            #expect(outcome.failure?.kind == .botStopped)
            #expect(outcome.failure?.message.contains("offline until the database is there") == true)
            let error = await #expect(throws: BusError.self) {
                try await bench.order(try #require(BotID("rainbow")), .stop, timeout: .seconds(10))
            }
            #expect(error?.code != .refused)
            #expect(gateway.isRunning)
            #expect(gateway.output.contains("the bots stay offline until the database is there"))
            #expect(!gateway.output.contains("IDENTIFY") && bench.received.messages.isEmpty)
            try await cluster.restart()
            try await bench.waitUntilOnline("rainbow")
            #expect(try await bench.identifies("rainbow") == 1)
        }
    }

    // MARK: -

    private static let token = ["TOKEN_RAINBOW": "playground.rainbow"]

    private static func withBench(
        _ body: @escaping @Sendable (GatewayBench, PostgresCluster) async throws -> Void
    ) async throws {
        let cluster = try await PostgresCluster.start()
        do {
            try await GatewayBench.with(tokens: ["rainbow"], cluster: cluster) { try await body($0, cluster) }
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    /// Stops the server when all that came before has been written.
    private static func stop(_ cluster: PostgresCluster, _ bench: GatewayBench) async throws {
        try await eventually("the guild is in the journal") {
            let rows = try await bench.client.query("SELECT count(*) AS n FROM journal WHERE event = 'GUILD_CREATE'")
            return try rows.only().decode(Int.self, "n") == 1
        }
        await cluster.stop()
    }

    private static func eventuallyJournalled(_ contents: [String], _ bench: GatewayBench) async throws {
        try await eventually("the journal has each once") {
            (try? await journalled(bench)) == contents
        }
    }

    private static func journalled(_ bench: GatewayBench) async throws -> [String] {
        try await bench.client.query(
            "SELECT payload FROM journal WHERE event = 'MESSAGE_CREATE' ORDER BY stream, seq"
        ).map { try MessageEvent(json: try $0.decode([UInt8].self, "payload")).content }
    }

    private static func count(_ text: String, in gateway: GatewayProcess) -> Int {
        gateway.output.split(separator: "\n").count { $0.contains(text) }
    }
}
