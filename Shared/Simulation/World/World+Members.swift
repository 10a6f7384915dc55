package import DiscordModel

/// Members: nicknames, roles, timeouts, kicks and bans.
extension World {
    /// The longest timeout: 28 days.
    private static let timeoutLimit: EpochMilliseconds = 28 * 86_400_000

    /// A PATCH of a member, as the body asks.
    @discardableResult
    package mutating func editMember(
        _ target: UserID,
        of guildID: GuildID,
        _ body: JSONValue,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) -> Member {
        let guild = try guild(guildID, for: actor)
        var member = try member(target, of: guildID)
        var changes: [JSONValue] = []
        if let nick = body["nick"] {
            try setNick(nick.stringValue, of: &member, in: guild, by: actor, &changes)
        }
        if let roles = body["roles"]?.arrayValue {
            let ids = roles.compactMap { $0.snowflake(RoleID.self) }
            try require(.manageRoles, of: actor, in: guildID)
            for id in Set(ids).symmetricDifference(member.roles) { try checkAssignable(id, in: guild, by: actor) }
            member.roles = ids.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
        if let until = body["communication_disabled_until"] {
            try setTimeout(until, of: &member, in: guild, by: actor, &changes)
        }
        try setVoiceFlags(body, of: &member, in: guild, by: actor, &changes)
        if let channel = body["channel_id"] {
            try moveMember(target, in: guild, to: channel.snowflake(ChannelID.self), by: actor, reason: reason)
        }
        let rolesChanged = guild.members[target]?.roles != member.roles
        if member != guild.members[target] { store(member, in: guildID) }
        if !changes.isEmpty {
            recordAudit(24, by: actor, target: target.description, reason: reason, in: guildID, changes: changes)
        }
        if rolesChanged {
            recordAudit(25, by: actor, target: target.description, reason: reason, in: guildID)
        }
        return member
    }

    private func setNick(
        _ nick: String?,
        of member: inout Member,
        in guild: Guild,
        by actor: UserID,
        _ changes: inout [JSONValue]
    ) throws(DiscordError) {
        if actor == member.userID {
            guard !permissions(of: actor, in: guild.id).isDisjoint(with: [.changeNickname, .manageNicknames]) else {
                throw .missingPermissions
            }
        } else {
            try require(.manageNicknames, of: actor, in: guild.id)
            guard outranks(actor, member.userID, in: guild) else { throw .missingPermissions }
        }
        let wanted = nick.flatMap { $0.isEmpty ? nil : $0 }
        if let wanted {
            var errors = FormErrors()
            errors.checkLength(wanted, 1...32, ["nick"])
            try errors.throwIfAny()
        }
        changes.append(["key": "nick", "old_value": .text(member.nick), "new_value": .text(wanted)])
        member.nick = wanted
    }

    private func setTimeout(
        _ value: JSONValue,
        of member: inout Member,
        in guild: Guild,
        by actor: UserID,
        _ changes: inout [JSONValue]
    ) throws(DiscordError) {
        try require(.moderateMembers, of: actor, in: guild.id)
        let isAdministrator = permissions(of: member.userID, in: guild.id).contains(.administrator)
        guard outranks(actor, member.userID, in: guild), !isAdministrator else { throw .missingPermissions }
        var until: EpochMilliseconds?
        if !value.isNull {
            let path = ["communication_disabled_until"]
            guard let parsed = value.stringValue.flatMap(DiscordTimestamp.parse) else {
                throw .invalidForm(path, "DATE_TIME_TYPE_PARSE", "Could not parse \(value.text). Should be ISO8601.")
            }
            guard parsed <= now + Self.timeoutLimit else {
                throw .invalidForm(path, "BASE_TYPE_MAX_TIMESTAMP", "Time must be at most 28 days in the future.")
            }
            until = parsed
        }
        changes.append([
            "key": "communication_disabled_until", "old_value": .time(member.timeoutUntil), "new_value": .time(until),
        ])
        member.timeoutUntil = until
    }

    private func setVoiceFlags(
        _ body: JSONValue,
        of member: inout Member,
        in guild: Guild,
        by actor: UserID,
        _ changes: inout [JSONValue]
    ) throws(DiscordError) {
        for (key, needed) in [("mute", Permissions.muteMembers), ("deaf", .deafenMembers)] {
            guard let value = body[key]?.boolValue else { continue }
            try require(needed, of: actor, in: guild.id)
            guard guild.voiceStates[member.userID] != nil else { throw .notInVoice }
            changes.append(["key": .string(key), "new_value": .bool(value)])
            if key == "mute" { member.mute = value } else { member.deaf = value }
        }
    }

    /// Stores a changed member and tells everyone, in voice too.
    mutating func store(_ member: Member, in guildID: GuildID) {
        let before = guilds[guildID]?.members[member.userID]
        guilds[guildID]?.members[member.userID] = member
        emit(
            "GUILD_MEMBER_UPDATE",
            to: .guild(guildID),
            intents: .guildMembers,
            memberJSON(member).merging(["guild_id": .id(guildID)]),
            alsoFor: [member.userID]
        )
        announceMember(member.userID, in: guildID)
        if before?.mute != member.mute || before?.deaf != member.deaf { emitVoiceState(of: member.userID, in: guildID) }
    }

    mutating func announceMember(_ user: UserID, in guild: GuildID) {
        announce("member", memberSummary(user, in: guild))
    }

    // MARK: - Roles of members

    /// 50013 unless the actor may give and take that role.
    func checkAssignable(_ id: RoleID, in guild: Guild, by actor: UserID) throws(DiscordError) {
        guard let role = guild.roles[id] else { throw .unknownRole }
        guard !role.isManaged, id != guild.id.everyoneRole, outranks(actor, role: role, in: guild) else {
            throw .missingPermissions
        }
    }

    package mutating func setRole(
        _ role: RoleID,
        given: Bool,
        _ target: UserID,
        of guildID: GuildID,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) {
        let guild = try guild(guildID, for: actor)
        var member = try member(target, of: guildID)
        guard let known = guild.roles[role] else { throw .unknownRole }
        try require(.manageRoles, of: actor, in: guildID)
        try checkAssignable(role, in: guild, by: actor)
        guard member.roles.contains(role) != given else { return }
        if given { member.roles.append(role) } else { member.roles.removeAll { $0 == role } }
        store(member, in: guildID)
        recordAudit(
            25,
            by: actor,
            target: target.description,
            reason: reason,
            in: guildID,
            changes: [
                [
                    "key": given ? "$add" : "$remove",
                    "new_value": [["id": .id(role), "name": .string(known.name)]],
                ]
            ]
        )
    }

    // MARK: - Coming and going

    /// A person who is not here yet; known users come back under their id.
    @discardableResult
    package mutating func addMember(named name: String, to guildID: GuildID) throws(DiscordError) -> Member {
        let known = users.values.first { $0.name == name.lowercased() && !$0.isBot }
        let user =
            known ?? User(id: UserID(nextID()), name: name.lowercased(), globalName: name, isBot: false, avatar: nil)
        guard try guild(guildID).members[user.id] == nil else {
            throw DiscordError(status: 400, code: 0, message: "\(name) is already a member")
        }
        guard guilds[guildID]?.bans[user.id] == nil else {
            throw DiscordError(status: 403, code: 40007, message: "The user is banned from this guild.")
        }
        users[user.id] = user
        let member = Member(userID: user.id, joinedAt: now)
        guilds[guildID]?.members[user.id] = member
        announceJoin(user.id, of: guildID)
        return member
    }

    mutating func announceJoin(_ user: UserID, of guildID: GuildID) {
        guard let member = guilds[guildID]?.members[user] else { return }
        emit(
            "GUILD_MEMBER_ADD",
            to: .guild(guildID),
            intents: .guildMembers,
            memberJSON(member).merging(["guild_id": .id(guildID)])
        )
        announceMember(user, in: guildID)
    }

    /// Leaving by oneself.
    package mutating func leave(_ guildID: GuildID, _ user: UserID) throws(DiscordError) {
        let guild = try guild(guildID, for: user)
        guard guild.ownerID != user else { throw .missingPermissions }
        removeMember(user, from: guildID)
    }

    package mutating func kick(
        _ target: UserID,
        from guildID: GuildID,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) {
        let guild = try guild(guildID, for: actor)
        _ = try member(target, of: guildID)
        try require(.kickMembers, of: actor, in: guildID)
        guard outranks(actor, target, in: guild) else { throw .missingPermissions }
        removeMember(target, from: guildID)
        recordAudit(20, by: actor, target: target.description, reason: reason, in: guildID)
    }

    private mutating func removeMember(_ user: UserID, from guildID: GuildID) {
        leaveVoice(user, in: guildID)
        let isBot = users[user]?.isBot == true
        guilds[guildID]?.members[user] = nil
        emit(
            "GUILD_MEMBER_REMOVE",
            to: .guild(guildID),
            intents: .guildMembers,
            ["guild_id": .id(guildID), "user": userJSON(user)]
        )
        if isBot { emit("GUILD_DELETE", to: .users([user], guild: guildID), intents: .guilds, ["id": .id(guildID)]) }
        announceMember(user, in: guildID)
    }

    // MARK: - Bans

    package mutating func ban(
        _ target: UserID,
        from guildID: GuildID,
        deletingSeconds: Int = 0,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) {
        let guild = try guild(guildID, for: actor)
        try require(.banMembers, of: actor, in: guildID)
        _ = try user(target)
        guard guild.members[target] == nil || outranks(actor, target, in: guild) else { throw .missingPermissions }
        guard (0...604_800).contains(deletingSeconds) else {
            throw .invalidForm(
                ["delete_message_seconds"],
                "NUMBER_TYPE_MAX",
                "int value should be less than or equal to 604800."
            )
        }
        guilds[guildID]?.bans[target] = Ban(userID: target, reason: reason)
        if guild.members[target] != nil { removeMember(target, from: guildID) }
        if deletingSeconds > 0 { deleteRecent(of: target, in: guild, seconds: deletingSeconds) }
        emit(
            "GUILD_BAN_ADD",
            to: .permitted(guildID, [.banMembers, .viewAuditLog]),
            intents: .guildModeration,
            ["guild_id": .id(guildID), "user": userJSON(target)]
        )
        recordAudit(22, by: actor, target: target.description, reason: reason, in: guildID)
    }

    private mutating func deleteRecent(of author: UserID, in guild: Guild, seconds: Int) {
        let since = MessageID.lowerBound(millisecondsSinceEpoch: now - min(now, EpochMilliseconds(seconds) * 1000))
        for channel in guild.channelIDs {
            let recent = (history[channel]?.all ?? []).filter { $0.authorID == author && $0.id >= since }
            for message in recent { removeMessage(message) }
        }
    }

    package mutating func unban(
        _ target: UserID,
        from guildID: GuildID,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) {
        _ = try guild(guildID, for: actor)
        try require(.banMembers, of: actor, in: guildID)
        guard guilds[guildID]?.bans.removeValue(forKey: target) != nil else { throw .unknownBan }
        emit(
            "GUILD_BAN_REMOVE",
            to: .permitted(guildID, [.banMembers, .viewAuditLog]),
            intents: .guildModeration,
            ["guild_id": .id(guildID), "user": userJSON(target)]
        )
        recordAudit(23, by: actor, target: target.description, reason: reason, in: guildID)
    }

    /// The nickname, display name or user name, whichever a reader sees.
    package func displayName(_ user: UserID, in guild: GuildID?) -> String {
        guild.flatMap { guilds[$0]?.members[user]?.nick } ?? users[user]?.displayName ?? "?"
    }
}
