import DiscordModel
import DurableEvents
import FoundationEssentials
import LLM
import Postgres
import ServiceLifecycle
import Store
import TestSupport
import Testing

@testable import PersonaCore

@Suite("Answers, from turn to Discord", .timeLimit(.minutes(2)))
struct TurnServiceTests {
    private let rainbow = FakeDiscord.rainbow
    private let iris = FakeDiscord.iris

    @Test("A question is answered as a reply that grows, and its row tells how it went")
    func answer() async throws {
        let model = ScriptedModel(.pause(["Hello there, this is the beg"], then: ["inning ", "and the end."]))
        try await PersonaBench.run(model) { bench in
            bench.discord.write("earlier words")
            let turn = try await bench.ask("<@9001> hi?")
            try await bench.withPool {
                try await eventually("the first text is shown") {
                    bench.discord.answers().map(\.content) == ["Hello there, this is the beg"]
                }
                model.open()
                try await bench.expect("answered", of: turn)
            }
            let answers = bench.discord.answers()
            #expect(answers.map(\.content) == ["Hello there, this is the beginning and the end."])
            #expect(answers.first?.replyTo == turn.message)
            #expect(answers.first?.edits ?? 0 >= 1)

            let prompt = try #require(model.requests.first)
            #expect(prompt.messages.map(\.role) == [.system, .user, .user])
            #expect(prompt.messages[0].text.contains("You are Rainbow."))
            #expect(prompt.messages[0].text.contains("You are warm."))
            #expect(prompt.messages[0].text.contains("\"#general\", whose topic is \"Talk\""))
            #expect(prompt.messages[1].text == "alice: earlier words")

            let row = try await bench.row(of: turn)
            #expect(row.request == "{}", "what was asked is erased")
            #expect(row.answers == answers.map(\.id))
            #expect(row.record.contains("scripted/model"))
            #expect(row.record.contains(#""outputTokens": 5"#))

            let first = try #require(bench.discord.calls.first { $0.method == "POST" && !$0.path.hasSuffix("typing") })
            #expect(first.body.contains(#""allowed_mentions":{"#))
            #expect(first.body.contains(#""parse":[]"#))
            #expect(first.body.contains(#""enforce_nonce":true"#))
            #expect(bench.discord.calls.contains { $0.path == "/channels/1/typing" })
        }
    }

    @Test("Two bots that were asked in one message both answer, each as itself")
    func twoBots() async throws {
        try await PersonaBench.run(ScriptedModel(.say(["An answer."]))) { bench in
            let message = bench.discord.write("<@9001> <@9002> who is right?")
            let turns = [
                try await bench.add(message, "who?", rainbow), try await bench.add(message, "who?", iris),
            ]
            try await bench.withPool {
                for turn in turns { try await bench.expect("answered", of: turn) }
            }
            #expect(bench.discord.answers(by: rainbow).count == 1)
            #expect(bench.discord.answers(by: iris).count == 1)
            #expect(Set(bench.model.requests.map { $0.messages[0].text.contains("You are warm.") }) == [true, false])
        }
    }

    @Test("Questions in one channel are answered in their order, other channels do not wait")
    func order() async throws {
        let model = ScriptedModel(.hang(["This one takes a very long time"]), .say(["Quick."]))
        try await PersonaBench.run(model) { bench in
            let slow = try await bench.ask("first", rainbow, in: ChannelID(1))
            try await bench.withPool {
                try await eventually("the slow answer has begun") { !bench.discord.answers().isEmpty }
                let behind = try await bench.ask("second", rainbow, in: ChannelID(1))
                let other = try await bench.ask("elsewhere", rainbow, in: ChannelID(2))
                let otherBot = try await bench.ask("same channel, other bot", iris, in: ChannelID(1))
                try await bench.expect("answered", of: other)
                try await bench.expect("answered", of: otherBot)
                #expect(try await bench.outcome(of: behind) == nil)
                #expect(try await bench.outcome(of: slow) == nil)
            }
        }
    }

    @Test(
        "A model's error is told in the member's language",
        arguments: [
            ("<@9001> hello?", "key"), ("<@9001> Привіт, ти їси?", "ключ"), ("<@9001> 안녕하세요?", "키"),
        ]
    )
    func modelError(content: String, word: String) async throws {
        let model = ScriptedModel(.fail([], LanguageModelError(.authentication, "no such key: sk-123")))
        try await PersonaBench.run(model) { bench in
            let turn = try await bench.ask(content)
            try await bench.withPool { try await bench.expect("failed", of: turn) }
            let answers = bench.discord.answers()
            #expect(answers.count == 1)
            #expect(answers[0].content.contains(word))
            #expect(!answers[0].content.contains("sk-123"))
            #expect(model.requests.count == 1, "what waiting does not mend is not tried again")
        }
    }

    @Test("A stream that breaks is asked for again, and the same message shows the whole answer")
    func brokenStream() async throws {
        let model = ScriptedModel(
            .fail(["The first half of an answer that"], LanguageModelError(.badResponse, "cut off")),
            .say(["The whole answer."])
        )
        try await PersonaBench.run(model) { bench in
            let turn = try await bench.ask("hi")
            try await bench.withPool { try await bench.expect("answered", of: turn) }
            #expect(bench.discord.answers().map(\.content) == ["The whole answer."])
            #expect(model.requests.count == 2)
        }
    }

    @Test("An answer that the token limit or a filter cut says so; an empty one too")
    func endings() async throws {
        let model = ScriptedModel(
            .stop(["Half an ans"], .length),
            .stop(["Some"], .contentFilter),
            .say([" \n"])
        )
        try await PersonaBench.run(model) { bench in
            try await bench.withPool {
                try await bench.expect("answered", of: try await bench.ask("one"))
                try await bench.expect("failed", of: try await bench.ask("two"))
                try await bench.expect("failed", of: try await bench.ask("three"))
            }
            let shown = bench.discord.answers().map(\.content)
            #expect(shown.count == 3)
            #expect(shown[0].hasPrefix("Half an ans\n\n*("))
            #expect(shown[1].hasPrefix("Some\n\n*("))
            #expect(shown[2].hasPrefix("⚠️"))
        }
    }

    @Test("A question that waited too long is told so, without asking the model")
    func late() async throws {
        try await PersonaBench.run(ScriptedModel(.say(["late answer"]))) { bench in
            let old = bench.discord.write("long ago").millisecondsSinceEpoch - 11 * 60 * 1000
            let message = MessageID.lowerBound(millisecondsSinceEpoch: old)
            let turn = try await bench.add(message, "Привет, ты это видишь?")
            try await bench.withPool { try await bench.expect("expired", of: turn) }
            #expect(bench.discord.answers().count == 1)
            #expect(bench.discord.answers()[0].content.contains("поздно"))
            #expect(bench.model.requests.isEmpty)
        }
    }

    @Test("What is too late is told by the database's clock, not by the worker's", arguments: [-3_600, 3_600])
    func wrongClock(secondsAhead: Int) async throws {
        try await PersonaBench.run(ScriptedModel(.say(["in time"]))) { bench in
            let fresh = try await bench.ask("just now")
            let old = bench.discord.write("long ago").millisecondsSinceEpoch - 11 * 60 * 1000
            let late = try await bench.add(MessageID.lowerBound(millisecondsSinceEpoch: old), "are you there?")
            try await bench.withPool(clockAheadBy: .seconds(secondsAhead)) {
                try await bench.expect("answered", of: fresh)
                try await bench.expect("expired", of: late)
            }
        }
    }

    @Test("A deleted question gets no answer, a deleted answer does not come back")
    func deletions() async throws {
        let model = ScriptedModel(.pause(["An answer that somebody will dislike"], then: [" and its end"]))
        try await PersonaBench.run(model) { bench in
            bench.discord.write("other talk")
            let gone = try await bench.ask("to be deleted")
            bench.discord.remove(gone.message)
            let disliked = try await bench.ask("fine question", rainbow, in: ChannelID(2))
            try await bench.withPool {
                try await eventually("the answer has begun") { !bench.discord.answers(in: ChannelID(2)).isEmpty }
                bench.discord.remove(bench.discord.answers(in: ChannelID(2))[0].id)
                model.open()
                try await bench.expect("withdrawn", of: disliked)
                try await bench.expect("withdrawn", of: gone)
            }
            #expect(bench.discord.answers(in: ChannelID(1)).isEmpty)
            #expect(bench.discord.answers(in: ChannelID(2)).isEmpty)
        }
    }

    @Test("Discord's refusal ends the turn with its words in the row")
    func refusal() async throws {
        try await PersonaBench.run(ScriptedModel(.say(["An answer."]))) { bench in
            bench.discord.spoil("POST", .refused(50013))
            let turn = try await bench.ask("hi")
            try await bench.withPool { try await bench.expect("refused", of: turn) }
            #expect(try await bench.row(of: turn).record.contains("refused 50013"))
        }
    }

    @Test("A bot that may not read the history answers what it was asked")
    func noHistory() async throws {
        try await PersonaBench.run(ScriptedModel(.say(["An answer."]))) { bench in
            bench.discord.spoil("GET", .refused(50001))
            let turn = try await bench.ask("hello you")
            try await bench.withPool { try await bench.expect("answered", of: turn) }
            #expect(bench.model.requests[0].messages.last?.text == "alice: hello you")
        }
    }

    @Test(
        "Calls that fail, and calls whose outcome nobody knows, leave one answer",
        arguments: [
            [FakeDiscord.Mishap.unreachable], [.lostReply], [.lostReply, .unreachable], [.unreachable, .lostReply],
        ]
    )
    func mishaps(mishaps: [FakeDiscord.Mishap]) async throws {
        try await PersonaBench.run(ScriptedModel(.say(["The ", "answer."]))) { bench in
            for mishap in mishaps { bench.discord.spoil("POST", mishap) }
            for mishap in mishaps { bench.discord.spoil("PATCH", mishap) }
            let turn = try await bench.ask("hi")
            try await bench.withPool { try await bench.expect("answered", of: turn) }
            #expect(bench.discord.answers().map(\.content) == ["The answer."])
        }
    }

    @Test("A gateway that is away makes the turn wait, not fail")
    func noGateway() async throws {
        try await PersonaBench.run(ScriptedModel(.say(["An answer."])), hasGateway: false) { bench in
            let turn = try await bench.ask("anybody there?")
            try await bench.withPool {
                try await eventually("the turn was given back") {
                    try await bench.database.query(
                        "SELECT 1 AS one FROM turns WHERE obstacle <> '' AND state = 'waiting'"
                    )
                    .isEmpty == false
                }
                #expect(try await bench.outcome(of: turn) == nil)
            }
        }
    }
}

@Suite("Workers that die, and workers that share", .timeLimit(.minutes(2)))
struct WorkerTests {
    @Test("A worker that dies in the middle of an answer: another finishes the same message")
    func killedWhileStreaming() async throws {
        let model = ScriptedModel(
            .hang(["The first worker said this before it was killed"]),
            .say(["The second worker's answer."])
        )
        try await PersonaBench.run(model) { bench in
            let turn = try await bench.ask("hi")
            try await bench.killDuring(try await bench.claim()) {
                try await bench.database.query("SELECT 1 AS one FROM turns WHERE cardinality(answers) = 1").count == 1
            }
            #expect(bench.discord.answers().count == 1)
            #expect(try await bench.outcome(of: turn) == nil)
            try await bench.withPool("persona/2") { try await bench.expect("answered", of: turn) }
            #expect(bench.discord.answers().map(\.content) == ["The second worker's answer."])
        }
    }

    @Test(
        "A worker that dies before its row knows of the message: another finds it, with and without the nonce's help",
        arguments: [true, false]
    )
    func killedBetween(nonceIsForgotten: Bool) async throws {
        let model = ScriptedModel(.hang(["Sent, but never written down anywhere"]), .say(["The answer."]))
        try await PersonaBench.run(model) { bench in
            let turn = try await bench.ask("hi")
            bench.discord.spoil("POST", .held)
            try await bench.killDuring(try await bench.claim()) { !bench.discord.answers().isEmpty }
            bench.discord.release()
            #expect(
                try await bench.database.query("SELECT 1 AS one FROM turns WHERE cardinality(answers) = 0").count == 1
            )
            if nonceIsForgotten { bench.discord.forgetNonces() }
            try await bench.withPool("persona/2") { try await bench.expect("answered", of: turn) }
            #expect(bench.discord.answers().map(\.content) == ["The answer."])
        }
    }

    @Test("A worker that dies with several messages sent: another edits them and removes what is left over")
    func killedWithPages() async throws {
        let long = (0..<400).map { "word\($0)" }.joined(separator: " ")
        let model = ScriptedModel(.hang([long]), .say(["Short."]))
        try await PersonaBench.run(model) { bench in
            let turn = try await bench.ask("hi")
            try await bench.killDuring(try await bench.claim()) {
                try await bench.database.query("SELECT 1 AS one FROM turns WHERE cardinality(answers) = 2").count == 1
            }
            try await bench.withPool("persona/2") { try await bench.expect("answered", of: turn) }
            #expect(bench.discord.answers().map(\.content) == ["Short."])
        }
    }

    @Test("A turn that was given back rests, and says why")
    func giveBack() async throws {
        try await PersonaBench.run(ScriptedModel(.say(["x"]))) { bench in
            let asked = try await bench.ask("hi")
            let first = try await bench.claim()
            try await bench.turns.giveBack(first, restFor: .milliseconds(300), because: "no gateway")
            #expect(try await bench.turns.claim(worker: "other", lifetime: .seconds(1)) == nil)
            let second = try await bench.claim()
            #expect(second.attempt == first.attempt + 1)
            let error = await #expect(throws: StoreError.self) {
                try await bench.turns.setAnswers([MessageID(1)], of: first)
            }
            #expect(error?.code == .fenceLost)
            try await bench.turns.setAnswers([MessageID(1), MessageID(2)], of: second)
            try await bench.turns.setAnswers([MessageID(1)], of: second)
            #expect(try await bench.row(of: asked).answers == [MessageID(1)])
            #expect(try await bench.turns.backlog().open == 1)
            try await bench.turns.finish(second, as: .answered)
            #expect(try await bench.turns.backlog().open == 0)
            try await bench.turns.removeFinished(olderThan: .seconds(60))
            #expect(try await bench.row(of: asked).state == .answered)
            try await bench.turns.removeFinished(olderThan: .zero)
            #expect(try await bench.turns.find(message: asked.message, bot: asked.bot) == nil)
        }
    }

    @Test("A worker that loses its claim stops at once and leaves the answer to the other")
    func lostClaim() async throws {
        let model = ScriptedModel(.hang(["The slow worker's beginning of it"]), .say(["The answer."]))
        try await PersonaBench.run(model) { bench in
            let turn = try await bench.ask("hi")
            let claimed = try await bench.claim()
            let runner = try bench.runner()
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        try await runner.run(claimed)
                        return false
                    } catch {
                        return (error as? StoreError)?.code == .fenceLost
                    }
                }
                _ = try? await bench.database.query("UPDATE turns SET attempt = attempt + 1, claimed_until = now()")
                #expect(await group.next() == true)
            }
            try await bench.withPool("persona/2") { try await bench.expect("answered", of: turn) }
            #expect(bench.discord.answers().map(\.content) == ["The answer."])
        }
    }

    @Test("Two processes share the work: every question answered once")
    func sharing() async throws {
        try await PersonaBench.run(ScriptedModel(.say(["An ", "answer."]))) { bench in
            var asked: [NewTurn] = []
            for index in 0..<24 {
                asked.append(try await bench.ask("question \(index)", rainbow, in: ChannelID(UInt64(index % 6 + 1))))
            }
            try await bench.withPool("persona/1") {
                try await bench.withPool("persona/2") {
                    for turn in asked { try await bench.expect("answered", of: turn, within: .seconds(60)) }
                }
            }
            let answers = bench.discord.answers()
            #expect(answers.count == 24)
            #expect(Set(answers.compactMap(\.replyTo)) == Set(asked.map(\.message)))
        }
    }

    @Test("A service that stops gives its turns back at once")
    func gracefulStop() async throws {
        let model = ScriptedModel(.hang(["Interrupted by a deployment, sadly"]), .say(["The answer."]))
        try await PersonaBench.run(model) { bench in
            let turn = try await bench.ask("hi")
            let pool = TurnPool(
                runner: try bench.runner(),
                database: bench.database,
                worker: "persona/1",
                grace: .milliseconds(50)
            )
            let process = ServiceGroup(configuration: .init(services: [pool], logger: PersonaBench.logger))
            try await withBackground {
                try await process.run()
            } body: {
                try await eventually("the answer has begun") { !bench.discord.answers().isEmpty }
                await process.triggerGracefulShutdown()
                try await eventually("the turn waits") { try await bench.row(of: turn).state == .waiting }
            }
            try await bench.withPool("persona/2") { try await bench.expect("answered", of: turn) }
            #expect(bench.discord.answers().map(\.content) == ["The answer."])
        }
    }

    private var rainbow: BotID { FakeDiscord.rainbow }
}
