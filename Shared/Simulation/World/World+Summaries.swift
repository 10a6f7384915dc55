package import DiscordModel

/// What the control API shows: the world in words that a page and a test read, names beside ids.
extension World {
    /// A message as a member sees it now.
    package func transcriptJSON(_ message: Message) -> JSONValue {
        let guild = message.guildID
        return [
            "id": .id(message.id), "channel": .text(channels[message.channelID].map { channelTitle($0) }),
            "channelId": .id(message.channelID),
            "author": .string(users[message.authorID]?.name ?? "?"),
            "authorName": .string(displayName(message.authorID, in: guild)), "authorId": .id(message.authorID),
            "bot": .bool(users[message.authorID]?.isBot ?? false), "content": .string(message.content),
            "text": .string(readable(message.content, in: guild)), "createdAt": .time(message.sentAt),
            "editedAt": .time(message.editedAt), "edits": .int(message.editCount),
            "components": .array(message.components), "embeds": .array(message.embeds),
            "attachments": .array(
                message.attachments.map { ["filename": .string($0.filename), "size": .int($0.size)] }
            ),
            "reactions": .array(
                message.reactions.map { ["emoji": .string($0.emoji), "count": .int($0.users.count)] }
            ),
            "mentions": .array(message.mentions.map { .string(users[$0]?.name ?? $0.description) }),
            "replyTo": .id(message.reference?.messageID), "pinned": .bool(message.pinnedAt != nil),
            "ephemeral": .bool(message.visibleOnlyTo != nil),
            "visibleTo": .text(message.visibleOnlyTo.flatMap { users[$0]?.name }),
            "loading": .bool(message.flags & Message.Flag.loading != 0), "type": .int(message.kind.rawValue),
            "nonce": message.nonce ?? .null,
            "interaction": message.origin.map { origin in
                ["id": .id(origin.id), "name": .string(origin.name), "author": .text(users[origin.userID]?.name)]
            } ?? .null,
        ]
    }

    /// Mentions written with names.
    func readable(_ content: String, in guild: GuildID?) -> String {
        var result = ""
        var rest = Substring(content)
        while let open = rest.firstIndex(of: "<") {
            result += rest[..<open]
            rest = rest[open...]
            guard let close = rest.firstIndex(of: ">") else { break }
            let inner = rest[rest.index(after: open)..<close]
            if let name = mentionName(inner, in: guild) {
                result += name
            } else {
                result += rest[...close]
            }
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    private func mentionName(_ inner: Substring, in guild: GuildID?) -> String? {
        let digits = String(inner.drop { !$0.isNumber })
        guard let number = UInt64(digits) else { return nil }
        switch inner.prefix(while: { !$0.isNumber }) {
        case "@", "@!": return users[UserID(number)] == nil ? nil : "@" + displayName(UserID(number), in: guild)
        case "@&": return guild.flatMap { guilds[$0]?.roles[RoleID(number)] }.map { "@" + $0.name }
        case "#": return channels[ChannelID(number)].map { "#" + $0.name }
        default: return nil
        }
    }

    func channelTitle(_ channel: DiscordChannel) -> String {
        guard channel.kind == .direct else { return channel.name }
        return channel.recipients.map { users[$0]?.name ?? "?" }.joined(separator: "+")
    }

    func channelSummary(_ channel: DiscordChannel) -> JSONValue {
        [
            "id": .id(channel.id), "name": .string(channelTitle(channel)), "type": .int(channel.kind.rawValue),
            "kind": .string("\(channel.kind)"), "topic": .text(channel.topic), "position": .int(channel.position),
            "parentId": .id(channel.parentID), "slowMode": .int(channel.slowModeSeconds),
            "status": .text(channel.status), "recipients": .array(channel.recipients.map { .id($0) }),
        ]
    }

    func memberSummary(_ id: UserID, in guildID: GuildID) -> JSONValue {
        let guild = guilds[guildID]
        let member = guild?.members[id]
        let top = guild.flatMap { guild in
            (member?.roles ?? []).compactMap { guild.roles[$0] }.filter { $0.color != 0 }.max(by: Self.ranksBelow)
        }
        return [
            "id": .id(id), "name": .text(users[id]?.name), "displayName": .string(displayName(id, in: guildID)),
            "nick": .text(member?.nick), "bot": .bool(users[id]?.isBot ?? false), "present": .bool(member != nil),
            "online": .bool(users[id]?.isBot != true || onlineBots.contains(id)),
            "roles": .array((member?.roles ?? []).compactMap { guild?.roles[$0] }.map { .string($0.name) }),
            "color": .int(top?.color ?? 0),
            "timedOutUntil": .time(member?.timeoutUntil.flatMap { $0 > now ? $0 : nil }),
            "owner": .bool(guild?.ownerID == id),
        ]
    }

    /// Who and what is in each voice channel.
    package func voiceSummary() -> JSONValue {
        let voiceChannels = guilds.values.flatMap { channels(of: $0) }.filter(\.kind.isVoice)
        return .array(
            voiceChannels.map { channel in
                let guildID = channel.guildID ?? home
                let present = (guilds[guildID]?.voiceStates.values.filter { $0.channelID == channel.id } ?? [])
                    .sorted { $0.userID < $1.userID }
                return [
                    "channel": .string(channel.name), "channelId": .id(channel.id), "status": .text(channel.status),
                    "members": .array(present.map { voiceMember($0, in: guildID) }),
                ]
            }
        )
    }

    private func voiceMember(_ state: VoiceState, in guildID: GuildID) -> JSONValue {
        let track = playing[guildID]?[state.userID]
        let member = guilds[guildID]?.members[state.userID]
        return [
            "author": .text(users[state.userID]?.name), "authorName": .string(displayName(state.userID, in: guildID)),
            "authorId": .id(state.userID), "bot": .bool(users[state.userID]?.isBot ?? false),
            "selfMute": .bool(state.selfMute), "selfDeaf": .bool(state.selfDeaf),
            "mute": .bool(member?.mute ?? false), "deaf": .bool(member?.deaf ?? false),
            "playing": track.map { track in
                [
                    "title": .string(track.title), "author": .string(track.author),
                    "position": .integer(Int64(clamping: track.position)),
                    "length": .integer(Int64(clamping: track.length)),
                    "paused": .bool(track.isPaused),
                ]
            } ?? .null,
        ]
    }

    /// Everything that the page shows at its start.
    package func summary() -> JSONValue {
        let guild = guilds[home]
        let direct = channels.values.filter { $0.kind == .direct }.sorted { $0.id < $1.id }
        let members = (guild?.members.values.map { $0 } ?? []).sorted { $0.userID < $1.userID }
        let roles = (guild?.roles.values.map { $0 } ?? []).sorted(by: Self.ranksBelow)
        return [
            "guild": ["id": .id(home), "name": .text(guild?.name), "ownerId": .id(guild?.ownerID)],
            "channels": .array((guild.map { channels(of: $0) } ?? []).map { channelSummary($0) }),
            "directChannels": .array(direct.map { channelSummary($0) }),
            "members": .array(members.map { memberSummary($0.userID, in: home) }),
            "roles": .array(
                roles.map { role in
                    [
                        "id": .id(role.id), "name": .string(role.name), "color": .int(role.color),
                        "position": .int(role.position),
                    ]
                }
            ),
            "bots": .array(applications.values.sorted { $0.name < $1.name }.map { botSummary($0) }),
            "commands": .array(commands.usable(in: home).map { commandSummary($0) }), "voice": voiceSummary(),
        ]
    }

    private func commandSummary(_ command: ApplicationCommand) -> JSONValue {
        let bot = UserID(command.applicationID.rawValue)
        return [
            "id": .id(command.id), "name": .string(command.name), "type": .int(command.kind.rawValue),
            "description": command.definition["description"] ?? "", "options": .array(command.options),
            "bot": .text(applications[command.applicationID]?.name), "botName": .string(displayName(bot, in: home)),
            "botId": .id(bot), "memberPermissions": command.definition["default_member_permissions"] ?? .null,
        ]
    }

    // MARK: - Names or ids

    /// A user by id, mention, user name, nickname or bot slug; case does not matter.
    package func findUser(_ text: String) -> UserID? {
        let name = text.filter { $0 != "<" && $0 != ">" && $0 != "!" && $0 != "@" }
        if let id = UserID(name), !name.isEmpty, users[id] != nil { return id }
        let wanted = name.lowercased()
        if let user = users.values.first(where: { $0.name.lowercased() == wanted }) { return user.id }
        if let bot = applications.values.first(where: { $0.name.lowercased() == wanted }) { return bot.userID }
        if let user = users.values.first(where: { $0.globalName?.lowercased() == wanted }) { return user.id }
        return guilds[home]?.members.values.first { $0.nick?.lowercased() == wanted }?.userID
    }

    /// A channel by id, mention or name, with or without `#`.
    package func findChannel(_ text: String) -> DiscordChannel? {
        let name = text.filter { $0 != "<" && $0 != ">" && $0 != "#" }
        if let id = ChannelID(name), !name.isEmpty, let channel = channels[id] { return channel }
        let wanted = name.lowercased()
        return channels.values.filter { $0.name.lowercased() == wanted && $0.kind != .category }.min { $0.id < $1.id }
    }

    package func findRole(_ text: String, in guild: GuildID) -> Role? {
        let name = text.filter { $0 != "<" && $0 != ">" && $0 != "@" && $0 != "&" }
        if let id = RoleID(name), !name.isEmpty, let role = guilds[guild]?.roles[id] { return role }
        return guilds[guild]?.roles.values.first { $0.name.lowercased() == name.lowercased() }
    }

    package func findMessage(_ id: MessageID) -> Message? {
        for past in history.values {
            if let message = past[id] { return message }
        }
        return nil
    }

    /// `@Name` in what a person typed, as the mention that Discord's client would send.
    package func resolvingMentions(_ content: String) -> String {
        guard content.contains("@") else { return content }
        var names: [(String, String)] = users.values.flatMap { user in
            [user.name, user.globalName, guilds[home]?.members[user.id]?.nick].compactMap { $0 }
                .map { ($0.lowercased(), "<@\(user.id)>") }
        }
        names += applications.values.map { ($0.name.lowercased(), "<@\($0.userID)>") }
        names += (guilds[home]?.roles.values.filter { $0.id != home.everyoneRole } ?? [])
            .map { ($0.name.lowercased(), "<@&\($0.id)>") }
        names.sort { $0.0.count > $1.0.count }
        var result = ""
        var rest = Substring(content)
        while let at = rest.firstIndex(of: "@") {
            let isInsideMention = at > rest.startIndex && rest[rest.index(before: at)] == "<"
            result += rest[..<at]
            let tail = rest[rest.index(after: at)...]
            let lowered = tail.lowercased()
            let match = isInsideMention ? nil : names.first { lowered.hasPrefix($0.0) && endsWord(lowered, $0.0.count) }
            if let match {
                result += match.1
                rest = tail.dropFirst(match.0.count)
            } else {
                result += "@"
                rest = tail
            }
        }
        return result + rest
    }

    private func endsWord(_ text: String, _ count: Int) -> Bool {
        guard let next = text.dropFirst(count).first else { return true }
        return !next.isLetter && !next.isNumber && next != "_"
    }

    // MARK: - Audit log

    mutating func recordAudit(
        _ action: Int,
        by actor: UserID,
        target: String?,
        reason: String?,
        in guildID: GuildID,
        changes: [JSONValue] = [],
        options: JSONValue? = nil
    ) {
        let entry = AuditEntry(
            id: nextID(),
            userID: actor,
            targetID: target,
            action: action,
            reason: reason,
            changes: changes,
            options: options
        )
        guilds[guildID]?.audit.append(entry)
        if let count = guilds[guildID]?.audit.count, count > Self.auditLimit {
            guilds[guildID]?.audit.removeFirst(count - Self.auditLimit)
        }
        emit(
            "GUILD_AUDIT_LOG_ENTRY_CREATE",
            to: .permitted(guildID, .viewAuditLog),
            intents: .guildModeration,
            auditJSON(entry).merging(["guild_id": .id(guildID)])
        )
    }

    package func auditJSON(_ entry: AuditEntry) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(String(entry.id)), "user_id": .id(entry.userID), "target_id": .text(entry.targetID),
            "action_type": .int(entry.action),
        ]
        if !entry.changes.isEmpty { members["changes"] = .array(entry.changes) }
        if let options = entry.options { members["options"] = options }
        if let reason = entry.reason { members["reason"] = .string(reason) }
        return .object(members)
    }
}
