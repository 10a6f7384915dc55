import DiscordModel

/// What a reminder's job carries.
struct Reminder: Codable, Hashable {
    static let kind = "reminder"

    var bot: BotID
    var channel: ChannelID
    var user: UserID
    var text: String
    /// The member's language, by its code.
    var language: String
}
