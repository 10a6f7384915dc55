import DiscordModel
import Testing

@testable import GatewayCore

@Suite("Send budget")
struct SendBudgetTests {
    @Test("Voice moves never take the heartbeats' part of the 120 a minute")
    func reserve() {
        var budget = SendBudget()
        let now = ContinuousClock.now
        for guild in 1...300 { budget.enqueue(.voice(GuildID(UInt64(guild))), "\(guild)") }
        #expect(budget.next(now).count == 105)
        for _ in 0..<15 { budget.noteUrgent(now) }
        #expect(budget.next(now + .seconds(59)).isEmpty)
        #expect(budget.next(now + .seconds(60)).count == 105)
    }

    @Test("Only the newest move of a guild is kept, in its place at the end")
    func newest() {
        var budget = SendBudget()
        budget.enqueue(.voice(GuildID(1)), "old")
        budget.enqueue(.voice(GuildID(2)), "two")
        budget.enqueue(.presence, "p")
        budget.enqueue(.voice(GuildID(1)), "new")
        #expect(budget.next(.now) == ["two", "p", "new"])
    }

    @Test("Five presences in twenty seconds, over connections too; others pass them, and only the newest waits")
    func presence() {
        var budget = SendBudget()
        let now = ContinuousClock.now
        for index in 0..<5 {
            budget.enqueue(.presence, "p\(index)")
            #expect(budget.next(now + .seconds(index)) == ["p\(index)"])
        }
        budget.enqueue(.presence, "old")
        budget.enqueue(.voice(GuildID(1)), "voice")
        budget.enqueue(.presence, "new")
        #expect(budget.next(now + .seconds(5)) == ["voice"])
        budget.reset()
        #expect(budget.next(now + .seconds(19)).isEmpty)
        #expect(budget.next(now + .seconds(20)) == ["new"])
    }

    @Test("A request whose asker has gone does not leave any more")
    func withdrawn() {
        var budget = SendBudget()
        budget.enqueue(.members("a"), "a")
        budget.enqueue(.members("b"), "b")
        budget.withdraw(.members("a"))
        #expect(budget.next(.now) == ["b"])
    }
}

@Suite("Identify budget")
struct IdentifyBudgetTests {
    private static let limit = GatewayBotInfo.SessionStartLimit(
        total: 1000,
        remaining: 900,
        resetAfter: 60_000,
        maxConcurrency: 1
    )

    /// IDENTIFYs of shard 0: so many with that age.
    private func decide(
        _ sinceLast: Duration?,
        hour: Int = 0,
        day: Int = 0,
        remaining: Int = 900
    ) -> IdentifyBudget.Verdict {
        var sent = sinceLast.map { [(shard: 0, age: $0)] } ?? []
        while sent.count < hour { sent.append((0, .seconds(1800))) }
        while sent.count < day { sent.append((0, .seconds(7200))) }
        var limit = Self.limit
        limit.remaining = remaining
        return IdentifyBudget.decide(.init(of: 0, sent: sent, buckets: 1), limit: limit)
    }

    @Test("The first goes at once, the next five seconds later")
    func pace() {
        #expect(decide(nil) == .now)
        #expect(decide(.seconds(2)) == .after(.seconds(3)))
        #expect(decide(.seconds(5)) == .now)
    }

    @Test("Shards of a bucket go one after the other, those of others at the same time")
    func buckets() {
        func decide(_ shard: Int, _ sent: [(shard: Int, age: Duration)], buckets: Int) -> IdentifyBudget.Verdict {
            IdentifyBudget.decide(.init(of: shard, sent: sent, buckets: buckets), limit: Self.limit)
        }
        #expect(decide(1, [(0, .zero)], buckets: 1) == .after(.milliseconds(5500)))
        #expect(decide(1, [(0, .seconds(6)), (2, .seconds(1))], buckets: 1) == .after(.milliseconds(4500)))
        #expect(decide(1, [(0, .zero)], buckets: 16) == .now)
        #expect(decide(17, [(1, .seconds(1))], buckets: 16) == .after(.milliseconds(4500)))
        // Sixty-four shards that start are no crash loop.
        let start = (0..<63).map { (shard: $0, age: Duration.seconds(6)) }
        #expect(decide(63, start, buckets: 1) == .now)
        // All of them count towards the day's limit.
        let all = (0..<950).map { (shard: $0 % 64, age: Duration.seconds(7200)) }
        #expect(decide(63, all, buckets: 1) == .exhausted(.seconds(3600)))
    }

    @Test("A crash loop gets slower and slower, long before the day is used up")
    func crashLoop() {
        #expect(decide(.seconds(6), hour: 10) == .after(.seconds(4)))
        #expect(decide(.seconds(6), hour: 20) == .after(.seconds(74)))
        #expect(decide(.seconds(6), hour: 500) == .after(.seconds(1794)))
        #expect(decide(.seconds(6), day: 99) == .now)
        #expect(decide(.seconds(6), day: 100) == .after(.seconds(174)))
        // A process that crashes the moment it has identified, for a day.
        var sent = 0
        var elapsed = Duration.zero
        var times: [Duration] = []
        while elapsed < .seconds(86_400) {
            var limit = Self.limit
            limit.remaining = 1000 - sent
            let history = IdentifyBudget.History(of: 0, sent: times.map { (0, elapsed - $0) }, buckets: 1)
            switch IdentifyBudget.decide(history, limit: limit) {
            case .now:
                sent += 1
                times.append(elapsed)
                elapsed += .seconds(1)
            case .after(let pause): elapsed += pause
            case .exhausted(let pause): elapsed += pause
            }
        }
        #expect(sent < 600)
    }

    @Test("The last sessions of a day are left to the operator")
    func exhausted() {
        #expect(decide(.seconds(100), remaining: 50) == .exhausted(.seconds(60)))
        #expect(decide(.seconds(100), day: 950) == .exhausted(.seconds(3600)))
    }
}
