package import DiscordModel

/// How much a member owns.
package struct QueryBalance: BusRequest {
    package typealias Reply = Balance
    package static let typeName = "ensemble.community.v1.QueryBalance"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.community]

    package var guild: GuildID
    package var user: UserID

    package init(guild: GuildID, user: UserID) {
        self.guild = guild
        self.user = user
    }
}

package struct Balance: BusMessage {
    package static let typeName = "ensemble.community.v1.Balance"

    package var user: UserID
    package var amount: Int64

    package init(user: UserID, amount: Int64) {
        self.user = user
        self.amount = amount
    }
}

/// A member's balance changed.
package struct BalanceChanged: BusEvent {
    package static let typeName = "ensemble.community.v1.BalanceChanged"
    package static let topic = Topic.ensemble("community", "balance-changed")
    package static let publisher = ServiceRole.community

    package var guild: GuildID
    package var user: UserID
    package var amount: Int64
    /// What was added, negative when taken.
    package var change: Int64
    package var reason: String

    package init(guild: GuildID, user: UserID, amount: Int64, change: Int64, reason: String) {
        self.guild = guild
        self.user = user
        self.amount = amount
        self.change = change
        self.reason = reason
    }
}
