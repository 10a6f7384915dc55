import BusContract
import DiscordModel
import Foundation
import MessageBus
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import GatewayCore

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

    @Test("a button whose message was to be updated: who pressed it is told beside the message, which stays as it is")
    func deferredUpdate() async throws {
        try await withCommands { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            let panel = try await postPanel(bench)
            let pressed = try await press("test:slow", of: panel, bench)
            try await eventually("it is deferred") { try await state(pressed, bench) == "deferred" }
            #expect(try await shown(bench).count == 1)
            gateway.kill()
            gateway = try bench.start()
            try await eventually("who pressed it is told") {
                try await shown(bench).contains {
                    $0.interaction == pressed && $0.visibleTo == "bob" && $0.content.contains("interrupted")
                }
            }
            try await eventually("its row says so") { try await state(pressed, bench) == "answered" }
            gateway.kill()
            gateway = try bench.start()
            try await bench.waitUntilOnline("rainbow", "iris")
            let messages = try await shown(bench)
            #expect(messages.count == 2)
            #expect(messages.filter { $0.id == panel }.map(\.content) == ["pong"])
            #expect(messages.filter { $0.id == panel }.map(\.edits) == [0])
        }
    }

    @Test(
        "a button whose message was updated is not called interrupted",
        arguments: ["test:quick", "test:late"],
        ["received", "deferred"]
    )
    func updated(button: String, noted: String) async throws {
        try await withCommands { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            let panel = try await postPanel(bench)
            let pressed = try await press(button, of: panel, bench)
            try await eventually("the update") { try await shown(bench).map(\.content) == ["updated"] }
            try await eventually("its row") { try await state(pressed, bench) == "answered" }
            gateway.kill()
            // As if it had died before that was written.
            try await bench.client.query(
                "UPDATE interactions SET state = \(noted) WHERE interaction::text = \(pressed)"
            )
            gateway = try bench.start()
            try await eventually("the next process has looked") {
                try await state(pressed, bench) == "answered"
            }
            #expect(try await shown(bench).map(\.content) == ["updated"])
        }
    }

    // MARK: Parts

    private struct Shown: Decodable {
        struct Interaction: Decodable {
            let id: String
        }

        let id: String
        let content: String
        let nonce: String?
        let mentions: [String]
        let loading: Bool
        let edits: Int
        let visibleTo: String?
        private let origin: Interaction?

        var interaction: String? { origin?.id }

        private enum CodingKeys: String, CodingKey {
            case id, content, nonce, mentions, loading, edits, visibleTo
            case origin = "interaction"
        }
    }

    /// Has moderation answer `/ping` at once and `/slow` never; buttons as they are called.
    private func withCommands(_ body: @escaping @Sendable (GatewayBench) async throws -> Void) async throws {
        try await GatewayBench.with { bench in
            try await withBackground {
                try await bench.service.serve(HandleInteraction.self, at: .commands(of: .moderation)) { request, _ in
                    if request.name.hasSuffix("slow") { try await Task.sleep(for: .seconds(60)) }
                    if request.name.hasSuffix("late") { try await Task.sleep(for: InteractionMachine.deferAfter * 2) }
                    if request.kind == .component {
                        return InteractionReply(kind: .update, data: #"{"content":"updated"}"#)
                    }
                    return InteractionReply(kind: .message, data: Self.pong)
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
        let declaration = DeclareCommands(
            service: "moderation",
            version: 1,
            commands: commands,
            components: [DeclaredComponent(prefix: "test:", deferral: .update)]
        )
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

    private static let pong: String = {
        let buttons = ["slow", "late", "quick"].map {
            #"{"type":2,"style":1,"label":"\#($0)","custom_id":"test:\#($0)"}"#
        }
        return #"{"content":"pong","components":[{"type":1,"components":[\#(buttons.joined(separator: ","))]}]}"#
    }()

    /// A message with buttons; gives its id.
    private func postPanel(_ bench: GatewayBench) async throws -> String {
        let id = try await use(bench)
        var panel: String?
        try await eventually("the message with the buttons") {
            panel = try await shown(bench).first { $0.interaction == id }?.id
            return panel != nil
        }
        return try #require(panel)
    }

    /// Presses a button; gives the interaction's id.
    private func press(_ button: String, of message: String, _ bench: GatewayBench) async throws -> String {
        struct Created: Decodable {
            let id: String
        }
        let answer = try await bench.control(
            "/components",
            ["channel": "bot-commands", "message": message, "author": "bob", "customId": button]
        )
        return try JSONDecoder().decode(Created.self, from: Data(answer.utf8)).id
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
