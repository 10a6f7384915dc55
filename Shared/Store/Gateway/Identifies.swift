package import DiscordModel
package import FoundationEssentials
package import Postgres

/// The table `identifies`, written by gateway: every IDENTIFY, counted before it is sent (GW-12).
///
/// Discord resets a token that identifies more than `session_start_limit.total` times in a day (gateway documentation,
/// "Session Start Limit"). A process that crashes again and again finds its earlier attempts here.
package struct Identifies: Sendable {
    /// Whether an IDENTIFY may be sent.
    package enum Permission: Hashable, Sendable {
        /// Written down: send it. How many the period now holds, this one included.
        case granted(used: Int)
        /// The period is full; the oldest attempt leaves it at this time.
        case refused(until: Date)
    }

    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Counts an IDENTIFY that is about to be sent, unless the period is full. When this throws, do not send.
    ///
    /// Two processes of one bot are kept apart by the shard's lease, not here.
    package func claim(
        bot: BotID,
        shard: Int,
        limit: Int,
        within period: Duration = .seconds(86_400)
    ) async throws(PostgresError) -> Permission {
        let row = try await executor.query(
            """
            WITH recent AS (
                SELECT count(*) AS used, min(sent_at) AS oldest FROM identifies
                WHERE bot = \(bot) AND sent_at > now() - \(period)
            ), claimed AS (
                INSERT INTO identifies (bot, shard)
                SELECT \(bot), \(shard)::integer FROM recent WHERE used < \(limit)
                RETURNING id
            )
            SELECT used, coalesce(oldest, now()) + \(period) AS free_at, EXISTS (SELECT FROM claimed) AS granted
            FROM recent
            """
        ).only()
        if try row.decode(Bool.self, "granted") { return .granted(used: try row.decode(Int.self, "used") + 1) }
        return .refused(until: try row["free_at"])
    }

    /// When the bot's last IDENTIFYs were sent, the newest first; they must be 5 s apart in a concurrency bucket.
    package func recent(bot: BotID, limit: Int = 16) async throws(PostgresError) -> [(shard: Int, at: Date)] {
        try await executor.query(
            "SELECT shard, sent_at FROM identifies WHERE bot = \(bot) ORDER BY sent_at DESC LIMIT \(limit)"
        ).map { row throws(PostgresError) in
            (try row.decode(Int.self, "shard"), try row.decode(Date.self, "sent_at"))
        }
    }

    /// Forgets what no limit counts any more.
    package func forget(olderThan age: Duration = .seconds(7 * 86_400)) async throws(PostgresError) {
        try await executor.query("DELETE FROM identifies WHERE sent_at < now() - \(age)")
    }
}
