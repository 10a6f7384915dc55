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
    private func decide(
        _ sinceLast: Duration?,
        hour: Int = 1,
        day: Int = 1,
        remaining: Int = 900,
        concurrency: Int = 1
    ) -> IdentifyBudget.Verdict {
        IdentifyBudget.decide(
            .init(sinceLast: sinceLast, inLastHour: hour, inLastDay: day),
            limit: .init(total: 1000, remaining: remaining, resetAfter: 60_000, maxConcurrency: concurrency)
        )
    }

    @Test("The first goes at once, the next five seconds later, or less with more concurrency")
    func pace() {
        #expect(decide(nil, hour: 0, day: 0) == .now)
        #expect(decide(.seconds(2)) == .after(.seconds(3)))
        #expect(decide(.seconds(5)) == .now)
        #expect(decide(.seconds(2), concurrency: 16) == .now)
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
            let hour = times.count { elapsed - $0 < .seconds(3600) }
            switch decide(times.last.map { elapsed - $0 }, hour: hour, day: sent, remaining: 1000 - sent) {
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
