extension Guild {
    /// Reads GUILD_CREATE's data some twenty times as fast as `Codable`: a large bot gets thousands of them at once.
    ///
    /// It takes only what has the form that Discord documents. For anything else it gives nil, and `Codable`, which loses a
    /// field or an element rather than the guild, decides: where this gives a guild, `Codable` gives the same one.
    package init?(plain bytes: UnsafeRawBufferPointer) {
        guard var cursor = JSONCursor(bytes), let guild = try? GuildReader.guild(&cursor) else { return nil }
        self = guild
    }

    /// The same from an array.
    package init?(plain bytes: [UInt8]) {
        guard let guild = bytes.withUnsafeBytes({ Guild(plain: $0) }) else { return nil }
        self = guild
    }
}

/// Reads the parts of a guild; whatever has another form than documented is an error.
private enum GuildReader {
    static func guild(_ cursor: inout JSONCursor) throws(MalformedJSON) -> Guild {
        var id: GuildID?
        var owner: UserID?
        var guild = Guild(id: GuildID(0), name: "", ownerID: UserID(0))
        try cursor.fields { (key, cursor, seen) throws(MalformedJSON) in
            if key.equals("id") {
                id = try cursor.plainID(0, &seen)
            } else if key.equals("owner_id") {
                owner = try cursor.plainID(1, &seen)
            } else if key.equals("name") {
                guild.name = try cursor.plainText(2, &seen) ?? ""
            } else if key.equals("icon") {
                guild.icon = try cursor.plainText(3, &seen)
            } else if key.equals("preferred_locale") {
                guild.preferredLocale = try cursor.plainText(4, &seen)
            } else if key.equals("member_count") {
                guild.memberCount = try cursor.plainInt(5, &seen) ?? 0
            } else if key.equals("roles") {
                guild.roles = try cursor.plainArray(6, &seen, role)
            } else if key.equals("channels") {
                guild.channels = try cursor.plainArray(7, &seen, channel)
            } else if key.equals("threads") {
                guild.threads = try cursor.plainArray(8, &seen, channel)
            } else if key.equals("members") {
                guild.members = try cursor.plainArray(9, &seen, member)
            } else if key.equals("voice_states") {
                guild.voiceStates = try cursor.plainArray(10, &seen, voiceState)
            } else {
                try cursor.skipValue(depth: 1)
            }
        }
        try cursor.expectEnd()
        guard let id, let owner else { throw cursor.malformed(.missingField) }
        guild.id = id
        guild.ownerID = owner
        return guild
    }

    private static func role(_ cursor: inout JSONCursor) throws(MalformedJSON) -> Role {
        var id: RoleID?
        var permissions: Permissions?
        var position: Int?
        var role = Role(id: RoleID(0), name: "")
        try cursor.fields { (key, cursor, seen) throws(MalformedJSON) in
            if key.equals("id") {
                id = try cursor.plainID(0, &seen)
            } else if key.equals("name") {
                role.name = try cursor.plainText(1, &seen) ?? ""
            } else if key.equals("position") {
                position = try cursor.plainInt(2, &seen)
            } else if key.equals("permissions") {
                permissions = try cursor.plainPermissions(3, &seen)
            } else if key.equals("color") {
                role.color = try cursor.plainInt(4, &seen) ?? 0
            } else if key.equals("hoist") {
                role.hoist = try cursor.plainFlag(5, &seen)
            } else if key.equals("managed") {
                role.managed = try cursor.plainFlag(6, &seen)
            } else if key.equals("mentionable") {
                role.mentionable = try cursor.plainFlag(7, &seen)
            } else {
                try cursor.skipValue(depth: 3)
            }
        }
        guard let id, let permissions, let position else { throw cursor.malformed(.missingField) }
        role.id = id
        role.permissions = permissions
        role.position = position
        return role
    }

    private static func channel(_ cursor: inout JSONCursor) throws(MalformedJSON) -> Channel {
        var id: ChannelID?
        var type: Int?
        var channel = Channel(id: ChannelID(0), type: .guildText)
        try cursor.fields { (key, cursor, seen) throws(MalformedJSON) in
            if key.equals("id") {
                id = try cursor.plainID(0, &seen)
            } else if key.equals("type") {
                type = try cursor.plainInt(1, &seen)
            } else if key.equals("guild_id") {
                channel.guildID = try cursor.plainID(2, &seen)
            } else if key.equals("name") {
                channel.name = try cursor.plainText(3, &seen)
            } else if key.equals("topic") {
                channel.topic = try cursor.plainText(4, &seen)
            } else if key.equals("position") {
                channel.position = try cursor.plainInt(5, &seen) ?? 0
            } else if key.equals("parent_id") {
                channel.parentID = try cursor.plainID(6, &seen)
            } else if key.equals("permission_overwrites") {
                channel.permissionOverwrites = try cursor.plainArray(7, &seen, overwrite)
            } else if key.equals("nsfw") {
                channel.isAgeRestricted = try cursor.plainFlag(8, &seen)
            } else if key.equals("rate_limit_per_user") {
                channel.slowmode = try cursor.plainInt(9, &seen) ?? 0
            } else if key.equals("user_limit") {
                channel.userLimit = try cursor.plainInt(10, &seen) ?? 0
            } else if key.equals("owner_id") {
                channel.ownerID = try cursor.plainID(11, &seen)
            } else if key.equals("thread_metadata") {
                try seen.note(12, at: cursor)
                try cursor.fields { (key, cursor, seen) throws(MalformedJSON) in
                    if key.equals("archived") {
                        channel.isArchived = try cursor.plainFlag(0, &seen)
                    } else {
                        try cursor.skipValue(depth: 4)
                    }
                }
            } else {
                try cursor.skipValue(depth: 3)
            }
        }
        guard let id, let type else { throw cursor.malformed(.missingField) }
        channel.id = id
        channel.type = ChannelType(rawValue: type)
        return channel
    }

    private static func overwrite(_ cursor: inout JSONCursor) throws(MalformedJSON) -> PermissionOverwrite {
        var id: UserID?
        var type: Int?
        var allow: Permissions?
        var deny: Permissions?
        try cursor.fields { (key, cursor, seen) throws(MalformedJSON) in
            if key.equals("id") {
                id = try cursor.plainID(0, &seen)
            } else if key.equals("type") {
                type = try cursor.plainInt(1, &seen)
            } else if key.equals("allow") {
                allow = try cursor.plainPermissions(2, &seen)
            } else if key.equals("deny") {
                deny = try cursor.plainPermissions(3, &seen)
            } else {
                try cursor.skipValue(depth: 5)
            }
        }
        guard let id, let target = type.flatMap(PermissionOverwrite.Target.init), let allow, let deny else {
            throw cursor.malformed(.missingField)
        }
        return PermissionOverwrite(id: id.rawValue, type: target, allow: allow, deny: deny)
    }

    private static func member(_ cursor: inout JSONCursor) throws(MalformedJSON) -> Member {
        var member = Member(user: nil)
        try cursor.fields { (key, cursor, seen) throws(MalformedJSON) in
            if key.equals("user") {
                try seen.note(0, at: cursor)
                member.user = try user(&cursor)
            } else if key.equals("nick") {
                member.nick = try cursor.plainText(1, &seen)
            } else if key.equals("roles") {
                member.roles = try cursor.plainArray(2, &seen) { cursor throws(MalformedJSON) in
                    guard cursor.peekKind() == .string, let id = try cursor.string().unsigned else {
                        throw cursor.malformed(.wrongType)
                    }
                    return RoleID(id)
                }
            } else if key.equals("joined_at") {
                member.joinedAt = try cursor.plainTimestamp(3, &seen)
            } else if key.equals("communication_disabled_until") {
                member.communicationDisabledUntil = try cursor.plainTimestamp(4, &seen)
            } else if key.equals("pending") {
                member.pending = try cursor.plainFlag(5, &seen)
            } else if key.equals("permissions") {
                member.permissions = try cursor.plainPermissions(6, &seen)
            } else {
                try cursor.skipValue(depth: 3)
            }
        }
        return member
    }

    private static func user(_ cursor: inout JSONCursor) throws(MalformedJSON) -> User {
        var id: UserID?
        var user = User(id: UserID(0), username: "")
        try cursor.fields { (key, cursor, seen) throws(MalformedJSON) in
            if key.equals("id") {
                id = try cursor.plainID(0, &seen)
            } else if key.equals("username") {
                user.username = try cursor.plainText(1, &seen) ?? ""
            } else if key.equals("global_name") {
                user.globalName = try cursor.plainText(2, &seen)
            } else if key.equals("avatar") {
                user.avatar = try cursor.plainText(3, &seen)
            } else if key.equals("bot") {
                user.bot = try cursor.plainFlag(4, &seen)
            } else {
                try cursor.skipValue(depth: 4)
            }
        }
        guard let id else { throw cursor.malformed(.missingField) }
        user.id = id
        return user
    }

    private static func voiceState(_ cursor: inout JSONCursor) throws(MalformedJSON) -> VoiceState {
        var userID: UserID?
        var state = VoiceState(userID: UserID(0), channelID: nil)
        try cursor.fields { (key, cursor, seen) throws(MalformedJSON) in
            if key.equals("user_id") {
                userID = try cursor.plainID(0, &seen)
            } else if key.equals("channel_id") {
                state.channelID = try cursor.plainID(1, &seen)
            } else if key.equals("guild_id") {
                state.guildID = try cursor.plainID(2, &seen)
            } else if key.equals("session_id") {
                state.sessionID = try cursor.plainText(3, &seen) ?? ""
            } else if key.equals("deaf") {
                state.deaf = try cursor.plainFlag(4, &seen)
            } else if key.equals("mute") {
                state.mute = try cursor.plainFlag(5, &seen)
            } else if key.equals("self_deaf") {
                state.selfDeaf = try cursor.plainFlag(6, &seen)
            } else if key.equals("self_mute") {
                state.selfMute = try cursor.plainFlag(7, &seen)
            } else if key.equals("self_stream") {
                state.selfStream = try cursor.plainFlag(8, &seen)
            } else if key.equals("self_video") {
                state.selfVideo = try cursor.plainFlag(9, &seen)
            } else if key.equals("suppress") {
                state.suppress = try cursor.plainFlag(10, &seen)
            } else if key.equals("member") {
                try seen.note(11, at: cursor)
                state.member = try member(&cursor)
            } else {
                try cursor.skipValue(depth: 3)
            }
        }
        guard let userID else { throw cursor.malformed(.missingField) }
        state.userID = userID
        return state
    }
}

extension JSONCursor {
    /// Takes an object, giving each key with the cursor before its value.
    fileprivate mutating func fields(
        _ body: (JSONString, inout JSONCursor, inout SeenKeys) throws(MalformedJSON) -> Void
    ) throws(MalformedJSON) {
        var seen = SeenKeys()
        try beginObject()
        var isFirst = true
        while let key = try nextKey(&isFirst) { try body(key, &self, &seen) }
    }

    /// Takes an array; null is none.
    fileprivate mutating func plainArray<Element>(
        _ index: UInt32,
        _ seen: inout SeenKeys,
        _ element: (inout JSONCursor) throws(MalformedJSON) -> Element
    ) throws(MalformedJSON) -> [Element] {
        try seen.note(index, at: self)
        if try takesNull() { return [] }
        var elements: [Element] = []
        try beginArray()
        var isFirst = true
        while try nextElement(&isFirst) { elements.append(try element(&self)) }
        return elements
    }

    /// Takes an id as a string, or null.
    fileprivate mutating func plainID<Kind>(
        _ index: UInt32,
        _ seen: inout SeenKeys
    ) throws(MalformedJSON) -> Snowflake<Kind>? {
        try seen.note(index, at: self)
        if try takesNull() { return nil }
        guard let id = try string().unsigned else { throw malformed(.wrongType) }
        return Snowflake(id)
    }

    /// Takes a string, or null.
    fileprivate mutating func plainText(_ index: UInt32, _ seen: inout SeenKeys) throws(MalformedJSON) -> String? {
        try seen.note(index, at: self)
        return try takesNull() ? nil : try string().value
    }

    /// Takes a whole number that is not negative, or null.
    fileprivate mutating func plainInt(_ index: UInt32, _ seen: inout SeenKeys) throws(MalformedJSON) -> Int? {
        try seen.note(index, at: self)
        guard let value = try unsignedOrNull() else { return nil }
        guard let number = Int(exactly: value) else { throw malformed(.wrongType) }
        return number
    }

    /// Takes a boolean; null is false.
    fileprivate mutating func plainFlag(_ index: UInt32, _ seen: inout SeenKeys) throws(MalformedJSON) -> Bool {
        try seen.note(index, at: self)
        return try takesNull() ? false : try boolean()
    }

    /// Takes a set of permissions as a string of digits, or null.
    fileprivate mutating func plainPermissions(
        _ index: UInt32,
        _ seen: inout SeenKeys
    ) throws(MalformedJSON) -> Permissions? {
        try seen.note(index, at: self)
        if try takesNull() { return nil }
        guard let bits = try string().unsigned else { throw malformed(.wrongType) }
        return Permissions(rawValue: bits)
    }

    /// Takes an instant, or null.
    fileprivate mutating func plainTimestamp(
        _ index: UInt32,
        _ seen: inout SeenKeys
    ) throws(MalformedJSON) -> Timestamp? {
        try seen.note(index, at: self)
        if try takesNull() { return nil }
        let text = try string()
        guard !text.hasEscapes, let instant = Timestamp(utf8: text.bytes) else { throw malformed(.wrongType) }
        return instant
    }

    private mutating func takesNull() throws(MalformedJSON) -> Bool {
        guard peekKind() == .null else { return false }
        try literal("null")
        return true
    }
}
