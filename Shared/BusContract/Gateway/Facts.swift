package import DiscordModel

/// What the gateway knows of a guild.
package struct QueryGuild: GuildRequest {
    package typealias Reply = GuildFacts
    package static let typeName = "ensemble.gateway.v1.QueryGuild"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway]

    package var guild: GuildID

    package init(guild: GuildID) {
        self.guild = guild
    }
}

package struct GuildFacts: BusMessage {
    package static let typeName = "ensemble.gateway.v1.GuildFacts"

    /// False when none of our bots is in that guild; everything else is then empty.
    package var known: Bool
    package var guild: GuildID
    package var name: String
    package var owner: UserID?
    /// Discord's locale of the guild, for example `en-US`.
    package var locale: String
    package var memberCount: Int
    /// Our bots that are members.
    package var bots: [BotID]
    /// The bot from whose stream guild events are taken.
    package var observer: BotID?
    package var roles: [RoleFacts]
    package var channels: [ChannelFacts]

    package init(
        known: Bool,
        guild: GuildID,
        name: String = "",
        owner: UserID? = nil,
        locale: String = "",
        memberCount: Int = 0,
        bots: [BotID] = [],
        observer: BotID? = nil,
        roles: [RoleFacts] = [],
        channels: [ChannelFacts] = []
    ) {
        self.known = known
        self.guild = guild
        self.name = name
        self.owner = owner
        self.locale = locale
        self.memberCount = memberCount
        self.bots = bots
        self.observer = observer
        self.roles = roles
        self.channels = channels
    }
}

package struct RoleFacts: Codable, Hashable, Sendable {
    package var id: RoleID
    package var name: String
    package var position: Int
    package var permissions: Permissions
    package var managed: Bool

    package init(id: RoleID, name: String, position: Int, permissions: Permissions, managed: Bool) {
        self.id = id
        self.name = name
        self.position = position
        self.permissions = permissions
        self.managed = managed
    }
}

package struct ChannelFacts: BusMessage {
    package static let typeName = "ensemble.gateway.v1.ChannelFacts"

    /// False when the channel is not known; everything else is then empty.
    package var known: Bool
    package var id: ChannelID
    package var guild: GuildID?
    /// Discord's channel type: 0 text, 1 DM, 2 voice, 4 category, 13 stage …
    package var type: Int
    package var name: String
    package var topic: String
    package var parent: ChannelID?
    /// Highest number of members in a voice channel; 0 = no limit.
    package var userLimit: Int

    package init(
        known: Bool,
        id: ChannelID,
        guild: GuildID? = nil,
        type: Int = 0,
        name: String = "",
        topic: String = "",
        parent: ChannelID? = nil,
        userLimit: Int = 0
    ) {
        self.known = known
        self.id = id
        self.guild = guild
        self.type = type
        self.name = name
        self.topic = topic
        self.parent = parent
        self.userLimit = userLimit
    }
}

/// What the gateway knows of a channel.
package struct QueryChannel: BusRequest {
    package typealias Reply = ChannelFacts
    package static let typeName = "ensemble.gateway.v1.QueryChannel"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway]

    package var channel: ChannelID

    package init(channel: ChannelID) {
        self.channel = channel
    }
}

/// What the gateway knows of a member; it asks Discord when the member is not cached.
package struct QueryMember: GuildRequest {
    package typealias Reply = MemberFacts
    package static let typeName = "ensemble.gateway.v1.QueryMember"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway]

    package var guild: GuildID
    package var user: UserID

    package init(guild: GuildID, user: UserID) {
        self.guild = guild
        self.user = user
    }
}

package struct MemberFacts: BusMessage {
    package static let typeName = "ensemble.gateway.v1.MemberFacts"

    /// False when that user is no member of the guild.
    package var known: Bool
    package var user: UserID
    package var name: String
    /// Nick, else global name, else user name.
    package var displayName: String
    package var isBot: Bool
    package var isOwner: Bool
    package var roles: [RoleID]
    /// In the guild, without channel overwrites.
    package var permissions: Permissions
    /// The position of the highest role; compare it before acting on a member.
    package var highestRolePosition: Int
    /// The voice channel that the member is in.
    package var voiceChannel: ChannelID?

    package init(
        known: Bool,
        user: UserID,
        name: String = "",
        displayName: String = "",
        isBot: Bool = false,
        isOwner: Bool = false,
        roles: [RoleID] = [],
        permissions: Permissions = [],
        highestRolePosition: Int = 0,
        voiceChannel: ChannelID? = nil
    ) {
        self.known = known
        self.user = user
        self.name = name
        self.displayName = displayName
        self.isBot = isBot
        self.isOwner = isOwner
        self.roles = roles
        self.permissions = permissions
        self.highestRolePosition = highestRolePosition
        self.voiceChannel = voiceChannel
    }
}

/// Who is in which voice channel of a guild.
package struct QueryVoiceStates: GuildRequest {
    package typealias Reply = VoiceStates
    package static let typeName = "ensemble.gateway.v1.QueryVoiceStates"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway]

    package var guild: GuildID
    /// Only that channel; nil = every channel.
    package var channel: ChannelID?

    package init(guild: GuildID, channel: ChannelID? = nil) {
        self.guild = guild
        self.channel = channel
    }
}

package struct VoiceStates: BusMessage {
    package static let typeName = "ensemble.gateway.v1.VoiceStates"

    package var states: [VoiceStateFacts]

    package init(states: [VoiceStateFacts]) {
        self.states = states
    }
}

package struct VoiceStateFacts: Codable, Hashable, Sendable {
    package var user: UserID
    package var channel: ChannelID
    package var isBot: Bool
    /// Our bot, if it is one.
    package var bot: BotID?
    package var selfMute: Bool
    package var selfDeaf: Bool
    package var mute: Bool
    package var deaf: Bool

    package init(
        user: UserID,
        channel: ChannelID,
        isBot: Bool,
        bot: BotID? = nil,
        selfMute: Bool = false,
        selfDeaf: Bool = false,
        mute: Bool = false,
        deaf: Bool = false
    ) {
        self.user = user
        self.channel = channel
        self.isBot = isBot
        self.bot = bot
        self.selfMute = selfMute
        self.selfDeaf = selfDeaf
        self.mute = mute
        self.deaf = deaf
    }
}

/// What one of our bots may do in a guild, or in one of its channels.
package struct QueryPermissions: GuildRequest {
    package typealias Reply = PermissionFacts
    package static let typeName = "ensemble.gateway.v1.QueryPermissions"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway]

    package var bot: BotID
    package var guild: GuildID
    package var channel: ChannelID?

    package init(bot: BotID, guild: GuildID, channel: ChannelID? = nil) {
        self.bot = bot
        self.guild = guild
        self.channel = channel
    }
}

package struct PermissionFacts: BusMessage {
    package static let typeName = "ensemble.gateway.v1.PermissionFacts"

    /// False when the bot is not in that guild.
    package var known: Bool
    package var permissions: Permissions
    package var highestRolePosition: Int

    package init(known: Bool, permissions: Permissions, highestRolePosition: Int) {
        self.known = known
        self.permissions = permissions
        self.highestRolePosition = highestRolePosition
    }
}

/// The guilds that any of our bots is in.
package struct ListGuilds: BusRequest {
    package typealias Reply = GuildList
    package static let typeName = "ensemble.gateway.v1.ListGuilds"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway]

    package init() {}
}

package struct GuildList: BusMessage {
    package static let typeName = "ensemble.gateway.v1.GuildList"

    package var guilds: [GuildSummary]

    package init(guilds: [GuildSummary]) {
        self.guilds = guilds
    }
}

package struct GuildSummary: Codable, Hashable, Sendable {
    package var guild: GuildID
    package var name: String
    package var memberCount: Int
    package var bots: [BotID]
    package var observer: BotID?

    package init(guild: GuildID, name: String, memberCount: Int, bots: [BotID], observer: BotID?) {
        self.guild = guild
        self.name = name
        self.memberCount = memberCount
        self.bots = bots
        self.observer = observer
    }
}
