import DiscordModel

/// What the gateway knows of one guild: a value that events change. Pure.
struct GuildState: Codable, Sendable {
    /// Members kept beside our own bots and those in voice; the least recently seen go first.
    static let memberBound = 2_000

    var id: GuildID
    var name: String
    var ownerID: UserID
    var locale: String
    var memberCount: Int
    var roles: [RoleID: Role]
    var channels: [ChannelID: Channel]
    var members: [UserID: Member]
    var voiceStates: [UserID: VoiceState]

    init(_ guild: Guild) {
        id = guild.id
        name = guild.name
        ownerID = guild.ownerID
        locale = guild.preferredLocale ?? ""
        memberCount = guild.memberCount
        roles = Dictionary(guild.roles.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        channels = Dictionary((guild.channels + guild.threads).map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        members = [:]
        voiceStates = [:]
        for member in guild.members { note(member) }
        for state in guild.voiceStates where state.channelID != nil { voiceStates[state.userID] = state }
    }

    /// What hierarchy and permissions are computed from.
    var rights: GuildRights { GuildRights(guildID: id, ownerID: ownerID, roles: roles) }

    func subject(_ user: UserID) -> GuildRights.Subject? {
        members[user].map {
            GuildRights.Subject(userID: user, roles: $0.roles, timedOutUntil: $0.communicationDisabledUntil)
        }
    }

    /// Keeps a member; when there are too many, one that nobody hears is forgotten, and asked for when it is needed.
    mutating func note(_ member: Member) {
        guard let user = member.user?.id else { return }
        if members.count >= Self.memberBound, members[user] == nil,
            let other = members.keys.first(where: { voiceStates[$0] == nil && members[$0]?.user?.bot != true })
        {
            members[other] = nil
        }
        members[user] = member
    }

    mutating func note(_ state: VoiceState) {
        if let member = state.member { note(member) }
        voiceStates[state.userID] = state.channelID == nil ? nil : state
    }

    mutating func note(_ channel: Channel) {
        channels[channel.id] = channel
    }

    /// Takes a GUILD_UPDATE, which carries neither channels nor members.
    mutating func update(_ guild: Guild) {
        name = guild.name
        ownerID = guild.ownerID
        locale = guild.preferredLocale ?? locale
        if !guild.roles.isEmpty { roles = Dictionary(guild.roles.map { ($0.id, $0) }, uniquingKeysWith: { $1 }) }
    }
}
