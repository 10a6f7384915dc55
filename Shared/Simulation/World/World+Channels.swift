package import DiscordModel

/// Channels of a guild, and direct ones.
extension World {
    private static let channelLimit = 500

    @discardableResult
    package mutating func createChannel(
        _ body: JSONValue,
        in guildID: GuildID,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) -> DiscordChannel {
        let guild = try guild(guildID, for: actor)
        try require(.manageChannels, of: actor, in: guildID)
        guard guild.channelIDs.count < Self.channelLimit else { throw .tooManyChannels }
        let type = Int(body["type"]?.integerValue ?? 0)
        guard let kind = DiscordChannel.Kind(rawValue: type), kind != .direct else {
            throw .invalidForm(["type"], "BASE_TYPE_CHOICES", "Value must be one of (0, 2, 4, 5, 13).")
        }
        guard body["name"]?.stringValue?.isEmpty == false else {
            throw .invalidForm(["name"], "BASE_TYPE_REQUIRED", "This field is required")
        }
        var channel = DiscordChannel(id: ChannelID(nextID()), kind: kind, guildID: guildID, name: "")
        channel.position = guild.channelIDs.compactMap { channels[$0] }.count { $0.kind == kind }
        try apply(body, to: &channel, in: guild, by: actor)
        channels[channel.id] = channel
        guilds[guildID]?.channelIDs.insert(channel.id)
        emit("CHANNEL_CREATE", to: .channel(guildID, channel.id), intents: .guilds, channelJSON(channel))
        announce("channel", channelSummary(channel))
        recordAudit(10, by: actor, target: channel.id.description, reason: reason, in: guildID)
        return channel
    }

    @discardableResult
    package mutating func editChannel(
        _ id: ChannelID,
        _ body: JSONValue,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) -> DiscordChannel {
        var channel = try channel(id)
        guard let guildID = channel.guildID else { throw .wrongChannelType }
        try require(.manageChannels, of: actor, in: channel)
        try apply(body, to: &channel, in: try guild(guildID), by: actor)
        store(channel)
        recordAudit(11, by: actor, target: id.description, reason: reason, in: guildID)
        return channel
    }

    private func apply(
        _ body: JSONValue,
        to channel: inout DiscordChannel,
        in guild: Guild,
        by actor: UserID
    ) throws(DiscordError) {
        var errors = FormErrors()
        func number(_ key: String, _ range: ClosedRange<Int64>) -> Int? {
            guard let value = body[key]?.integerValue else { return nil }
            if range.contains(value) { return Int(value) }
            let isLow = value < range.lowerBound
            errors.add(
                [key],
                isLow ? "NUMBER_TYPE_MIN" : "NUMBER_TYPE_MAX",
                isLow
                    ? "int value should be greater than or equal to \(range.lowerBound)."
                    : "int value should be less than or equal to \(range.upperBound)."
            )
            return nil
        }
        if let name = body["name"]?.stringValue {
            errors.checkLength(name, 1...100, ["name"])
            let isText = channel.kind == .text || channel.kind == .announcement
            channel.name = isText ? String(name.lowercased().map { $0 == " " ? "-" : $0 }) : name
        }
        if let topic = body["topic"] {
            errors.checkLength(topic.stringValue ?? "", 0...1024, ["topic"])
            channel.topic = topic.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        }
        if let value = number("position", 0...10_000) { channel.position = value }
        if let value = number("rate_limit_per_user", 0...21_600) { channel.slowModeSeconds = value }
        if let value = number("bitrate", 8000...96_000) { channel.bitrate = value }
        if let value = number("user_limit", 0...99) { channel.userLimit = value }
        if let value = body["nsfw"]?.boolValue { channel.isNSFW = value }
        if let parent = body["parent_id"] {
            let id = parent.snowflake(ChannelID.self)
            if let id, channels[id]?.kind != .category || channels[id]?.guildID != guild.id {
                errors.add(["parent_id"], "CHANNEL_PARENT_INVALID", "Category does not exist")
            }
            channel.parentID = id
        }
        if let overwrites = body["permission_overwrites"]?.arrayValue {
            channel.overwrites = try overwrites.map { (value) throws(DiscordError) in
                try overwrite(value, id: value["id"]?.snowflake(UserID.self)?.rawValue, in: guild, by: actor)
            }
        }
        try errors.throwIfAny()
    }

    private func overwrite(
        _ value: JSONValue,
        id: UInt64?,
        in guild: Guild,
        by actor: UserID
    ) throws(DiscordError) -> Overwrite {
        guard let id else { throw .invalidForm(["id"], "BASE_TYPE_REQUIRED", "This field is required") }
        func bits(_ key: String) -> Permissions {
            Permissions(
                rawValue: value[key]?.stringValue.flatMap { UInt64($0) }
                    ?? UInt64(max(value[key]?.integerValue ?? 0, 0))
            )
        }
        let isRole = value["type"]?.integerOrText.map { $0 == 0 } ?? (guild.roles[RoleID(id)] != nil)
        let result = Overwrite(
            target: isRole ? .role(RoleID(id)) : .member(UserID(id)),
            allow: bits("allow"),
            deny: bits("deny")
        )
        guard permissions(of: actor, in: guild.id).isSuperset(of: result.allow.union(result.deny)) else {
            throw .missingPermissions
        }
        return result
    }

    package mutating func setOverwrite(
        _ id: UInt64,
        _ body: JSONValue?,
        in channelID: ChannelID,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) {
        var channel = try channel(channelID)
        guard let guildID = channel.guildID else { throw .wrongChannelType }
        try require(.manageRoles, of: actor, in: channel)
        let existed = channel.overwrites.contains { $0.target.rawValue == id }
        let overwrite = try body.map { (body) throws(DiscordError) in
            try self.overwrite(body, id: id, in: try guild(guildID), by: actor)
        }
        if overwrite == nil, !existed { throw .unknownOverwrite }
        channel.overwrites.removeAll { $0.target.rawValue == id }
        if let overwrite { channel.overwrites.append(overwrite) }
        store(channel)
        recordAudit(
            overwrite == nil ? 15 : existed ? 14 : 13,
            by: actor,
            target: channelID.description,
            reason: reason,
            in: guildID
        )
    }

    private mutating func store(_ channel: DiscordChannel) {
        guard channels[channel.id] != channel, let guild = channel.guildID else { return }
        channels[channel.id] = channel
        emit("CHANNEL_UPDATE", to: .channel(guild, channel.id), intents: .guilds, channelJSON(channel))
        announce("channel", channelSummary(channel))
    }

    @discardableResult
    package mutating func deleteChannel(
        _ id: ChannelID,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) -> DiscordChannel {
        let channel = try channel(id)
        // Closing a direct channel only hides it.
        guard let guildID = channel.guildID else { return channel }
        try require(.manageChannels, of: actor, in: channel)
        for user in (guilds[guildID]?.voiceStates ?? [:]).filter({ $0.value.channelID == id }).keys {
            leaveVoice(user, in: guildID)
        }
        // While the channel still exists, for its audience follows from it.
        emit("CHANNEL_DELETE", to: .guild(guildID), intents: .guilds, channelJSON(channel))
        for child in channels.values where child.parentID == id {
            var orphan = child
            orphan.parentID = nil
            store(orphan)
        }
        channels[id] = nil
        history[id] = nil
        guilds[guildID]?.channelIDs.remove(id)
        announce("channel", ["id": .id(id), "deleted": true])
        recordAudit(12, by: actor, target: id.description, reason: reason, in: guildID)
        return channel
    }

    /// The direct channel between two users, made if there is none.
    package mutating func directChannel(_ user: UserID, with other: UserID) throws(DiscordError) -> DiscordChannel {
        _ = try self.user(other)
        guard user != other else {
            throw .invalidForm(["recipient_id"], "INVALID_RECIPIENT", "Cannot open a direct message with oneself.")
        }
        let pair: Set = [user, other]
        if let known = channels.values.first(where: { $0.kind == .direct && Set($0.recipients) == pair }) {
            return known
        }
        var channel = DiscordChannel(id: ChannelID(nextID()), kind: .direct, guildID: nil, name: "")
        channel.recipients = [user, other]
        channels[channel.id] = channel
        announce("channel", channelSummary(channel))
        return channel
    }

    /// A direct channel as one side sees it: the other is the recipient.
    package func channelJSON(_ channel: DiscordChannel, for reader: UserID) -> JSONValue {
        guard channel.kind == .direct else { return channelJSON(channel) }
        let others = channel.recipients.filter { $0 != reader }
        return channelJSON(channel).merging(["recipients": .array(others.map { userJSON($0) })])
    }

    package mutating func setVoiceStatus(
        _ status: String?,
        of id: ChannelID,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) {
        let channel = try channel(id)
        guard channel.kind == .voice, let guildID = channel.guildID else { throw .wrongChannelType }
        let isConnected = guilds[guildID]?.voiceStates[actor]?.channelID == id
        try require(
            isConnected ? .setVoiceChannelStatus : [.setVoiceChannelStatus, .manageChannels],
            of: actor,
            in: channel
        )
        var errors = FormErrors()
        errors.checkLength(status ?? "", 0...500, ["status"])
        try errors.throwIfAny()
        let wanted = status.flatMap { $0.isEmpty ? nil : $0 }
        channels[id]?.status = wanted
        emit(
            "VOICE_CHANNEL_STATUS_UPDATE",
            to: .channel(guildID, id),
            intents: .guilds,
            ["id": .id(id), "guild_id": .id(guildID), "status": .text(wanted)]
        )
        announce("voice", voiceSummary())
        recordAudit(
            wanted == nil ? 193 : 192,
            by: actor,
            target: id.description,
            reason: reason,
            in: guildID,
            options: ["status": .string(wanted ?? ""), "channel_id": .id(id)]
        )
    }
}
