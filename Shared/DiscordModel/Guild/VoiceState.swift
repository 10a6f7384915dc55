/// Where a user is in voice and how. Source: Discord API reference, "Voice State Object".
package struct VoiceState: Codable, Hashable, Sendable {
    /// Absent inside GUILD_CREATE, whose guild stands around it.
    package var guildID: GuildID?
    /// Nil: the user has left voice.
    package var channelID: ChannelID?
    package var userID: UserID
    package var sessionID: String
    /// Deafened by the guild.
    package var deaf: Bool
    /// Muted by the guild.
    package var mute: Bool
    package var selfDeaf: Bool
    package var selfMute: Bool
    package var selfStream: Bool
    package var selfVideo: Bool
    /// May not speak on a stage.
    package var suppress: Bool
    /// Present in events of a guild.
    package var member: Member?

    package init(userID: UserID, channelID: ChannelID?, guildID: GuildID? = nil, sessionID: String = "") {
        self.userID = userID
        self.channelID = channelID
        self.guildID = guildID
        self.sessionID = sessionID
        deaf = false
        mute = false
        selfDeaf = false
        selfMute = false
        selfStream = false
        selfVideo = false
        suppress = false
    }

    package enum CodingKeys: String, CodingKey {
        case deaf, mute, suppress, member
        case guildID = "guild_id"
        case channelID = "channel_id"
        case userID = "user_id"
        case sessionID = "session_id"
        case selfDeaf = "self_deaf"
        case selfMute = "self_mute"
        case selfStream = "self_stream"
        case selfVideo = "self_video"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        userID = try container.decode(UserID.self, forKey: .userID)
        channelID = try container.decodeIfPresent(ChannelID.self, forKey: .channelID)
        guildID = container.lenient(.guildID)
        sessionID = container.lenient(.sessionID, or: "")
        deaf = container.lenient(.deaf, or: false)
        mute = container.lenient(.mute, or: false)
        selfDeaf = container.lenient(.selfDeaf, or: false)
        selfMute = container.lenient(.selfMute, or: false)
        selfStream = container.lenient(.selfStream, or: false)
        selfVideo = container.lenient(.selfVideo, or: false)
        suppress = container.lenient(.suppress, or: false)
        member = container.lenient(.member)
    }
}
