import Foundation
import TestSupport
import Testing

/// What a newcomer sees after `make up`, done through the playground and counted from what a member sees there.
@Suite("the main job", .serialized, .timeLimit(.minutes(10)))
struct MainJobTests {
    @Test("every capability works in one running stack")
    func everything() async throws {
        try await Troupe.withTroupe(["PLAYGROUND_RECORD_BODIES": "1"]) { troupe in
            try await eventually("the commands are registered") {
                (try? await troupe.playground.use("/words list", as: "alice")) != nil
            }
            try await personaAnswers(troupe)
            try await twoPersonasAnswer(troupe)
            try await offendingMessageGoes(troupe)
            try await moderatorWarns(troupe)
            try await musicInTwoChannels(troupe)
            try await reminderFires(troupe)
            try await economyAddsUp(troupe)
            try await adminShowsIt(troupe)
            try await callsFitTheDescription(troupe)
        }
    }

    /// Path, query and body of whatever our bots have sent above, and what they were answered.
    private func callsFitTheDescription(_ troupe: Troupe) async throws {
        let bots = ["rainbow", "iris", "aurora", "selene"]
        // With no limit to certain bots: calls that carry no token (answers to interactions) are ours as well.
        let verdict = try await DiscordOpenAPI.check(troupe.playground.http.base, isStrict: true)
        if let verdict { #expect(verdict.contains("done"), "\(verdict)") }
        let callers = Set(try await troupe.playground.calls().compactMap(\.bot))
        #expect(callers.isSuperset(of: bots))
    }

    private func personaAnswers(_ troupe: Troupe) async throws {
        try await troupe.playground.write("@Rainbow hello, how are you today?", as: "bob", in: "general")
        let answer = try await troupe.playground.message("Rainbow's answer", in: "general") { $0.author == "Rainbow" }
        #expect(!answer.content.isEmpty)
        // It grows while the model speaks: the message is edited, not posted again.
        try await eventually("the answer is edited as it grows") {
            try await troupe.playground.transcript("general").contains { $0.id == answer.id && $0.edits > 0 }
        }
    }

    private func twoPersonasAnswer(_ troupe: Troupe) async throws {
        try await troupe.playground.write("@Iris @Aurora which season is the best?", as: "dave", in: "general")
        let iris = try await troupe.playground.message("Iris's answer", in: "general") { $0.author == "Iris" }
        let aurora = try await troupe.playground.message("Aurora's answer", in: "general") { $0.author == "Aurora" }
        #expect(iris.content != aurora.content)
    }

    private func offendingMessageGoes(_ troupe: Troupe) async throws {
        let id = try await troupe.playground.write("such a floopword", as: "mallory", in: "general")
        let notice = try await troupe.playground.message("the notice", in: "general") {
            $0.author == "Rainbow" && $0.content.contains("#1")
        }
        #expect(notice.text.contains("@mallory") || notice.text.contains("@Mallory"))
        try await eventually("the message is gone") {
            try await !troupe.playground.transcript("general").contains { $0.id == id }
        }
        let cases: Cases = try await troupe.admin.get("/api/cases")
        #expect(cases.items.map(\.number) == [1])
    }

    private func moderatorWarns(_ troupe: Troupe) async throws {
        try await troupe.playground.use("/warn member:mallory reason:be kind", as: "carol")
        _ = try await troupe.playground.message("the warning", in: "bot-commands") { $0.content.contains("#2") }
        try await troupe.playground.use("/case number:2", as: "carol")
    }

    private func musicInTwoChannels(_ troupe: Troupe) async throws {
        try await troupe.playground.join("Lounge", as: "alice")
        try await troupe.playground.use("/play query:morning", as: "alice")
        try await playing("Rainbow", in: "Lounge", troupe)
        try await troupe.playground.join("Workshop", as: "dave")
        try await troupe.playground.use("/play query:evening", as: "dave")
        try await playing("Iris", in: "Workshop", troupe)
        try await playing("Rainbow", in: "Lounge", troupe)
        try await troupe.playground.use("/stop", as: "dave")
        try await eventually("Iris has left the Workshop") {
            try await troupe.playground.voice().first { $0.channel == "Workshop" }?.members
                .allSatisfy { $0.author != "Iris" } ?? false
        }
    }

    private func playing(_ bot: String, in channel: String, _ troupe: Troupe) async throws {
        try await eventually("\(bot) plays in \(channel)") {
            try await troupe.playground.voice().contains { state in
                state.channel == channel
                    && state.members.contains { $0.author == bot && $0.playing?.title.isEmpty == false }
            }
        }
    }

    private func reminderFires(_ troupe: Troupe) async throws {
        try await troupe.playground.use("/remind in:1s text:water the plants", as: "bob")
        _ = try await troupe.playground.message("the reminder", in: "bot-commands") {
            $0.author == "Rainbow" && $0.text.contains("water the plants") && $0.text.lowercased().contains("@bob")
        }
    }

    private func economyAddsUp(_ troupe: Troupe) async throws {
        try await troupe.playground.use("/daily", as: "bob")
        _ = try await troupe.playground.message("the coins", in: "bot-commands") { $0.content.contains("100") }
        try await troupe.playground.use("/balance member:bob", as: "dave")
    }

    private func adminShowsIt(_ troupe: Troupe) async throws {
        let status: Status = try await troupe.admin.get("/api/status")
        #expect(status.bots.filter { $0.state == "online" }.count == 4)
        try await troupe.admin.send("POST", "/api/bots/selene/stop", body: nil)
        try await eventually("Selene is stopped") {
            let status: Status = try await troupe.admin.get("/api/status")
            return status.bots.contains { $0.bot == "selene" && $0.state == "stopped" }
        }
        try await troupe.admin.send("POST", "/api/bots/selene/start", body: nil)
        try await eventually("Selene is back") {
            let status: Status = try await troupe.admin.get("/api/status")
            return status.bots.allSatisfy { $0.state == "online" }
        }
    }

    private struct Cases: Decodable {
        struct Item: Decodable {
            let number: Int
        }

        let items: [Item]
    }

    private struct Status: Decodable {
        struct Bot: Decodable {
            let bot: String
            let state: String
        }

        let bots: [Bot]
    }
}
