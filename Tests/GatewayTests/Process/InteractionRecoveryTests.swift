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
            let id = try await bench.use()
            try await eventually("the answer") { try await bench.shown().contains { $0.interaction == id } }
            try await eventually("its row") { try await bench.state(id) == "answered" }
            gateway.kill()
            // As if the database had been away when the answer left.
            try await bench.client.query("UPDATE interactions SET state = 'received' WHERE interaction::text = \(id)")
            gateway = try bench.start()
            try await eventually("the next process has looked") {
                try await bench.state(id) == "answered"
            }
            #expect(try await bench.shown().filter { $0.interaction == id || $0.nonce == id }.count == 1)
        }
    }

    @Test("a command used while the gateway is dead is called missed, by its id")
    func missed() async throws {
        try await withCommands { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            _ = try await bench.use()
            gateway.kill()
            let id = try await bench.use()
            // Longer than Discord waits for a first response.
            try await eventually("Discord has given it up") {
                let now = UInt64(Date().timeIntervalSince1970 * 1_000)
                return try #require(InteractionID(id)).millisecondsSinceEpoch + 3_100 < now
            }
            gateway = try bench.start()
            try await eventually("its user is told") {
                try await bench.shown().contains { $0.nonce == id && $0.mentions == ["bob"] }
            }
            #expect(try await bench.shown().allSatisfy { $0.interaction != id })
        }
    }

    @Test("a command that was being thought about is ended, and an answer that came is left as it is")
    func thinking() async throws {
        try await withCommands { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            let slow = try await bench.use("/slow")
            try await eventually("it is thought about") {
                try await bench.shown().contains { $0.interaction == slow && $0.loading }
            }
            try await eventually("its row") { try await bench.state(slow) == "deferred" }
            gateway.kill()
            gateway = try bench.start()
            try await eventually("it has ended") {
                try await bench.shown().contains { $0.interaction == slow && !$0.loading && !$0.content.isEmpty }
            }
            try await eventually("its row says so") { try await bench.state(slow) == "answered" }

            let quick = try await bench.use()
            try await eventually("the answer") { try await bench.shown().contains { $0.interaction == quick } }
            gateway.kill()
            try await bench.client.query(
                "UPDATE interactions SET state = 'deferred' WHERE interaction::text = \(quick)"
            )
            gateway = try bench.start()
            try await eventually("the next process has looked") {
                try await bench.state(quick) == "answered"
            }
            #expect(try await bench.shown().filter { $0.interaction == quick }.map(\.content) == ["pong"])
        }
    }

    @Test("a button whose message was to be updated: who pressed it is told beside the message, which stays as it is")
    func deferredUpdate() async throws {
        try await withCommands { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            let panel = try await postPanel(bench)
            let pressed = try await bench.press("test:slow", of: panel)
            try await eventually("it is deferred") { try await bench.state(pressed) == "deferred" }
            #expect(try await bench.shown().count == 1)
            gateway.kill()
            gateway = try bench.start()
            try await eventually("who pressed it is told") {
                try await bench.shown().contains {
                    $0.interaction == pressed && $0.visibleTo == "bob" && $0.content.contains("interrupted")
                }
            }
            try await eventually("its row says so") { try await bench.state(pressed) == "answered" }
            gateway.kill()
            gateway = try bench.start()
            try await bench.waitUntilOnline("rainbow", "iris")
            let messages = try await bench.shown()
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
            let pressed = try await bench.press(button, of: panel)
            try await eventually("the update") { try await bench.shown().map(\.content) == ["updated"] }
            try await eventually("its row") { try await bench.state(pressed) == "answered" }
            gateway.kill()
            // As if it had died before that was written.
            try await bench.client.query(
                "UPDATE interactions SET state = \(noted) WHERE interaction::text = \(pressed)"
            )
            gateway = try bench.start()
            try await eventually("the next process has looked") {
                try await bench.state(pressed) == "answered"
            }
            #expect(try await bench.shown().map(\.content) == ["updated"])
        }
    }

    // MARK: Parts

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

    private static let pong: String = {
        let buttons = ["slow", "late", "quick"].map {
            #"{"type":2,"style":1,"label":"\#($0)","custom_id":"test:\#($0)"}"#
        }
        return #"{"content":"pong","components":[{"type":1,"components":[\#(buttons.joined(separator: ","))]}]}"#
    }()

    /// A message with buttons; gives its id.
    private func postPanel(_ bench: GatewayBench) async throws -> String {
        let id = try await bench.use()
        var panel: String?
        try await eventually("the message with the buttons") {
            panel = try await bench.shown().first { $0.interaction == id }?.id
            return panel != nil
        }
        return try #require(panel)
    }
}
