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
        let opened = try await open([new])
        guard let only = opened.first else { throw PostgresError(.decoding, "no case for the key \"\(new.key)\"") }
        return only
    }

    /// Opens cases, or finds those that their keys have opened before; a key that comes twice opens one. As many
    /// statements for many as for one. Call it inside a transaction.
    ///
    /// - Returns: the cases in the order given, and whether each is new.
    package func open(_ new: [NewCase]) async throws -> [(case: Case, isNew: Bool)] {
        guard !new.isEmpty else { return [] }
        // The counters' rows stay locked until the transaction ends, so that a number is never skipped or given twice, and
        // whoever waited for them sees the cases that the same keys have opened meanwhile. Always in the same order: two
        // transactions that wait for each other would both fail.
        var keys: Set<String> = []
        let distinct = new.filter { keys.insert($0.key).inserted }
        let answers = try await executor.queries([
            """
            INSERT INTO case_counters (guild, last)
            SELECT DISTINCT new.guild, 0 FROM unnest(\(new.map(\.guild.rawValue))) AS new (guild) ORDER BY new.guild
            ON CONFLICT (guild) DO UPDATE SET last = case_counters.last
            """,
            Self.finding(keys: distinct.map(\.key)),
            Self.inserting(distinct),
        ])
        let fresh = try Self.byKey(answers[2])
        let cases = try Self.byKey(answers[1]).merging(fresh) { found, _ in found }
        var isFirst = Set(fresh.keys)
        return try new.map { new in
            guard let opened = cases[new.key] else {
                throw PostgresError(.decoding, "no case for the key \"\(new.key)\"")
            }
            return (opened, isFirst.remove(new.key) != nil)
        }
    }

    /// Inserts cases whose keys are not known; their guilds' counters are locked. They are numbered in the order given.
    private static func inserting(_ new: [NewCase]) -> Query {
        """
        WITH new AS (
            SELECT *, row_number() OVER (PARTITION BY guild ORDER BY place) AS nth
            FROM unnest(
                \(new.map(\.guild.rawValue)), \(new.map(\.key)), \(new.map(\.type)), \(new.map(\.user.rawValue)),
                \(new.map { $0.moderator?.rawValue }), \(new.map(\.reason)), \(new.map { $0.channel?.rawValue }),
                \(new.map { $0.message?.rawValue })
            ) WITH ORDINALITY AS e (guild, key, type, user_id, moderator_id, reason, channel_id, message_id, place)
            WHERE NOT EXISTS (SELECT FROM cases WHERE cases.key = e.key)
        ), counters AS (
            UPDATE case_counters SET last = last + counts.more
            FROM (SELECT guild, count(*)::integer AS more FROM new GROUP BY guild) AS counts
            WHERE case_counters.guild = counts.guild
            RETURNING case_counters.guild, last - more AS before
        )
        INSERT INTO cases (guild, number, key, type, user_id, moderator_id, reason, channel_id, message_id)
        SELECT guild, before + nth, key, type, user_id, moderator_id, reason, channel_id, message_id
        FROM new JOIN counters USING (guild) ORDER BY place
        RETURNING key, guild, number, type, user_id, moderator_id, reason, channel_id, message_id,
            (extract(epoch FROM created_at) * 1000)::bigint AS created
        """
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

    private static func finding(keys: [String]) -> Query {
        """
        SELECT key, guild, number, type, user_id, moderator_id, reason, channel_id, message_id,
            (extract(epoch FROM created_at) * 1000)::bigint AS created
        FROM cases WHERE key = ANY(\(keys))
        """
    }

    private static func byKey(_ rows: [Row]) throws -> [String: Case] {
        var cases: [String: Case] = [:]
        for row in rows { cases[try row["key"]] = try read(row) }
        return cases
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
