package import DiscordModel

/// What music wants of a player: a row of `player_desired`, which music alone writes and the bridge makes true.
///
/// Its existence is the lease of a voice channel: a guild's voice channel has one bot, a bot one channel in a guild.
package struct DesiredPlayer: Hashable, Sendable {
    package let key: PlayerKey
    package var channel: ChannelID
    /// Where members hear of trouble.
    package var textChannel: ChannelID?
    /// Grows with every change, over all players.
    package var generation: Int64
    /// Grows when music insists on `channel`, after a moderator moved the bot where it must not be.
    package var voiceRevision: Int64
    /// What shall play; nil = nothing.
    package var entry: QueueEntryID?
    /// The node's handle of that track.
    package var encoded: String
    /// The track's source manager.
    package var source: String
    /// Milliseconds at which the track begins.
    package var startPosition: Int64
    package var paused: Bool
    /// 0 to 1000.
    package var volume: Int
    /// Tracks that failed in a row.
    package var failures: Int

    package init(
        key: PlayerKey,
        channel: ChannelID,
        textChannel: ChannelID? = nil,
        generation: Int64 = 0,
        voiceRevision: Int64 = 0,
        entry: QueueEntryID? = nil,
        encoded: String = "",
        source: String = "",
        startPosition: Int64 = 0,
        paused: Bool = false,
        volume: Int = 100,
        failures: Int = 0
    ) {
        self.key = key
        self.channel = channel
        self.textChannel = textChannel
        self.generation = generation
        self.voiceRevision = voiceRevision
        self.entry = entry
        self.encoded = encoded
        self.source = source
        self.startPosition = startPosition
        self.paused = paused
        self.volume = volume
        self.failures = failures
    }
}
