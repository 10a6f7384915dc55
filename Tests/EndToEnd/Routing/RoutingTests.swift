import Foundation
import Postgres
import TestSupport
import Testing

/// Several instances of a service as processes of their own: the right one answers, and another when that one is dead.
@Suite("routing between instances", .serialized, .timeLimit(.minutes(8)))
struct RoutingTests {
    @Test("mentions are answered by the instance of their channel; killed, by its fallback, once each")
    func mentions() async throws {
        let plan = """
            strategy: function
            routes:
              chat: {channels: ["채팅방-*"], instance_type: chat, fallback_instances: ["2"]}
              image: {channels: ["이미지생성-*"], instance_type: image}
            """
        try await RoutingStage.with(plan: plan) { stage in
            try stage.start("gateway")
            try stage.start("persona", "1", ["INSTANCE_TYPE": "chat"])
            try stage.start("persona", "2", ["INSTANCE_TYPE": "image"])
            try stage.start("persona", "9", ["INSTANCE_TYPE": "admin"])
            try await stage.waitUntilReady("gateway", ["1"])
            try await stage.waitUntilReady("persona", ["1", "2", "9"])
            for channel in ["채팅방-1", "이미지생성-고양이"] { try await stage.makeChannel(channel) }

            try await expect("persona-1 chat", answers: "hello", in: "채팅방-1", stage)
            try await expect("persona-2 image", answers: "hello", in: "이미지생성-고양이", stage)
            try await expect("persona-9 admin", answers: "hello", in: "general", stage)

            // In the middle of its answer.
            let id = try await stage.playground.write("@Rainbow tell me a story", as: "bob", in: "채팅방-1")
            _ = try await stage.playground.message("the answer's beginning", in: "채팅방-1") { $0.replyTo == id }
            try stage.process("persona-1").kill()
            let successor = try await stage.worker(of: id, in: "채팅방-1")
            #expect(successor == "persona-2 chat")
            try await expect("persona-2 chat", answers: "are you there?", in: "채팅방-1", stage)
            try await expect("persona-2 chat", answers: "and now?", in: "채팅방-1", stage)
            try await expect("persona-9 admin", answers: "and here?", in: "general", stage)

            try stage.start("persona", "1", ["INSTANCE_TYPE": "chat"])
            try await stage.waitUntilReady("persona", ["1", "2", "9"])
            try await expect("persona-1 chat", answers: "are you back?", in: "채팅방-1", stage)
            let open = try await stage.client.query("SELECT 1 AS one FROM turns WHERE state <> 'answered'")
            #expect(open.isEmpty)
        }
    }

    @Test("a command goes only to the instance that serves it; nobody's is told in words")
    func commands() async throws {
        try await RoutingStage.with(plan: nil) { stage in
            try stage.start("gateway")
            try stage.start("moderation", "1", ["ENABLED_COMMANDS": "words"])
            try stage.start("moderation", "2", ["ENABLED_COMMANDS": "case,warn"])
            try await stage.waitUntilReady("gateway", ["1"])
            try await stage.waitUntilReady("moderation", ["1", "2"])

            let words = try await answer(to: "/words list", stage)
            let cases = try await answer(to: "/case number:1", stage)
            #expect(!words.isEmpty && !cases.isEmpty && words != cases)
            let gateway = try stage.process("gateway-1").log
            let handed = gateway.split(separator: "\n").filter { $0.contains("handed over") }
            #expect(handed.count == 2)
            #expect(handed.first?.contains("commands.moderation/instance/1") == true, "\(handed)")
            #expect(handed.last?.contains("commands.moderation/instance/2") == true, "\(handed)")

            // It leaves the registry as it stops: the other one does not take its commands.
            try stage.process("moderation-1").stop()
            #expect(try await answer(to: "/words list", stage).hasPrefix("Nobody here can do this"))
            #expect(try await answer(to: "/case number:1", stage) == cases)
        }
    }

    private func expect(
        _ worker: String,
        answers question: String,
        in channel: String,
        _ stage: RoutingStage
    ) async throws {
        let found = try await stage.ask(question, in: channel)
        #expect(found == worker, "\(question), in \(channel)")
    }

    /// Uses a command as soon as Discord has it; gives its only answer.
    private func answer(to command: String, _ stage: RoutingStage) async throws -> String {
        var id: String?
        try await eventually("\(command) is registered", within: .seconds(30)) {
            id = try? await stage.playground.use(command, as: "alice")
            return id != nil
        }
        let interaction = try #require(id)
        var answers: [Playground.Message] = []
        try await eventually("\(command) is answered", within: .seconds(30)) {
            answers = try await stage.playground.transcript("bot-commands").filter {
                $0.interaction?.id == interaction && !$0.loading
            }
            return !answers.isEmpty
        }
        #expect(answers.count == 1)
        return answers.first?.content ?? ""
    }
}
