/// The part of a frame scan that reads `d`.
struct DataScan {
    private let watched: [UserID]
    private(set) var route = EventRoute()

    // Who did it: by decreasing rank, for one event may carry several of them.
    private var author: Person?
    private var user: Person?
    private var memberUser: Person?
    private var plainUserID: UserID?

    private struct Person {
        var id: UserID
        var isBot: Bool
    }

    init(watched: [UserID]) {
        self.watched = watched
    }

    /// Reads the object that the cursor stands before.
    mutating func read(_ cursor: inout JSONCursor) throws(MalformedJSON) {
        var seen = SeenKeys()
        try cursor.beginObject()
        var isFirst = true
        while let key = try cursor.nextKey(&isFirst) {
            // No key that is read is shorter than 2 or longer than 18 bytes unless it is escaped.
            if !key.hasEscapes, !(2...18).contains(key.bytes.count) {
                try cursor.skipValue(depth: 2)
            } else if key.equals("guild_id") {
                try seen.note(0, at: cursor)
                route.guildID = try cursor.routingSnowflake().map { GuildID($0) }
            } else if key.equals("channel_id") {
                try seen.note(1, at: cursor)
                route.channelID = try cursor.routingSnowflake().map { ChannelID($0) }
            } else if key.equals("id") {
                try seen.note(2, at: cursor)
                route.objectID = try cursor.snowflake(depth: 2)
            } else if key.equals("author") {
                try seen.note(3, at: cursor)
                author = try person(&cursor, depth: 2)
            } else if key.equals("user") {
                try seen.note(4, at: cursor)
                user = try person(&cursor, depth: 2)
            } else if key.equals("user_id") {
                try seen.note(5, at: cursor)
                plainUserID = try cursor.snowflake(depth: 2).map { UserID($0) }
            } else if key.equals("member") {
                try seen.note(6, at: cursor)
                memberUser = try member(&cursor, depth: 2)
            } else if key.equals("mentions") {
                try seen.note(7, at: cursor)
                try mentions(&cursor)
            } else if key.equals("mention_everyone") {
                try seen.note(8, at: cursor)
                if try cursor.boolean(or: false, depth: 2) { route.flags.insert(.mentionsEveryone) }
            } else if key.equals("webhook_id") {
                try seen.note(9, at: cursor)
                if try cursor.snowflake(depth: 2) != nil { route.flags.insert(.fromWebhook) }
            } else if key.equals("unavailable") {
                try seen.note(10, at: cursor)
                if try cursor.boolean(or: false, depth: 2) { route.flags.insert(.unavailable) }
            } else if key.equals("referenced_message") {
                try seen.note(11, at: cursor)
                try referencedMessage(&cursor)
            } else {
                try cursor.skipValue(depth: 2)
            }
        }
        let person = author ?? user ?? memberUser
        route.userID = person?.id ?? plainUserID
        if person?.isBot == true { route.flags.insert(.fromBot) }
    }

    /// Reads `id` and `bot` of a user object.
    private func person(_ cursor: inout JSONCursor, depth: Int) throws(MalformedJSON) -> Person? {
        guard cursor.peekKind() == .object else {
            try cursor.skipValue(depth: depth)
            return nil
        }
        var id: UserID?
        var isBot = false
        var seen = SeenKeys()
        try cursor.beginObject()
        var isFirst = true
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("id") {
                try seen.note(0, at: cursor)
                id = try cursor.snowflake(depth: depth + 1).map { UserID($0) }
            } else if key.equals("bot") {
                try seen.note(1, at: cursor)
                isBot = try cursor.boolean(or: false, depth: depth + 1)
            } else {
                try cursor.skipValue(depth: depth + 1)
            }
        }
        return id.map { Person(id: $0, isBot: isBot) }
    }

    /// Reads the user of a member object.
    private func member(_ cursor: inout JSONCursor, depth: Int) throws(MalformedJSON) -> Person? {
        guard cursor.peekKind() == .object else {
            try cursor.skipValue(depth: depth)
            return nil
        }
        var found: Person?
        var seen = SeenKeys()
        try cursor.beginObject()
        var isFirst = true
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("user") {
                try seen.note(0, at: cursor)
                found = try person(&cursor, depth: depth + 1)
            } else {
                try cursor.skipValue(depth: depth + 1)
            }
        }
        return found
    }

    private mutating func mentions(_ cursor: inout JSONCursor) throws(MalformedJSON) {
        guard cursor.peekKind() == .array else {
            try cursor.skipValue(depth: 2)
            return
        }
        try cursor.beginArray()
        var isFirst = true
        while try cursor.nextElement(&isFirst) {
            let person = try person(&cursor, depth: 3)
            if person != nil { route.flags.insert(.mentionsUsers) }
            route.mentioned |= bit(of: person)
        }
    }

    private mutating func referencedMessage(_ cursor: inout JSONCursor) throws(MalformedJSON) {
        guard cursor.peekKind() == .object else {
            try cursor.skipValue(depth: 2)
            return
        }
        route.flags.insert(.isReply)
        var seen = SeenKeys()
        try cursor.beginObject()
        var isFirst = true
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("author") {
                try seen.note(0, at: cursor)
                route.repliedTo |= bit(of: try person(&cursor, depth: 3))
            } else {
                try cursor.skipValue(depth: 3)
            }
        }
    }

    private func bit(of person: Person?) -> UInt64 {
        guard let person, let index = watched.firstIndex(of: person.id) else { return 0 }
        return 1 << UInt64(index)
    }
}
