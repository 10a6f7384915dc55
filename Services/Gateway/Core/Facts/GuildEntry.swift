import DiscordModel

/// One guild as it is kept and stored.
struct GuildEntry: Codable, Sendable {
    var state: GuildState
    /// Our bots that are members.
    var bots: Set<BotID>
    var observer: BotID?

    var outline: GuildOutline {
        GuildOutline(
            id: state.id,
            name: state.name,
            memberCount: state.memberCount,
            bots: bots.sorted(),
            observer: observer
        )
    }
}

/// What lists of guilds show.
struct GuildOutline: Hashable, Sendable {
    var id: GuildID
    var name: String
    var memberCount: Int
    var bots: [BotID]
    var observer: BotID?
}
