package import DiscordModel

/// Tells the bridge that `player_desired` of a player has a new generation; the row itself says what is wanted.
package struct SyncPlayer: BusRequest {
    package typealias Reply = Acknowledgement
    package static let typeName = "ensemble.music.v1.SyncPlayer"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.lavalinkBridge]
    package static let callers: Set<ServiceRole>? = [.music]

    package var bot: BotID
    package var guild: GuildID
    package var generation: Int64

    package init(bot: BotID, guild: GuildID, generation: Int64) {
        self.bot = bot
        self.guild = guild
        self.generation = generation
    }
}

/// Tells music what a node did with a bot's player. Its key makes a repeated report recognisable.
package struct ReportPlayer: BusRequest {
    package typealias Reply = Acknowledgement
    package static let typeName = "ensemble.music.v1.ReportPlayer"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.music]
    package static let callers: Set<ServiceRole>? = [.lavalinkBridge]

    package var bot: BotID
    package var guild: GuildID
    package var kind: PlayerReportKind
    /// The queue entry that it concerns, as music named it when it asked for the track; empty = none.
    package var entry: String
    package var generation: Int64
    /// Lavalink's reason for `trackEnd`; the exception's message for `trackException`; the close code's for `disconnected`.
    package var reason: String
    /// Milliseconds into the track.
    package var position: Int64

    package init(
        bot: BotID,
        guild: GuildID,
        kind: PlayerReportKind,
        entry: String = "",
        generation: Int64 = 0,
        reason: String = "",
        position: Int64 = 0
    ) {
        self.bot = bot
        self.guild = guild
        self.kind = kind
        self.entry = entry
        self.generation = generation
        self.reason = reason
        self.position = position
    }
}

package struct PlayerReportKind: OpenEnum {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let trackStart = Self(rawValue: "trackStart")
    package static let trackEnd = Self(rawValue: "trackEnd")
    package static let trackException = Self(rawValue: "trackException")
    package static let trackStuck = Self(rawValue: "trackStuck")
    /// The bot is out of its voice channel for good.
    package static let disconnected = Self(rawValue: "disconnected")
    /// A moderator moved the bot; `reason` is the new channel's id.
    package static let moved = Self(rawValue: "moved")
    /// The player was lost and has been made again, or could not be.
    package static let failed = Self(rawValue: "failed")
}

/// A player changed: for the live feed and the dashboard.
package struct PlayerChanged: BusEvent {
    package static let typeName = "ensemble.music.v1.PlayerChanged"
    package static let topic = Topic.ensemble("music", "player-changed")
    package static let publisher = ServiceRole.music

    package var bot: BotID
    package var guild: GuildID
    package var channel: ChannelID?
    /// `idle`, `playing`, `paused`.
    package var state: String
    package var title: String
    package var queued: Int

    package init(bot: BotID, guild: GuildID, channel: ChannelID?, state: String, title: String, queued: Int) {
        self.bot = bot
        self.guild = guild
        self.channel = channel
        self.state = state
        self.title = title
        self.queued = queued
    }
}
