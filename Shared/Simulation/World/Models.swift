package import DiscordModel

/// A person or a bot, known to the whole of this Discord.
package struct User: Sendable, Equatable {
    package let id: UserID
    /// Unique, lower case.
    package var name: String
    package var globalName: String?
    package let isBot: Bool
    package var avatar: String?

    /// What others read when there is no nickname.
    package var displayName: String { globalName ?? name }
}

/// A user's membership of one guild.
package struct Member: Sendable, Equatable {
    package let userID: UserID
    package var nick: String?
    package var roles: [RoleID] = []
    package let joinedAt: EpochMilliseconds
    /// End of a timeout; it may lie in the past, then it counts for nothing.
    package var timeoutUntil: EpochMilliseconds?
    /// Muted and deafened in voice by a moderator.
    package var mute = false
    package var deaf = false
}

/// A guild's role.
package struct Role: Sendable, Equatable {
    package let id: RoleID
    package var name: String
    package var permissions: Permissions
    package var position: Int
    package var color = 0
    package var hoist = false
    package var mentionable = false
    /// Set for the role that belongs to one bot; such a role cannot be given, edited in its owner, or deleted by hand.
    package var botID: UserID?

    package var isManaged: Bool { botID != nil }
}

/// A permission overwrite of a channel.
package struct Overwrite: Sendable, Equatable {
    package enum Target: Sendable, Hashable {
        case role(RoleID)
        case member(UserID)

        package var rawValue: UInt64 {
            switch self {
            case .role(let id): id.rawValue
            case .member(let id): id.rawValue
            }
        }
    }

    package let target: Target
    package var allow: Permissions
    package var deny: Permissions
}

/// A channel: of a guild, or a direct one between two users.
package struct DiscordChannel: Sendable, Equatable {
    /// Discord's channel types; only those that this Discord can make.
    package enum Kind: Int, Sendable {
        case text = 0
        case direct = 1
        case voice = 2
        case category = 4
        case announcement = 5
        case stage = 13

        package var hasMessages: Bool { self != .category }
        package var isVoice: Bool { self == .voice || self == .stage }
    }

    package let id: ChannelID
    package let kind: Kind
    package let guildID: GuildID?
    package var name: String
    package var topic: String?
    package var position = 0
    package var parentID: ChannelID?
    package var overwrites: [Overwrite] = []
    package var isNSFW = false
    /// Slow mode: seconds between two messages of one member, 0 to 21,600.
    package var slowModeSeconds = 0
    package var bitrate = 64_000
    /// 0 means no limit.
    package var userLimit = 0
    package var lastMessageID: MessageID?
    package var lastPinAt: EpochMilliseconds?
    /// The two users of a direct channel.
    package var recipients: [UserID] = []
    /// A voice channel's status line.
    package var status: String?
}

/// An application and its bot user; their ids are the same number, as on Discord today.
package struct SimulatedApplication: Sendable, Equatable {
    package let id: ApplicationID
    /// The part of the token after `playground.`.
    package let name: String
    package var description = ""
    /// Where its interactions are posted; nil: they go over the gateway.
    package var interactionsEndpoint: String?
    /// Privileged intents (members, presences, message content) that its portal page grants; all by default.
    package var grantedPrivilegedIntents = GatewayIntents.privileged

    package var userID: UserID { UserID(id.rawValue) }

    /// Signs what is posted to its endpoint.
    var key: ApplicationKey { ApplicationKey(id) }
}

/// A ban of a guild.
package struct Ban: Sendable, Equatable {
    package let userID: UserID
    package let reason: String?
}

/// One entry of a guild's audit log.
package struct AuditEntry: Sendable, Equatable {
    package let id: UInt64
    package let userID: UserID
    package let targetID: String?
    /// Discord's number for the kind of action.
    package let action: Int
    package let reason: String?
    package var changes: [JSONValue] = []
    package var options: JSONValue?
}

/// A guild with everything that lives in it except messages.
package struct Guild: Sendable, Equatable {
    package let id: GuildID
    package var name: String
    package var ownerID: UserID
    package var roles: [RoleID: Role] = [:]
    package var members: [UserID: Member] = [:]
    package var channelIDs: Set<ChannelID> = []
    package var bans: [UserID: Ban] = [:]
    package var voiceStates: [UserID: VoiceState] = [:]
    /// Newest last, at most ``World/auditLimit``.
    package var audit: [AuditEntry] = []
}
