package import DiscordModel
import FoundationEssentials
package import Postgres

/// A moderation case.
package struct Case: Hashable, Sendable {
    package let guild: GuildID
    /// Counts from 1 in its guild.
    package let number: Int
    /// `warn` …
    package let type: String
    package let user: UserID
    /// nil = opened by a rule.
    package let moderator: UserID?
    package let reason: String
    /// Where it happened; nil = not in a channel.
    package let channel: ChannelID?
    /// The message that it is about; nil = none.
    package let message: MessageID?
    /// Unix milliseconds.
    package let createdAt: Int64
}

/// What a new case says.
package struct NewCase: Hashable, Sendable {
    package var guild: GuildID
    package var type: String
    package var user: UserID
    package var moderator: UserID?
    package var reason: String
    package var channel: ChannelID?
    package var message: MessageID?
    /// Opens it once: `words:<message>`, `interaction:<id>`.
    package var key: String

    package init(
        guild: GuildID,
        type: String,
        user: UserID,
        moderator: UserID?,
        reason: String,
        channel: ChannelID? = nil,
        message: MessageID? = nil,
        key: String
    ) {
        self.guild = guild
        self.type = type
        self.user = user
        self.moderator = moderator
        self.reason = reason
        self.channel = channel
        self.message = message
        self.key = key
    }
}

/// The table `cases`, written by moderation.
package struct Cases: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Opens a case, or finds the one that its key has opened before. Call it inside a transaction.
    ///
    /// - Returns: the case, and whether it is new.
    package func open(_ new: NewCase) async throws -> (case: Case, isNew: Bool) {
        // The counter's row stays locked until the transaction ends, so that a number is never skipped or given twice,
        // and whoever waited for it sees the case that the same key has opened meanwhile.
        try await executor.query(
            """
            INSERT INTO case_counters (guild, last) VALUES (\(new.guild.rawValue), 0)
            ON CONFLICT (guild) DO UPDATE SET last = case_counters.last
            """
        )
        if let known = try await find(key: new.key) { return (known, false) }
        let counter = try await executor.query(
            "UPDATE case_counters SET last = last + 1 WHERE guild = \(new.guild.rawValue) RETURNING last"
        )
        let number: Int32 = try counter.only().decode(Int32.self, "last")
        let rows = try await executor.query(
            """
            INSERT INTO cases (guild, number, key, type, user_id, moderator_id, reason, channel_id, message_id)
            VALUES (\(new.guild.rawValue), \(number), \(new.key), \(new.type), \(new.user.rawValue),
                \(new.moderator?.rawValue), \(new.reason), \(new.channel?.rawValue), \(new.message?.rawValue))
            RETURNING guild, number, type, user_id, moderator_id, reason, channel_id, message_id,
                (extract(epoch FROM created_at) * 1000)::bigint AS created
            """
        )
        return (try Self.read(try rows.only()), true)
    }

    package func find(guild: GuildID, number: Int) async throws -> Case? {
        let rows = try await executor.query(
            """
            SELECT guild, number, type, user_id, moderator_id, reason, channel_id, message_id,
                (extract(epoch FROM created_at) * 1000)::bigint AS created
            FROM cases WHERE guild = \(guild.rawValue) AND number = \(Int32(clamping: number))
            """
        )
        return try rows.first.map(Self.read)
    }

    /// Cases from the newest on.
    ///
    /// - Parameters:
    ///   - guild: only of that guild; nil = of all.
    ///   - user: only of that member; nil = of all.
    ///   - after: the last case of the page before.
    package func list(
        guild: GuildID? = nil,
        user: UserID? = nil,
        after: CaseCursor? = nil,
        limit: Int = 50
    ) async throws -> [Case] {
        let rows = try await executor.query(
            """
            SELECT guild, number, type, user_id, moderator_id, reason, channel_id, message_id,
                (extract(epoch FROM created_at) * 1000)::bigint AS created
            FROM cases
            WHERE (\(guild?.rawValue)::bigint IS NULL OR guild = \(guild?.rawValue))
              AND (\(user?.rawValue)::bigint IS NULL OR user_id = \(user?.rawValue))
              AND (\(after?.number)::bigint IS NULL OR (created_at, guild, number) < (
                SELECT created_at, guild, number FROM cases
                WHERE guild = \(after?.guild.rawValue) AND number = \(after?.number)))
            ORDER BY created_at DESC, guild DESC, number DESC LIMIT \(limit)
            """
        )
        return try rows.map(Self.read)
    }

    private func find(key: String) async throws -> Case? {
        let rows = try await executor.query(
            """
            SELECT guild, number, type, user_id, moderator_id, reason, channel_id, message_id,
                (extract(epoch FROM created_at) * 1000)::bigint AS created
            FROM cases WHERE key = \(key)
            """
        )
        return try rows.first.map(Self.read)
    }

    private static func read(_ row: Row) throws -> Case {
        let moderator: UInt64? = try row["moderator_id"]
        let channel: UInt64? = try row["channel_id"]
        let message: UInt64? = try row["message_id"]
        let number: Int32 = try row["number"]
        return Case(
            guild: GuildID(try row.decode(UInt64.self, "guild")),
            number: Int(number),
            type: try row["type"],
            user: UserID(try row.decode(UInt64.self, "user_id")),
            moderator: moderator.map { UserID($0) },
            reason: try row["reason"],
            channel: channel.map { ChannelID($0) },
            message: message.map { MessageID($0) },
            createdAt: try row["created"]
        )
    }
}
