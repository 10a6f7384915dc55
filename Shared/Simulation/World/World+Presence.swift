import DiscordModel

/// Who is online: members always, bots while they have a gateway session.
extension World {
    /// Tells that a bot's first session has begun, or its last one ended.
    mutating func setOnline(_ bot: UserID, _ isOnline: Bool) {
        guard onlineBots.contains(bot) != isOnline else { return }
        if isOnline { onlineBots.insert(bot) } else { onlineBots.remove(bot) }
        for guild in guilds.values where guild.members[bot] != nil {
            emit("PRESENCE_UPDATE", to: .guild(guild.id), intents: .guildPresences, presenceJSON(bot, of: guild.id))
            announceMember(bot, in: guild.id)
        }
        if let application = applications[ApplicationID(bot.rawValue)] { announce("bots", botSummary(application)) }
    }
}

/// What bots say of themselves.
extension World {
    /// Takes a bot's status and what it does.
    ///
    /// - Returns: false when that is no presence.
    mutating func setPresence(_ bot: UserID, _ data: JSONValue) -> Bool {
        let statuses: Set<String> = ["online", "dnd", "idle", "invisible", "offline"]
        guard let status = data["status"]?.stringValue, statuses.contains(status), data["afk"]?.boolValue != nil,
            let activities = data["activities"]?.arrayValue,
            activities.allSatisfy({ $0["name"]?.stringValue != nil && $0["type"]?.integerValue != nil })
        else { return false }
        presences[bot] = Presence(status: status == "invisible" ? "offline" : status, activities: activities)
        for guild in guilds.values where guild.members[bot] != nil {
            emit("PRESENCE_UPDATE", to: .guild(guild.id), intents: .guildPresences, presenceJSON(bot, of: guild.id))
        }
        return true
    }

    /// What a bot wants to be seen as.
    struct Presence {
        var status: String
        var activities: [JSONValue]
    }
}

/// What applications and moderators change about themselves and the guild.
extension World {
    mutating func describe(_ id: ApplicationID, _ text: String) {
        applications[id]?.description = text
    }

    /// PATCH of the bot's own user.
    mutating func editOwnUser(_ bot: UserID, _ body: JSONValue) throws(DiscordError) {
        if let name = body["username"]?.stringValue {
            var errors = FormErrors()
            errors.checkLength(name, 2...32, ["username"])
            try errors.throwIfAny()
            users[bot]?.name = name
        }
        if let avatar = body["avatar"] {
            users[bot]?.avatar = avatar.stringValue.map { Self.credential(UInt64($0.utf8.count), salt: 7) }
        }
        emit("USER_UPDATE", to: .users([bot], guild: nil), intents: [], ownUserJSON(bot))
        for guild in guilds.values where guild.members[bot] != nil { announceMember(bot, in: guild.id) }
    }

    mutating func editGuild(
        _ id: GuildID,
        _ body: JSONValue,
        by actor: UserID,
        reason: String?
    ) throws(DiscordError) {
        let guild = try guild(id, for: actor)
        try require(.manageGuild, of: actor, in: id)
        if let name = body["name"]?.stringValue {
            var errors = FormErrors()
            errors.checkLength(name, 2...100, ["name"])
            try errors.throwIfAny()
            guilds[id]?.name = name
        }
        guard guilds[id] != guild, let changed = guilds[id] else { return }
        emit("GUILD_UPDATE", to: .guild(id), intents: .guilds, guildJSON(changed))
        recordAudit(1, by: actor, target: id.description, reason: reason, in: id)
    }
}
