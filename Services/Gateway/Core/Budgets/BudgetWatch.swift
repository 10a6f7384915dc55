import BusContract
import DiscordModel

/// Notices when one of Discord's allowances passes a level, up or down: each time once. Pure.
struct BudgetWatch: Sendable {
    struct Budget: Hashable, Sendable {
        let kind: BudgetKind
        /// nil for what all bots of this address share.
        let bot: BotID?
    }

    /// How much of it is used.
    struct Reading: Equatable, Sendable {
        var used: Int
        /// At how many nothing more is sent.
        var limit: Int
        /// When what was used is forgotten, at the latest.
        var clears: ContinuousClock.Instant

        var level: BudgetLevel {
            if used >= limit { return .exhausted }
            if used * 5 >= limit * 4 { return .critical }
            return used * 2 >= limit ? .high : .calm
        }
    }

    struct Change: Equatable, Sendable {
        let budget: Budget
        let reading: Reading
        let before: BudgetLevel
    }

    /// What is not calm.
    private(set) var raised: [Budget: Reading] = [:]

    /// Takes what was read of a budget; nil when its level is as before.
    mutating func note(_ reading: Reading, of budget: Budget) -> Change? {
        let before = raised[budget]?.level ?? .calm
        raised[budget] = reading.level == .calm ? nil : reading
        return before == reading.level ? nil : Change(budget: budget, reading: reading, before: before)
    }

    /// Those whose time has passed without a further reading.
    mutating func expire(_ now: ContinuousClock.Instant) -> [Change] {
        raised.filter { $0.value.clears <= now }.sorted { $0.value.clears < $1.value.clears }.compactMap {
            (budget, reading) in
            note(Reading(used: 0, limit: reading.limit, clears: reading.clears), of: budget)
        }
    }
}
