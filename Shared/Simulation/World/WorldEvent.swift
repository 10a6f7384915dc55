package import DiscordModel

/// Something that gateway sessions may have to hear of.
package struct WorldEvent: Sendable {
    /// Which bots can hear it at all, before their intents are looked at.
    package enum Audience: Sendable {
        /// Every bot in the guild.
        case guild(GuildID)
        /// Bots in the guild that may view the channel.
        case channel(GuildID, ChannelID)
        /// Bots in the guild with any of these permissions.
        case permitted(GuildID, Permissions)
        /// These users only, for as far as they are bots; `guild` decides about the shard.
        case users(Set<UserID>, guild: GuildID?)
    }

    /// Discord's name (`MESSAGE_CREATE`).
    package let name: String
    package let audience: Audience
    /// A session needs one of these; empty means none is needed.
    package let intents: GatewayIntents
    package let payload: JSONValue
    /// Bots that hear it without the intents (their own GUILD_MEMBER_UPDATE).
    package var alsoFor: Set<UserID> = []
    /// Set where MESSAGE_CONTENT matters: the bots that see the content without it.
    package var contentVisibleTo: Set<UserID>?

    /// The payload for a session without MESSAGE_CONTENT: the five fields that the intent guards are empty
    /// (gateway documentation, "Message Content Intent").
    package var strippedPayload: JSONValue { WorldEvent.strippingContent(payload) }

    static func strippingContent(_ message: JSONValue) -> JSONValue {
        guard case .object(var members) = message else { return message }
        members["content"] = ""
        for key in ["embeds", "attachments", "components"] { members[key] = [] }
        members["poll"] = nil
        return .object(members)
    }
}

/// What the page and tests hear of through the control API's event stream.
package struct WorldChange: Sendable {
    /// `message`, `messageDeleted`, `typing`, `voice`, `member`, `interaction`, `channel`, `bots`, `commands`.
    package let kind: String
    package let payload: JSONValue
}
