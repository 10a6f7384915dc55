package import DiscordModel

/// One player: what one bot plays in one guild. One bot's player can never be taken for another's.
package struct PlayerKey: Hashable, Sendable, CustomStringConvertible {
    package let bot: BotID
    package let guild: GuildID

    package init(bot: BotID, guild: GuildID) {
        self.bot = bot
        self.guild = guild
    }

    package var description: String { "\(bot)@\(guild)" }
}

/// One place in a queue, for ever: `<interaction>.<index>`, so that a command which is handled twice names the same one.
///
/// It travels to the node and back in the track's user data, and makes every report about a track recognisable.
package struct QueueEntryID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package init(interaction: InteractionID, index: Int) {
        rawValue = "\(interaction).\(index)"
    }

    package var description: String { rawValue }
}
