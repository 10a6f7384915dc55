import DiscordModel
import FoundationEssentials
import Postgres
import Testing

@testable import Store

/// What happens once whatever is repeated: cases, coins, jobs.
@Suite struct OnceTests {
    @Test func aCaseIsOpenedOnceByItsKey() async throws {
        try await withStore(maximumConnections: 8) { client in
            func new(_ key: String) -> NewCase {
                NewCase(guild: GuildID(1), type: "warn", user: UserID(2), moderator: nil, reason: "r", key: key)
            }
            let outcomes = try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
                for number in 0..<60 {
                    group.addTask {
                        // Each offence is delivered three times.
                        try await client.withTransaction { transaction in
                            let (opened, isNew) = try await Cases(transaction).open(new("words:\(number / 3)"))
                            return (opened.number, isNew)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.filter(\.1).count == 20)
            // Numbers have no holes.
            #expect(Set(outcomes.map(\.0)) == Set(1...20))
            #expect(try await Cases(client).list(guild: GuildID(1)).count == 20)
        }
    }

    @Test func manyCasesAreOpenedAtOnceInTheirOrder() async throws {
        try await withStore(maximumConnections: 8) { client in
            func new(_ guild: UInt64, _ key: String) -> NewCase {
                NewCase(guild: GuildID(guild), type: "warn", user: UserID(2), moderator: nil, reason: key, key: key)
            }
            func open(_ new: [NewCase]) async throws -> [String] {
                try await client.withTransaction { transaction in
                    try await Cases(transaction).open(new).map { opened, isNew in
                        "\(opened.guild)-\(opened.number) \(opened.reason)\(isNew ? "" : " known")"
                    }
                }
            }
            #expect(try await open([]) == [])
            #expect(try await open([new(1, "a"), new(2, "b"), new(1, "c")]) == ["1-1 a", "2-1 b", "1-2 c"])
            // A key that is known, and one that comes twice at once.
            #expect(
                try await open([new(1, "d"), new(1, "c"), new(2, "e"), new(1, "d"), new(1, "f")])
                    == ["1-3 d", "1-2 c known", "2-2 e", "1-3 d known", "1-4 f"]
            )
            // Two that want the same guilds' counters, in opposite order, again and again: neither fails.
            try await withThrowingTaskGroup { group in
                for number in 0..<20 {
                    group.addTask { _ = try await open([new(1, "x\(number)"), new(2, "y\(number)")]) }
                    group.addTask { _ = try await open([new(2, "v\(number)"), new(1, "w\(number)")]) }
                }
                try await group.waitForAll()
            }
            #expect(try await Cases(client).list(guild: GuildID(1), limit: 100).map(\.number).sorted() == Array(1...44))
            #expect(try await Cases(client).list(guild: GuildID(2), limit: 100).map(\.number).sorted() == Array(1...42))
        }
    }

    @Test func coinsAreMovedNeverMadeOrLost() async throws {
        try await withStore(maximumConnections: 8) { client in
            let guild = GuildID(1)
            @Sendable func move(
                _ amount: Int64,
                _ giver: UInt64,
                _ receiver: UInt64,
                _ key: String
            ) async throws
                -> Ledger.Outcome
            {
                try await client.withTransaction {
                    try await Ledger($0).transfer(
                        amount,
                        from: UserID(giver),
                        to: UserID(receiver),
                        in: guild,
                        key: key,
                        reason: "test"
                    )
                }
            }
            #expect(try await move(100, 0, 5, "daily:5") == .moved(balance: 100))
            #expect(try await move(100, 0, 5, "daily:5") == .repeated(balance: 100))
            #expect(try await move(101, 5, 6, "gift") == .insufficient(balance: 100))
            try await withThrowingTaskGroup { group in
                for number in 0..<40 {
                    group.addTask {
                        _ = try await move(5, number % 2 == 0 ? 5 : 6, number % 2 == 0 ? 6 : 5, "swap:\(number)")
                    }
                }
                try await group.waitForAll()
            }
            let sums = try await client.query(
                """
                SELECT (SELECT sum(amount) FROM ledger) AS entries, (SELECT sum(balance) FROM accounts) AS balances
                """
            ).only()
            #expect(try sums.decode(Int.self, "entries") == 0)
            #expect(try sums.decode(Int.self, "balances") == 0)
            // The database itself refuses coins from nowhere, and a changed past.
            await #expect(throws: PostgresError.self) {
                try await client.query(
                    "INSERT INTO ledger (key, guild, user_id, amount, reason) VALUES ('x', 1, 5, 10, 'made up')"
                )
            }
            await #expect(throws: PostgresError.self) { try await client.query("UPDATE ledger SET amount = 1") }
        }
    }

    @Test func aJobThatIsDoneIsErasedAndLaterRemoved() async throws {
        try await withStore { client in
            let jobs = Jobs(client)
            var ids: [String: Int64] = [:]
            for key in ["done", "failed", "waiting", "done long ago", "failed long ago"] {
                ids[key] = try await jobs.schedule(
                    NewJob(
                        key: key,
                        target: "scheduler",
                        kind: "remind",
                        guild: nil,
                        user: UserID(2),
                        data: #"{"text":"tea"}"#,
                        dueAt: Date(timeIntervalSinceNow: -1)
                    )
                )
                #expect(try await jobs.take(try #require(ids[key]), target: "scheduler"))
            }
            for (key, id) in ids where key.hasPrefix("done") { try await jobs.finish(id) }
            for (key, id) in ids where key.hasPrefix("failed") { try await jobs.postpone(id, by: nil, error: "no") }
            let texts = try await client.query("SELECT key FROM jobs WHERE data->>'text' = 'tea' ORDER BY key")
                .map { try $0.decode(String.self, "key") }
            #expect(texts == ["failed", "failed long ago", "waiting"])
            try await client.query(
                "UPDATE jobs SET finished_at = now() - interval '31 days' WHERE key LIKE '% long ago'"
            )
            try await client.query("UPDATE jobs_taken SET taken_at = now() - interval '31 days'")
            try await jobs.prune(olderThan: .seconds(30 * 86_400))
            let left = try await client.query("SELECT key FROM jobs ORDER BY key")
                .map { try $0.decode(String.self, "key") }
            #expect(left == ["done", "failed", "waiting"])
            // What still has a job is still known as taken.
            let taken = try await client.query("SELECT job FROM jobs_taken").map { try $0.decode(Int64.self, "job") }
            #expect(Set(taken) == Set(left.compactMap { ids[$0] }))
        }
    }

    @Test func aDueJobIsClaimedByOneSchedulerAndTakenOnce() async throws {
        try await withStore(maximumConnections: 6) { client in
            let jobs = Jobs(client)
            func job(_ key: String, due: TimeInterval) -> NewJob {
                NewJob(
                    key: key,
                    target: "scheduler",
                    kind: "remind",
                    guild: nil,
                    user: UserID(1),
                    data: "{}",
                    dueAt: .now.addingTimeInterval(due)
                )
            }
            // Without a job there is nothing to wake up for.
            #expect(try await jobs.untilNext() == nil)
            let first = try await jobs.schedule(job("a", due: -1))
            #expect(try await jobs.untilNext() == .zero)
            #expect(try await jobs.schedule(job("a", due: -1)) == first)
            for number in 0..<50 { try await jobs.schedule(job("n\(number)", due: -1)) }
            try await jobs.schedule(job("later", due: 3600))
            let claimed = try await withThrowingTaskGroup(of: [Int64].self) { group in
                for _ in 0..<5 { group.addTask { try await jobs.claimDue(limit: 20, for: .seconds(60)).map(\.id) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 51 && Set(claimed).count == 51)
            #expect(try await jobs.claimDue(limit: 100, for: .seconds(60)).isEmpty)
            #expect(try await jobs.take(first, target: "scheduler"))
            #expect(try await jobs.take(first, target: "scheduler") == false)
            try await jobs.finish(first)
            // A scheduler that died with its claims leaves them to the next.
            try await client.query("UPDATE jobs SET next_attempt_at = now() WHERE state = 'waiting' AND key <> 'later'")
            let again = try await jobs.claimDue(limit: 100, for: .seconds(60))
            #expect(again.count == 50 && again.allSatisfy { $0.attempt == 2 && $0.id != first })
        }
    }

    @Test func aGuildChoosesItsLanguage() async throws {
        try await withStore { client in
            let settings = GuildSettings(client)
            #expect(try await settings.locale(of: GuildID(1)) == nil)
            try await client.withNotifications(on: ["config_changed"]) { sequence in
                var iterator = sequence.makeAsyncIterator()
                #expect(await iterator.next() == .reconnected)
                try await settings.setLocale("ko", of: GuildID(1), by: "user:1")
                #expect(
                    await iterator.next()
                        == .notification(.init(channel: "config_changed", payload: "guild_settings"))
                )
            }
            #expect(try await settings.locale(of: GuildID(1)) == "ko")
        }
    }
}
