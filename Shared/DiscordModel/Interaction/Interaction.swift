/// Something that a member asked of a bot: a command, a button, a half-typed option, a submitted form.
///
/// Source: Discord API reference, "Receiving and Responding". The token is not part of it: it stays in the gateway.
package struct Interaction: Codable, Hashable, Sendable {
    package var id: InteractionID
    package var applicationID: ApplicationID
    package var type: InteractionType
    package var data: InteractionData?
    package var guildID: GuildID?
    package var channelID: ChannelID?
    /// Set in guilds; it carries the member's rights in that channel.
    package var member: Member?
    /// Set in direct messages.
    package var user: User?
    /// The message that a component is on.
    package var message: InteractionMessage?
    /// The member's language, such as `en-GB` or `ko`.
    package var locale: String?
    package var guildLocale: String?
    /// The bot's own rights in that channel.
    package var appPermissions: Permissions?

    package init(id: InteractionID, applicationID: ApplicationID, type: InteractionType, data: InteractionData? = nil) {
        self.id = id
        self.applicationID = applicationID
        self.type = type
        self.data = data
    }

    /// Who asked, wherever they asked.
    package var invoker: User? { member?.user ?? user }

    package enum CodingKeys: String, CodingKey {
        case id, type, data, member, user, message, locale
        case applicationID = "application_id"
        case guildID = "guild_id"
        case channelID = "channel_id"
        case guildLocale = "guild_locale"
        case appPermissions = "app_permissions"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(InteractionID.self, forKey: .id)
        applicationID = try container.decode(ApplicationID.self, forKey: .applicationID)
        type = try container.decode(InteractionType.self, forKey: .type)
        data = try container.decodeIfPresent(InteractionData.self, forKey: .data)
        guildID = try container.decodeIfPresent(GuildID.self, forKey: .guildID)
        channelID = container.lenient(.channelID)
        member = container.lenient(.member)
        user = container.lenient(.user)
        message = container.lenient(.message)
        locale = container.lenient(.locale)
        guildLocale = container.lenient(.guildLocale)
        appPermissions = container.lenient(.appPermissions)
    }
}

/// The kind of an interaction.
package struct InteractionType: RawRepresentable, Codable, Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }

    package init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(Int.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    package static let ping = Self(rawValue: 1)
    package static let applicationCommand = Self(rawValue: 2)
    package static let messageComponent = Self(rawValue: 3)
    package static let autocomplete = Self(rawValue: 4)
    package static let modalSubmit = Self(rawValue: 5)
}

/// The message that a component is on.
package struct InteractionMessage: Codable, Hashable, Sendable {
    package var id: MessageID
    package var channelID: ChannelID?
    package var content: String?

    package enum CodingKeys: String, CodingKey {
        case id, content
        case channelID = "channel_id"
    }

    package init(id: MessageID, channelID: ChannelID? = nil, content: String? = nil) {
        self.id = id
        self.channelID = channelID
        self.content = content
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(MessageID.self, forKey: .id)
        channelID = container.lenient(.channelID)
        content = container.lenient(.content)
    }
}
