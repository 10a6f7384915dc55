package import DiscordModel

/// Who may do what. Source: API documentation, "Permissions", "Permission Overwrites" and "Permission Hierarchy".
extension World {
    /// What is left to a member in timeout.
    private static let timedOut: Permissions = [.viewChannel, .readMessageHistory]

    /// A member's permissions in the guild as a whole; empty for one who is not in it.
    package func permissions(of user: UserID, in guildID: GuildID) -> Permissions {
        guard let guild = guilds[guildID], let member = guild.members[user] else { return [] }
        let base = basePermissions(of: member, in: guild)
        return restrict(base, member)
    }

    /// A user's permissions in a channel, overwrites and timeout included.
    package func permissions(of user: UserID, in channel: DiscordChannel) -> Permissions {
        guard let guildID = channel.guildID else {
            return channel.recipients.contains(user) ? Self.directPermissions : []
        }
        guard let guild = guilds[guildID], let member = guild.members[user] else { return [] }
        let base = basePermissions(of: member, in: guild)
        if base.contains(.administrator) { return .all }
        var result = base
        let everyone = Overwrite.Target.role(guildID.everyoneRole)
        for overwrite in channel.overwrites where overwrite.target == everyone {
            result = result.subtracting(overwrite.deny).union(overwrite.allow)
        }
        var allow: Permissions = []
        var deny: Permissions = []
        for overwrite in channel.overwrites {
            if case .role(let id) = overwrite.target, member.roles.contains(id) {
                allow.formUnion(overwrite.allow)
                deny.formUnion(overwrite.deny)
            }
        }
        result = result.subtracting(deny).union(allow)
        for overwrite in channel.overwrites where overwrite.target == .member(user) {
            result = result.subtracting(overwrite.deny).union(overwrite.allow)
        }
        result = restrict(result, member)
        if !result.contains(.viewChannel) { return [] }
        if !result.contains(.sendMessages), !channel.kind.isVoice {
            result.subtract([.mentionEveryone, .sendTTSMessages, .attachFiles, .embedLinks])
        }
        return result
    }

    private static let directPermissions: Permissions = [
        .viewChannel, .sendMessages, .readMessageHistory, .addReactions, .embedLinks, .attachFiles, .pinMessages,
        .useApplicationCommands,
    ]

    private func basePermissions(of member: Member, in guild: Guild) -> Permissions {
        if guild.ownerID == member.userID { return .all }
        var result = guild.roles[guild.id.everyoneRole]?.permissions ?? []
        for role in member.roles { result.formUnion(guild.roles[role]?.permissions ?? []) }
        return result.contains(.administrator) ? .all : result
    }

    private func restrict(_ permissions: Permissions, _ member: Member) -> Permissions {
        guard let until = member.timeoutUntil, until > now, !permissions.contains(.administrator) else {
            return permissions
        }
        return permissions.intersection(Self.timedOut)
    }

    // MARK: - Demands

    func require(_ needed: Permissions, of user: UserID, in guild: GuildID) throws(DiscordError) {
        guard permissions(of: user, in: guild).isSuperset(of: needed) else { throw .missingPermissions }
    }

    /// - Throws: 50001 when the user cannot see the channel, 50013 when something else is missing.
    func require(_ needed: Permissions, of user: UserID, in channel: DiscordChannel) throws(DiscordError) {
        let granted = permissions(of: user, in: channel)
        guard granted.contains(.viewChannel) else { throw .missingAccess }
        guard granted.isSuperset(of: needed) else { throw .missingPermissions }
    }

    // MARK: - Hierarchy

    /// The order of roles: by position, equal positions by id, the older one higher.
    static func ranksBelow(_ left: Role, _ right: Role) -> Bool {
        left.position != right.position ? left.position < right.position : left.id > right.id
    }

    func highestRole(of user: UserID, in guild: Guild) -> Role? {
        let ids = (guild.members[user]?.roles ?? []) + [guild.id.everyoneRole]
        return ids.compactMap { guild.roles[$0] }.max(by: Self.ranksBelow)
    }

    /// Whether one member may act on another: the owner on all, others on those whose highest role is below theirs.
    package func outranks(_ actor: UserID, _ target: UserID, in guild: Guild) -> Bool {
        if actor == guild.ownerID { return true }
        if target == guild.ownerID { return false }
        guard let mine = highestRole(of: actor, in: guild), let theirs = highestRole(of: target, in: guild) else {
            return false
        }
        return Self.ranksBelow(theirs, mine)
    }

    func outranks(_ actor: UserID, role: Role, in guild: Guild) -> Bool {
        if actor == guild.ownerID { return true }
        return highestRole(of: actor, in: guild).map { Self.ranksBelow(role, $0) } ?? false
    }
}
