import BusContract
import DiscordModel
import Testing

@testable import GatewayCore

@Suite("Alarms of budgets")
struct BudgetWatchTests {
    private static let start = ContinuousClock.now
    private static let identifies = BudgetWatch.Budget(kind: .identifies, bot: BotID("rainbow"))
    private static let invalid = BudgetWatch.Budget(kind: .invalidRequests, bot: nil)

    private static func reading(_ used: Int, clears: Duration = .seconds(600)) -> BudgetWatch.Reading {
        BudgetWatch.Reading(used: used, limit: 1000, clears: start + clears)
    }

    @Test(
        "Each level begins where it says",
        arguments: [
            (0, BudgetLevel.calm), (499, .calm), (500, .high), (799, .high), (800, .critical), (999, .critical),
            (1000, .exhausted), (1500, .exhausted),
        ]
    )
    func levels(_ used: Int, _ level: BudgetLevel) {
        #expect(Self.reading(used).level == level)
    }

    @Test("A change is told once, up and down, for each budget by itself")
    func changes() {
        var watch = BudgetWatch()
        func note(_ used: Int, _ budget: BudgetWatch.Budget = Self.invalid) -> BudgetLevel? {
            watch.note(Self.reading(used), of: budget)?.reading.level
        }
        #expect(note(499) == nil)
        #expect(note(500) == .high)
        #expect(note(501) == nil)
        #expect(note(700, Self.identifies) == .high)
        // Several levels at once are one change.
        #expect(note(1000) == .exhausted)
        #expect(note(1001) == nil)
        #expect(note(900) == .critical)
        #expect(note(20) == .calm)
        #expect(note(0) == nil)
        #expect(watch.raised.keys.map(\.kind) == [.identifies])
    }

    @Test("What is not read again recovers by itself when its time has passed")
    func expiry() {
        var watch = BudgetWatch()
        _ = watch.note(Self.reading(800), of: Self.invalid)
        _ = watch.note(Self.reading(1000, clears: .seconds(86_400)), of: Self.identifies)
        #expect(watch.expire(Self.start + .seconds(599)).isEmpty)
        // Each reading begins the time anew.
        _ = watch.note(Self.reading(810, clears: .seconds(700)), of: Self.invalid)
        #expect(watch.expire(Self.start + .seconds(600)).isEmpty)
        let changes = watch.expire(Self.start + .seconds(700))
        #expect(changes.map(\.budget) == [Self.invalid])
        #expect(changes.map(\.before) == [.critical] && changes.map(\.reading.level) == [.calm])
        #expect(watch.expire(Self.start + .seconds(700)).isEmpty)
        #expect(watch.raised.count == 1)
    }
}
