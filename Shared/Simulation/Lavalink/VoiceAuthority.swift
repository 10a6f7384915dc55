package import DiscordModel

/// What the local Lavalink asks and tells the local Discord about voice.
package protocol VoiceAuthority: Sendable {
    /// Whether a bot's voice connection has the credentials that Discord gave it last for this guild.
    func acceptsVoice(bot: UserID, guild: GuildID, sessionID: String, token: String, endpoint: String) -> Bool
    /// Tells what a bot plays in a guild; nil when it plays nothing.
    func setPlaying(_ track: NowPlaying?, bot: UserID, guild: GuildID)
}
