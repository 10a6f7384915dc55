package import DiscordModel

/// One of Discord's allowances is being used up, or has recovered: an operator should look before the gateway has to stop.
package struct BudgetAlarm: BusEvent {
    package static let typeName = "ensemble.gateway.v1.BudgetAlarm"
    package static let topic = Topic.ensemble("gateway", "budget-alarm")
    package static let publisher = ServiceRole.gateway

    package var budget: BudgetKind
    /// Whose it is; nil for what all bots on this address share.
    package var bot: BotID?
    package var level: BudgetLevel
    package var used: Int
    /// At how many the gateway stops by itself, before Discord would act.
    package var limit: Int
    /// Unix milliseconds at which what was used is forgotten, at the latest.
    package var clearsAt: Int64

    package init(budget: BudgetKind, bot: BotID?, level: BudgetLevel, used: Int, limit: Int, clearsAt: Int64) {
        self.budget = budget
        self.bot = bot
        self.level = level
        self.used = used
        self.limit = limit
        self.clearsAt = clearsAt
    }
}

package struct BudgetKind: OpenEnum {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// New sessions of a day; a bot that begins too many has its token reset.
    package static let identifies = Self(rawValue: "identifies")
    /// REST calls of ten minutes that Discord refused; an address with too many is banned.
    package static let invalidRequests = Self(rawValue: "invalidRequests")
}

package struct BudgetLevel: OpenEnum {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let calm = Self(rawValue: "calm")
    /// Half is used.
    package static let high = Self(rawValue: "high")
    /// Four fifths are used.
    package static let critical = Self(rawValue: "critical")
    /// The gateway sends no more until it has recovered.
    package static let exhausted = Self(rawValue: "exhausted")
}
