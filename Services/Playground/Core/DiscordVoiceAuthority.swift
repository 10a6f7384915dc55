import DiscordModel
import Simulation

/// Lets the local Lavalink ask the local Discord about voice, and tell it what plays.
struct DiscordVoiceAuthority: VoiceAuthority {
    let discord: SimulatedDiscord

    func acceptsVoice(bot: UserID, guild: GuildID, sessionID: String, token: String, endpoint: String) -> Bool {
        // Reading the world cannot fail.
        (try? discord.withWorld { world throws(DiscordError) in
            world.acceptsVoice(bot: bot, guild: guild, sessionID: sessionID, token: token, endpoint: endpoint)
        }) ?? false
    }

    func setPlaying(_ track: NowPlaying?, bot: UserID, guild: GuildID) {
        _ = try? discord.withWorld { world throws(DiscordError) in
            world.setPlaying(track, bot: bot, guild: guild)
        }
    }
}
