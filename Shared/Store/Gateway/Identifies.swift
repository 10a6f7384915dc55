package import DiscordModel
package import Postgres

/// The table `identifies`, written by gateway: every IDENTIFY, counted before it is sent (GW-12).
///
/// Discord resets a token that identifies more than `session_start_limit.total` times in a day (gateway documentation,
/// "Session Start Limit"). A process that crashes again and again finds its earlier attempts here.
package struct Identifies: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Waits until no other transaction decides about the bot's IDENTIFYs. Call it inside the transaction that decides.
    package func lock(_ bot: BotID) async throws(PostgresError) {
        try await executor.query("SELECT pg_advisory_xact_lock(hashtextextended(\("identify/" + bot.rawValue), 0))")
    }

    /// Counts an IDENTIFY that is about to be sent. When this throws, do not send.
    package func record(bot: BotID, shard: Int) async throws(PostgresError) {
        try await executor.query(
            "INSERT INTO identifies (bot, shard, sent_at) VALUES (\(bot), \(shard)::integer, clock_timestamp())"
        )
    }

    /// The bot's IDENTIFYs of a period, each with its shard and how long ago it was written down by the database's clock.
    package func recent(
        bot: BotID,
        within period: Duration = .seconds(86_400)
    ) async throws(PostgresError) -> [(shard: Int, age: Duration)] {
        try await executor.query(
            """
            SELECT shard, (extract(epoch FROM clock_timestamp() - sent_at) * 1000)::bigint AS age FROM identifies
            WHERE bot = \(bot) AND sent_at > now() - \(period)
            """
        ).map { row throws(PostgresError) in
            (try row.decode(Int.self, "shard"), .milliseconds(max(0, try row.decode(Int64.self, "age"))))
        }
    }

    /// Forgets what no limit counts any more.
    package func forget(olderThan age: Duration = .seconds(7 * 86_400)) async throws(PostgresError) {
        try await executor.query("DELETE FROM identifies WHERE sent_at < now() - \(age)")
    }
}
