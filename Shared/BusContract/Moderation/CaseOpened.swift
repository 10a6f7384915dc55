package import DiscordModel

/// A moderation case was opened, by a moderator or by a rule.
package struct CaseOpened: BusEvent {
    package static let typeName = "ensemble.moderation.v1.CaseOpened"
    package static let topic = Topic.ensemble("moderation", "case-opened")
    package static let publisher = ServiceRole.moderation

    package var guild: GuildID
    /// Counts from 1 in each guild.
    package var number: Int
    /// `warn` now; `timeout`, `kick`, `ban` … later.
    package var type: String
    package var user: UserID
    /// nil = done by a rule.
    package var moderator: UserID?
    package var reason: String

    package init(guild: GuildID, number: Int, type: String, user: UserID, moderator: UserID?, reason: String) {
        self.guild = guild
        self.number = number
        self.type = type
        self.user = user
        self.moderator = moderator
        self.reason = reason
    }
}
