import BusContract
import DiscordModel
import DurableEvents
import Postgres
import ServiceKit
import Store
import TestSupport
import Testing

@testable import PersonaCore

@Suite("Taking questions in", .timeLimit(.minutes(1)))
struct TurnIntakeTests {
    private func event(_ json: String, _ flags: EventFlags, bot: BotID = FakeDiscord.rainbow) -> DurableEvent {
        var header = Header()
        header.flags = flags
        return DurableEvent(
            name: "MESSAGE_CREATE",
            bot: bot,
            header: HeaderOutline(header),
            payload: Array(json.utf8)[...],
            isFromJournal: false
        )
    }

    private func message(_ more: String) -> String {
        #"{"id":"900","channel_id":"5","author":{"id":"500","username":"alice"},"content":"hi","timestamp":"2026-01-01T00:00:00Z""#
            + more + "}"
    }

    private func withIntake(_ body: (PersonaBench, TurnIntake) async throws -> Void) async throws {
        try await PersonaBench.run(ScriptedModel(.say(["x"]))) { bench in
            let metrics = MetricsRegistry(instance: ServiceInstance(service: .persona))
            let taken = metrics.counter("taken", help: "")
            try await body(bench, TurnIntake(fleet: bench.fleet, taken: taken, maximumAge: .seconds(600)))
        }
    }

    @Test("A message that mentions two bots makes two turns, however often it is delivered")
    func twice() async throws {
        try await withIntake { bench, intake in
            let json = message(#","guild_id":"77","mentions":[{"id":"9001"},{"id":"9002"}]"#)
            for _ in 0..<2 {
                let work = try #require(try await intake.examine(event(json, .mentionsUser)))
                try await bench.spine.transaction { try await intake.perform([work, work], in: $0) }
            }
            let rows = try await bench.database.query("SELECT bot FROM turns ORDER BY bot")
            #expect(try rows.map { try $0.decode(String.self, "bot") } == ["iris", "rainbow"])
            #expect(intake.taken.current == 2)
        }
    }

    @Test("A transaction that fails leaves no turn")
    func rollback() async throws {
        struct Mishap: Error {}
        try await withIntake { bench, intake in
            let json = message(#","guild_id":"77","mentions":[{"id":"9001"}]"#)
            let work = try #require(try await intake.examine(event(json, .mentionsUser)))
            await #expect(throws: Mishap.self) {
                try await bench.spine.transaction { transaction in
                    try await intake.perform([work], in: transaction)
                    throw Mishap()
                }
            }
            #expect(try await bench.database.query("SELECT 1 AS one FROM turns").isEmpty)
        }
    }

    @Test("A direct message speaks to the bot that received it; what bots write is passed over unread")
    func directAndBots() async throws {
        try await withIntake { _, intake in
            let direct = try await intake.examine(event(message(""), .directMessage, bot: FakeDiscord.iris))
            #expect(direct?.map(\.bot) == [FakeDiscord.iris])
            #expect(direct?.first?.guild == nil)
            #expect(try await intake.examine(event("not even JSON", [.fromBot, .mentionsUser])) == nil)
            #expect(try await intake.examine(event("not even JSON", [])) == nil)
            let other = message(#","guild_id":"77","mentions":[{"id":"123"}]"#)
            #expect(try await intake.examine(event(other, .mentionsUser)) == nil)
        }
    }

    @Test("A message that cannot be read is refused, not taken for nothing")
    func malformed() async throws {
        try await withIntake { _, intake in
            await #expect(throws: MalformedJSON.self) { try await intake.examine(event("{", .mentionsUser)) }
        }
    }
}
