import BusContract
import DiscordModel
import Foundation
import MessageBus
import Postgres
import Synchronization
import TestSupport
import Testing

/// Commands whose gateway dies: each is answered, or its user is told that it was missed; never both, never neither.
@Suite("Interactions over a gateway's death", .serialized, .timeLimit(.minutes(3)))
struct InteractionRecoveryTests {
    @Test("an answer whose row was not written is not called missed by the next process")
    func answeredButNotNoted() async throws {
        try await withCommands { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            let id = try await use(bench)
            try await eventually("the answer") { try await shown(bench).contains { $0.interaction == id } }
            try await eventually("its row") { try await state(id, bench) == "answered" }
            gateway.kill()
            // As if the database had been away when the answer left.
            try await bench.client.query("UPDATE interactions SET state = 'received' WHERE interaction::text = \(id)")
            gateway = try bench.start()
            try await eventually("the next process has looked") {
                try await state(id, bench) == "answered"
            }
            #expect(try await shown(bench).filter { $0.interaction == id || $0.nonce == id }.count == 1)
        }
    }

    @Test("a command used while the gateway is dead is called missed, by its id")
    func missed() async throws {
        try await withCommands { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            _ = try await use(bench)
            gateway.kill()
            let id = try await use(bench)
            // Longer than Discord waits for a first response.
            try await eventually("Discord has given it up") {
                let now = UInt64(Date().timeIntervalSince1970 * 1_000)
                return try #require(InteractionID(id)).millisecondsSinceEpoch + 3_100 < now
            }
            gateway = try bench.start()
            try await eventually("its user is told") {
                try await shown(bench).contains { $0.nonce == id && $0.mentions == ["bob"] }
            }
            #expect(try await shown(bench).allSatisfy { $0.interaction != id })
        }
    }

    @Test("a command that was being thought about is ended, and an answer that came is left as it is")
    func thinking() async throws {
        try await withCommands { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            let slow = try await use(bench, "/slow")
            try await eventually("it is thought about") {
                try await shown(bench).contains { $0.interaction == slow && $0.loading }
            }
            try await eventually("its row") { try await state(slow, bench) == "deferred" }
            gateway.kill()
            gateway = try bench.start()
            try await eventually("it has ended") {
                try await shown(bench).contains { $0.interaction == slow && !$0.loading && !$0.content.isEmpty }
            }
            try await eventually("its row says so") { try await state(slow, bench) == "answered" }

            let quick = try await use(bench)
            try await eventually("the answer") { try await shown(bench).contains { $0.interaction == quick } }
            gateway.kill()
            try await bench.client.query(
                "UPDATE interactions SET state = 'deferred' WHERE interaction::text = \(quick)"
            )
            gateway = try bench.start()
            try await eventually("the next process has looked") {
                try await state(quick, bench) == "answered"
            }
            #expect(try await shown(bench).filter { $0.interaction == quick }.map(\.content) == ["pong"])
        }
    }

    // MARK: Parts

    private struct Shown: Decodable {
        struct Interaction: Decodable {
            let id: String
        }

        let content: String
        let nonce: String?
        let mentions: [String]
        let loading: Bool
        private let origin: Interaction?

        var interaction: String? { origin?.id }

        private enum CodingKeys: String, CodingKey {
            case content, nonce, mentions, loading
            case origin = "interaction"
        }
    }

    /// Has moderation answer `/ping` at once and `/slow` never.
    private func withCommands(_ body: @escaping @Sendable (GatewayBench) async throws -> Void) async throws {
        try await GatewayBench.with { bench in
            try await withBackground {
                try await bench.service.serve(HandleInteraction.self, at: .commands(of: .moderation)) { request, _ in
                    if request.name == "slow" { try await Task.sleep(for: .seconds(60)) }
                    return InteractionReply(kind: .message, data: #"{"content":"pong"}"#)
                }
            } body: {
                try await withBackground {
                    try await declareForever(bench.service)
                } body: {
                    try await body(bench)
                }
            }
        }
    }

    private func declareForever(_ bus: BusConnection) async throws {
        let commands = ["ping", "slow"].map { name in
            DeclaredCommand(
                name: name,
                deferral: .visible,
                definition: #"{"name":"\#(name)","description":"a test","type":1}"#
            )
        }
        let declaration = DeclareCommands(service: "moderation", version: 1, commands: commands, components: [])
        while (try? await bus.request(declaration, timeout: .seconds(1))) == nil { try Task.checkCancellation() }
    }

    /// Uses a command as soon as Discord has it; gives the interaction's id.
    private func use(_ bench: GatewayBench, _ command: String = "/ping") async throws -> String {
        struct Created: Decodable {
            let id: String
        }
        var id: String?
        try await eventually("\(command) is registered") {
            let answer = try await bench.control(
                "/commands",
                ["channel": "bot-commands", "author": "bob", "command": command]
            )
            id = (try? JSONDecoder().decode(Created.self, from: Data(answer.utf8)))?.id
            return id != nil
        }
        return try #require(id)
    }

    private func shown(_ bench: GatewayBench) async throws -> [Shown] {
        try JSONDecoder().decode(
            [Shown].self,
            from: Data(try await bench.look("/transcript?channel=bot-commands").utf8)
        )
    }

    private func state(_ id: String, _ bench: GatewayBench) async throws -> String? {
        let rows = try await bench.client.query("SELECT state FROM interactions WHERE interaction::text = \(id)")
        return try rows.first?.decode(String.self, "state")
    }
}
