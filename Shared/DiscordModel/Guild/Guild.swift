/// A server, as GUILD_CREATE brings it. Source: Discord API reference, "Guild Create".
package struct Guild: Codable, Hashable, Sendable {
    package var id: GuildID
    package var name: String
    package var ownerID: UserID
    package var icon: String?
    package var preferredLocale: String?
    package var memberCount: Int
    package var roles: [Role]
    package var channels: [Channel]
    package var threads: [Channel]
    /// Only some: without presences, the bot and those in voice.
    package var members: [Member]
    package var voiceStates: [VoiceState]

    package init(
        id: GuildID,
        name: String,
        ownerID: UserID,
        icon: String? = nil,
        preferredLocale: String? = nil,
        memberCount: Int = 0,
        roles: [Role] = [],
        channels: [Channel] = [],
        threads: [Channel] = [],
        members: [Member] = [],
        voiceStates: [VoiceState] = []
    ) {
        self.id = id
        self.name = name
        self.ownerID = ownerID
        self.icon = icon
        self.preferredLocale = preferredLocale
        self.memberCount = memberCount
        self.roles = roles
        self.channels = channels
        self.threads = threads
        self.members = members
        self.voiceStates = voiceStates
    }

    package enum CodingKeys: String, CodingKey {
        case id, name, icon, roles, channels, threads, members
        case ownerID = "owner_id"
        case preferredLocale = "preferred_locale"
        case memberCount = "member_count"
        case voiceStates = "voice_states"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(GuildID.self, forKey: .id)
        ownerID = try container.decode(UserID.self, forKey: .ownerID)
        // Rights are computed from these: a role missing from the list would change what people may do.
        roles = try container.decodeIfPresent([Role].self, forKey: .roles) ?? []
        name = container.lenient(.name, or: "")
        icon = container.lenient(.icon)
        preferredLocale = container.lenient(.preferredLocale)
        memberCount = container.lenient(.memberCount, or: 0)
        channels = container.lenientArray(.channels)
        threads = container.lenientArray(.threads)
        members = container.lenientArray(.members)
        voiceStates = container.lenientArray(.voiceStates)
    }
}

/// A guild of READY: its id, until GUILD_CREATE brings the rest.
package struct UnavailableGuild: Codable, Hashable, Sendable {
    package var id: GuildID

    package init(id: GuildID) {
        self.id = id
    }
}
