import Foundation
import Logging
import Postgres
import TestSupport
import Testing

/// Several processes of persona share the members' questions, and lose or double none whatever becomes of one of them.
@Suite("persona workers", .serialized, .timeLimit(.minutes(5)))
struct PersonaWorkersTests {
    private static let bots = ["Rainbow", "Iris", "Aurora", "Selene"]

    @Test("of three workers one is killed and one stands still until its claims are over: each question has one answer")
    func killedAndFrozen() async throws {
        // One turn a worker, of a second or more: with four bots asked again and again, each worker is at one.
        let settings = ["PERSONA_CONCURRENCY": "1", "PLAYGROUND_TOKEN_DELAY": "80ms"]
        try await Troupe.withTroupe(settings) { troupe in
            let killed = try troupe.startAnother("persona", instance: "2")
            defer { kill(killed.processIdentifier, SIGKILL) }
            let frozen = try troupe.startAnother("persona", instance: "3")
            defer { kill(frozen.processIdentifier, SIGKILL) }
            let database = try PostgresClient(
                configuration: PostgresConfiguration(url: troupe.databaseURL),
                logger: Logger(label: "workers") { _ in SwiftLogNoOpLogHandler() }
            )
            var deeds = Deeds()
            for number in 0..<24 {
                let bot = Self.bots[number % Self.bots.count]
                let text = "@\(bot) say exactly: one two three four five six seven eight nine ten end\(number)"
                try await deeds.mention(text, as: ["alice", "bob", "dave"][number % 3], troupe)
            }
            // Which worker is at which turn members do not see; what becomes of it is not read here.
            try await eventually("each worker is at a turn", within: .seconds(60)) {
                let workers = try await workers(database)
                return workers.isSuperset(of: ["persona-1", "persona-2", "persona-3"])
            }
            kill(killed.processIdentifier, SIGKILL)
            kill(frozen.processIdentifier, SIGSTOP)
            try await eventually("others have taken their turns over", within: .seconds(60)) {
                try await workers(database) == ["persona-1"]
            }
            kill(frozen.processIdentifier, SIGCONT)
            try await deeds.settle(troupe, again: "swift test --filter PersonaWorkersTests")
            await database.close()

            let answers = try await troupe.playground.transcript("general").filter { $0.bot }
            for (number, deed) in deeds.mentions.enumerated() {
                let answer = try #require(answers.first { $0.replyTo == deed.id })
                #expect(answer.content.hasSuffix("ten end\(number)"), "a whole answer: \(answer.content)")
            }
        }
    }

    /// Who is at a turn, by the claims that count.
    private func workers(_ database: PostgresClient) async throws -> Set<String> {
        let rows = try await database.query("SELECT worker FROM turns WHERE state = 'running'")
        return Set(try rows.map { try $0.decode(String.self, "worker") })
    }
}
