package import DiscordModel
package import Postgres

/// The table `lavalink_sessions`: each bot's session at each node. Writing service: lavalink-bridge.
package struct LavalinkSessions: Sendable {
    /// One bot's session at one node.
    package struct Stored: Sendable {
        package let bot: BotID
        package let node: String
        /// A capability: never logged.
        package let session: String
        package let user: UserID
    }

    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    package func all() async throws(PostgresError) -> [Stored] {
        var result: [Stored] = []
        for row in try await executor.query("SELECT bot, node, session, user_id FROM lavalink_sessions") {
            guard let bot = BotID(rawValue: try row.decode(String.self, "bot")) else { continue }
            result.append(
                Stored(
                    bot: bot,
                    node: try row["node"],
                    session: try row["session"],
                    user: UserID(try row.decode(UInt64.self, "user_id"))
                )
            )
        }
        return result
    }

    package func save(bot: BotID, node: String, session: String, user: UserID) async throws(PostgresError) {
        try await executor.query(
            """
            INSERT INTO lavalink_sessions (bot, node, session, user_id)
            VALUES (\(bot.rawValue), \(node), \(session), \(user.rawValue))
            ON CONFLICT (bot, node) DO UPDATE SET
                session = excluded.session, user_id = excluded.user_id, updated_at = now()
            """
        )
    }
}
