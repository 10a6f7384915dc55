/// A channel or thread. Source: Discord API reference, "Channel Object".
package struct Channel: Codable, Hashable, Sendable {
    package var id: ChannelID
    package var type: ChannelType
    package var guildID: GuildID?
    package var name: String?
    package var topic: String?
    package var position: Int
    /// The category of a channel, the channel of a thread.
    package var parentID: ChannelID?
    package var permissionOverwrites: [PermissionOverwrite]
    package var isAgeRestricted: Bool
    /// Seconds a member must wait between two messages.
    package var slowmode: Int
    /// Most members that a voice channel takes; 0 is no limit.
    package var userLimit: Int
    /// Who opened the thread.
    package var ownerID: UserID?
    package var isArchived: Bool

    package init(
        id: ChannelID,
        type: ChannelType,
        guildID: GuildID? = nil,
        name: String? = nil,
        topic: String? = nil,
        position: Int = 0,
        parentID: ChannelID? = nil,
        permissionOverwrites: [PermissionOverwrite] = [],
        isAgeRestricted: Bool = false,
        slowmode: Int = 0,
        userLimit: Int = 0,
        ownerID: UserID? = nil,
        isArchived: Bool = false
    ) {
        self.id = id
        self.type = type
        self.guildID = guildID
        self.name = name
        self.topic = topic
        self.position = position
        self.parentID = parentID
        self.permissionOverwrites = permissionOverwrites
        self.isAgeRestricted = isAgeRestricted
        self.slowmode = slowmode
        self.userLimit = userLimit
        self.ownerID = ownerID
        self.isArchived = isArchived
    }

    package enum CodingKeys: String, CodingKey {
        case id, type, name, topic, position
        case guildID = "guild_id"
        case parentID = "parent_id"
        case permissionOverwrites = "permission_overwrites"
        case isAgeRestricted = "nsfw"
        case slowmode = "rate_limit_per_user"
        case userLimit = "user_limit"
        case ownerID = "owner_id"
        case threadMetadata = "thread_metadata"
    }

    private struct ThreadMetadata: Codable {
        var archived: Bool?
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(ChannelID.self, forKey: .id)
        type = try container.decode(ChannelType.self, forKey: .type)
        guildID = container.lenient(.guildID)
        name = container.lenient(.name)
        topic = container.lenient(.topic)
        position = container.lenient(.position, or: 0)
        parentID = container.lenient(.parentID)
        // Rights are never guessed: an unreadable overwrite fails the channel rather than open it.
        permissionOverwrites =
            try container.decodeIfPresent([PermissionOverwrite].self, forKey: .permissionOverwrites) ?? []
        isAgeRestricted = container.lenient(.isAgeRestricted, or: false)
        slowmode = container.lenient(.slowmode, or: 0)
        userLimit = container.lenient(.userLimit, or: 0)
        ownerID = container.lenient(.ownerID)
        isArchived = container.lenient(ThreadMetadata.self, .threadMetadata)?.archived ?? false
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(type, forKey: .type)
        try container.encodeIfPresent(guildID, forKey: .guildID)
        try container.encodeIfPresent(name, forKey: .name)
        try container.encodeIfPresent(topic, forKey: .topic)
        try container.encode(position, forKey: .position)
        try container.encodeIfPresent(parentID, forKey: .parentID)
        try container.encode(permissionOverwrites, forKey: .permissionOverwrites)
        try container.encode(isAgeRestricted, forKey: .isAgeRestricted)
        try container.encode(slowmode, forKey: .slowmode)
        try container.encode(userLimit, forKey: .userLimit)
        try container.encodeIfPresent(ownerID, forKey: .ownerID)
        if type.isThread {
            try container.encode(ThreadMetadata(archived: isArchived), forKey: .threadMetadata)
        }
    }
}

/// The kind of a channel. Kinds that are not named here are kept as they came.
package struct ChannelType: RawRepresentable, Codable, Hashable, Sendable {
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

    package static let guildText = Self(rawValue: 0)
    package static let directMessage = Self(rawValue: 1)
    package static let guildVoice = Self(rawValue: 2)
    package static let groupDirectMessage = Self(rawValue: 3)
    package static let guildCategory = Self(rawValue: 4)
    package static let guildAnnouncement = Self(rawValue: 5)
    package static let announcementThread = Self(rawValue: 10)
    package static let publicThread = Self(rawValue: 11)
    package static let privateThread = Self(rawValue: 12)
    package static let guildStageVoice = Self(rawValue: 13)
    package static let guildForum = Self(rawValue: 15)
    package static let guildMedia = Self(rawValue: 16)

    /// Whether rights come from the parent channel.
    package var isThread: Bool {
        (10...12).contains(rawValue)
    }

    /// Whether members can connect to it.
    package var isVoice: Bool {
        self == .guildVoice || self == .guildStageVoice
    }
}

/// What a channel allows and denies one role or member beyond the guild's rights.
package struct PermissionOverwrite: Codable, Hashable, Sendable {
    /// The id of a role or a member, as `type` says.
    package var id: UInt64
    package var type: Target
    package var allow: Permissions
    package var deny: Permissions

    package enum Target: Int, Codable, Sendable {
        case role = 0
        case member = 1
    }

    package init(id: UInt64, type: Target, allow: Permissions = [], deny: Permissions = []) {
        self.id = id
        self.type = type
        self.allow = allow
        self.deny = deny
    }

    package enum CodingKeys: String, CodingKey {
        case id, type, allow, deny
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(Snowflake<PermissionOverwrite>.self, forKey: .id).rawValue
        type = try container.decode(Target.self, forKey: .type)
        allow = try container.decode(Permissions.self, forKey: .allow)
        deny = try container.decode(Permissions.self, forKey: .deny)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Snowflake<PermissionOverwrite>(id), forKey: .id)
        try container.encode(type, forKey: .type)
        try container.encode(allow, forKey: .allow)
        try container.encode(deny, forKey: .deny)
    }
}
