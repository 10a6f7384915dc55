extension MessageEvent {
    /// Reads a message from the bytes of an event's `d`.
    ///
    /// - Throws: `MalformedJSON` if the bytes are not one JSON object, repeat a key that is read, or lack `id`,
    ///   `channel_id` or `author.id`.
    package init(json bytes: UnsafeRawBufferPointer) throws(MalformedJSON) {
        guard var cursor = JSONCursor(bytes) else { throw MalformedJSON(reason: .empty, offset: 0) }
        var reader = MessageReader()
        try reader.read(&cursor)
        try cursor.expectEnd()
        self = try reader.message(at: cursor)
    }

    /// Reads a message from the bytes of an event's `d`.
    package init(json bytes: [UInt8]) throws(MalformedJSON) {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(MalformedJSON) in try MessageEvent(json: buffer) }
        }
        self = try result.get()
    }
}

/// The fields of a message as they are met.
private struct MessageReader {
    private var id: UInt64?
    private var channelID: UInt64?
    private var guildID: UInt64?
    private var author: MessageEvent.Author?
    private var webhookID: UInt64?
    private var member: MessageEvent.Member?
    private var content = ""
    private var timestamp: Timestamp?
    private var editedTimestamp: Timestamp?
    private var mentions: [UserID] = []
    private var mentionedRoles: [RoleID] = []
    private var mentionsEveryone = false
    private var attachments: [MessageEvent.Attachment] = []
    private var referenceID: UInt64?
    private var referencedMessage: (author: UserID?, content: String?)?
    private var type: UInt64 = 0

    mutating func read(_ cursor: inout JSONCursor) throws(MalformedJSON) {
        var seen = SeenKeys()
        try cursor.beginObject()
        var isFirst = true
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("id") {
                try seen.note(0, at: cursor)
                id = try cursor.snowflake(depth: 1)
            } else if key.equals("channel_id") {
                try seen.note(1, at: cursor)
                channelID = try cursor.snowflake(depth: 1)
            } else if key.equals("guild_id") {
                try seen.note(2, at: cursor)
                guildID = try cursor.routingSnowflake()
            } else if key.equals("author") {
                try seen.note(3, at: cursor)
                author = try Self.author(&cursor)
            } else if key.equals("content") {
                try seen.note(4, at: cursor)
                content = try cursor.text(depth: 1) ?? ""
            } else if key.equals("member") {
                try seen.note(5, at: cursor)
                member = try Self.member(&cursor)
            } else if key.equals("timestamp") {
                try seen.note(6, at: cursor)
                timestamp = try cursor.timestamp(depth: 1)
            } else if key.equals("mentions") {
                try seen.note(7, at: cursor)
                mentions = try Self.mentionedUsers(&cursor)
            } else if key.equals("mention_roles") {
                try seen.note(8, at: cursor)
                mentionedRoles = try cursor.snowflakes(of: SnowflakeKind.Role.self, depth: 1)
            } else if key.equals("mention_everyone") {
                try seen.note(9, at: cursor)
                mentionsEveryone = try cursor.boolean(or: false, depth: 1)
            } else if key.equals("attachments") {
                try seen.note(10, at: cursor)
                attachments = try Self.attachments(&cursor)
            } else if key.equals("edited_timestamp") {
                try seen.note(11, at: cursor)
                editedTimestamp = try cursor.timestamp(depth: 1)
            } else if key.equals("referenced_message") {
                try seen.note(12, at: cursor)
                referencedMessage = try Self.referencedMessage(&cursor)
            } else if key.equals("message_reference") {
                try seen.note(13, at: cursor)
                referenceID = try Self.referenceID(&cursor)
            } else if key.equals("type") {
                try seen.note(14, at: cursor)
                type = try cursor.unsigned(depth: 1) ?? 0
            } else if key.equals("webhook_id") {
                try seen.note(15, at: cursor)
                webhookID = try cursor.snowflake(depth: 1)
            } else {
                try cursor.skipValue(depth: 1)
            }
        }
    }

    func message(at cursor: JSONCursor) throws(MalformedJSON) -> MessageEvent {
        guard let id, let channelID, let author else { throw cursor.malformed(.missingField) }
        var message = MessageEvent(
            id: MessageID(id),
            channelID: ChannelID(channelID),
            guildID: guildID.map { GuildID($0) },
            author: author,
            content: content,
            timestamp: timestamp ?? Timestamp(milliseconds: Int64(clamping: MessageID(id).millisecondsSinceEpoch))
        )
        message.webhookID = webhookID
        message.member = member
        message.editedTimestamp = editedTimestamp
        message.mentions = mentions
        message.mentionedRoles = mentionedRoles
        message.mentionsEveryone = mentionsEveryone
        message.attachments = attachments
        message.type = type
        if referenceID != nil || referencedMessage != nil {
            message.reference = MessageEvent.Reference(
                messageID: referenceID.map { MessageID($0) },
                authorID: referencedMessage?.author,
                content: referencedMessage?.content
            )
        }
        return message
    }

    private static func author(_ cursor: inout JSONCursor) throws(MalformedJSON) -> MessageEvent.Author? {
        guard cursor.peekKind() == .object else {
            try cursor.skipValue(depth: 1)
            return nil
        }
        var id: UInt64?
        var username = ""
        var globalName: String?
        var isBot = false
        var seen = SeenKeys()
        try cursor.beginObject()
        var isFirst = true
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("id") {
                try seen.note(0, at: cursor)
                id = try cursor.snowflake(depth: 2)
            } else if key.equals("username") {
                try seen.note(1, at: cursor)
                username = try cursor.text(depth: 2) ?? ""
            } else if key.equals("global_name") {
                try seen.note(2, at: cursor)
                globalName = try cursor.text(depth: 2)
            } else if key.equals("bot") {
                try seen.note(3, at: cursor)
                isBot = try cursor.boolean(or: false, depth: 2)
            } else {
                try cursor.skipValue(depth: 2)
            }
        }
        return id.map { .init(id: UserID($0), username: username, globalName: globalName, isBot: isBot) }
    }

    private static func member(_ cursor: inout JSONCursor) throws(MalformedJSON) -> MessageEvent.Member? {
        guard cursor.peekKind() == .object else {
            try cursor.skipValue(depth: 1)
            return nil
        }
        var member = MessageEvent.Member()
        var seen = SeenKeys()
        try cursor.beginObject()
        var isFirst = true
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("nick") {
                try seen.note(0, at: cursor)
                member.nick = try cursor.text(depth: 2)
            } else if key.equals("roles") {
                try seen.note(1, at: cursor)
                member.roles = try cursor.snowflakes(of: SnowflakeKind.Role.self, depth: 2)
            } else if key.equals("joined_at") {
                try seen.note(2, at: cursor)
                member.joinedAt = try cursor.timestamp(depth: 2)
            } else {
                try cursor.skipValue(depth: 2)
            }
        }
        return member
    }

    private static func mentionedUsers(_ cursor: inout JSONCursor) throws(MalformedJSON) -> [UserID] {
        guard cursor.peekKind() == .array else {
            try cursor.skipValue(depth: 1)
            return []
        }
        var users: [UserID] = []
        try cursor.beginArray()
        var isFirst = true
        while try cursor.nextElement(&isFirst) {
            if let id = try field("id", of: &cursor, depth: 2) { users.append(UserID(id)) }
        }
        return users
    }

    private static func referenceID(_ cursor: inout JSONCursor) throws(MalformedJSON) -> UInt64? {
        try field("message_id", of: &cursor, depth: 1)
    }

    /// The id under one key of the object that comes next; nil if it is no object or has none.
    private static func field(
        _ name: StaticString,
        of cursor: inout JSONCursor,
        depth: Int
    ) throws(MalformedJSON) -> UInt64? {
        guard cursor.peekKind() == .object else {
            try cursor.skipValue(depth: depth)
            return nil
        }
        var id: UInt64?
        var seen = SeenKeys()
        try cursor.beginObject()
        var isFirst = true
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals(name) {
                try seen.note(0, at: cursor)
                id = try cursor.snowflake(depth: depth + 1)
            } else {
                try cursor.skipValue(depth: depth + 1)
            }
        }
        return id
    }

    private static func referencedMessage(
        _ cursor: inout JSONCursor
    ) throws(MalformedJSON) -> (author: UserID?, content: String?)? {
        guard cursor.peekKind() == .object else {
            try cursor.skipValue(depth: 1)
            return nil
        }
        var author: UserID?
        var content: String?
        var seen = SeenKeys()
        try cursor.beginObject()
        var isFirst = true
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("author") {
                try seen.note(0, at: cursor)
                author = try field("id", of: &cursor, depth: 2).map { UserID($0) }
            } else if key.equals("content") {
                try seen.note(1, at: cursor)
                content = try cursor.text(depth: 2)
            } else {
                try cursor.skipValue(depth: 2)
            }
        }
        return (author, content)
    }

    private static func attachments(_ cursor: inout JSONCursor) throws(MalformedJSON) -> [MessageEvent.Attachment] {
        guard cursor.peekKind() == .array else {
            try cursor.skipValue(depth: 1)
            return []
        }
        var attachments: [MessageEvent.Attachment] = []
        try cursor.beginArray()
        var isFirst = true
        while try cursor.nextElement(&isFirst) {
            if let attachment = try attachment(&cursor) { attachments.append(attachment) }
        }
        return attachments
    }

    private static func attachment(_ cursor: inout JSONCursor) throws(MalformedJSON) -> MessageEvent.Attachment? {
        guard cursor.peekKind() == .object else {
            try cursor.skipValue(depth: 2)
            return nil
        }
        var attachment = MessageEvent.Attachment(id: AttachmentID(0), filename: "", contentType: nil, size: 0, url: "")
        var seen = SeenKeys()
        try cursor.beginObject()
        var isFirst = true
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("id") {
                try seen.note(0, at: cursor)
                attachment.id = AttachmentID(try cursor.snowflake(depth: 3) ?? 0)
            } else if key.equals("filename") {
                try seen.note(1, at: cursor)
                attachment.filename = try cursor.text(depth: 3) ?? ""
            } else if key.equals("content_type") {
                try seen.note(2, at: cursor)
                attachment.contentType = try cursor.text(depth: 3)
            } else if key.equals("size") {
                try seen.note(3, at: cursor)
                attachment.size = try cursor.unsigned(depth: 3) ?? 0
            } else if key.equals("url") {
                try seen.note(4, at: cursor)
                attachment.url = try cursor.text(depth: 3) ?? ""
            } else {
                try cursor.skipValue(depth: 3)
            }
        }
        return attachment
    }
}
