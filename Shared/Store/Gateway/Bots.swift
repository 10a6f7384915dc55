package import DiscordModel
package import FoundationEssentials
package import Postgres

/// One bot as the fleet has it.
package struct BotRecord: Hashable, Sendable {
    /// What an operator wants of a bot.
    package enum Desire: String, Sendable {
        case running
        case stopped
    }

    /// Who has put it into the fleet.
    package enum Source: String, Sendable {
        /// `config/fleet.yaml`.
        case file
        /// An operator, over the admin API.
        case api
    }

    package let bot: BotID
    package let source: Source
    /// Where its token is: a variable's name or `file:<path>`.
    package let tokenReference: String
    package let isPrimary: Bool
    package let desired: Desire
    /// `stopped`, `connecting`, `online`, `resuming`, `failed`.
    package let state: String
    /// Why, in one line; empty when all is well.
    package let reason: String
    /// Empty before the first login.
    package let username: String
    package let user: UserID?
    package let application: ApplicationID?
    package let shards: Int
    /// Since when it is in this state.
    package let since: Date
}

/// The table `bots`, written by gateway.
package struct Bots: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Adds a bot, or changes where its token is; what an operator wants of it stays.
    package func declare(_ bot: BotID, tokenReference: String, isPrimary: Bool) async throws(PostgresError) {
        // One primary at most: the old one steps back in the same statement's transaction.
        if isPrimary {
            try await executor.query("UPDATE bots SET is_primary = false WHERE is_primary AND bot <> \(bot)")
        }
        try await executor.query(
            """
            INSERT INTO bots (bot, token_ref, is_primary) VALUES (\(bot), \(tokenReference), \(isPrimary))
            ON CONFLICT (bot) DO UPDATE
            SET token_ref = excluded.token_ref, is_primary = excluded.is_primary, source = 'file', updated_at = now()
            WHERE (bots.token_ref, bots.is_primary, bots.source)
                IS DISTINCT FROM (excluded.token_ref, excluded.is_primary, 'file')
            """
        )
    }

    /// Adds a bot for an operator; one that has gone from `config/fleet.yaml` may come back this way.
    ///
    /// - Returns: the bot, also when it was added before; nil when it was added with another reference.
    package func add(_ bot: BotID, tokenReference: String) async throws(PostgresError) -> BotRecord? {
        try await executor.query(
            """
            INSERT INTO bots (bot, token_ref, source) VALUES (\(bot), \(tokenReference), 'api')
            ON CONFLICT (bot) DO UPDATE
            SET token_ref = excluded.token_ref, source = 'api', is_primary = false, updated_at = now(),
                desired = CASE WHEN bots.source = 'api' THEN bots.desired ELSE 'running' END
            WHERE bots.source = 'file' OR bots.token_ref = excluded.token_ref
            RETURNING *
            """
        ).first.map(BotRecord.init)
    }

    /// Notes what an operator wants; false when there is no such bot.
    package func setDesired(_ desired: BotRecord.Desire, of bot: BotID) async throws(PostgresError) -> Bool {
        let rows = try await executor.query(
            """
            UPDATE bots SET desired = \(desired.rawValue), updated_at = now() WHERE bot = \(bot) RETURNING 1 AS changed
            """
        )
        return !rows.isEmpty
    }

    /// Notes how a bot is; `since` moves only when the state does.
    package func observe(_ bot: BotID, state: String, reason: String = "") async throws(PostgresError) {
        try await executor.query(
            """
            UPDATE bots SET state = \(state), reason = \(reason), updated_at = now(),
                since = CASE WHEN state = \(state) THEN since ELSE now() END
            WHERE bot = \(bot)
            """
        )
    }

    /// Notes who the bot is on Discord, from READY.
    package func identify(
        _ bot: BotID,
        user: UserID,
        application: ApplicationID,
        username: String,
        shards: Int
    ) async throws(PostgresError) {
        try await executor.query(
            """
            UPDATE bots SET user_id = \(user), application_id = \(application), username = \(username),
                shards = \(shards), updated_at = now()
            WHERE bot = \(bot)
            """
        )
    }

    /// All bots, the primary first.
    package func all() async throws(PostgresError) -> [BotRecord] {
        try await executor.query("SELECT * FROM bots ORDER BY is_primary DESC, bot").map(BotRecord.init)
    }

    package func find(_ bot: BotID) async throws(PostgresError) -> BotRecord? {
        try await executor.query("SELECT * FROM bots WHERE bot = \(bot)").first.map(BotRecord.init)
    }

    /// Forgets a bot; its cases, karma and turns stay.
    package func remove(_ bot: BotID) async throws(PostgresError) {
        try await executor.query("DELETE FROM bots WHERE bot = \(bot)")
    }
}

extension BotRecord {
    fileprivate init(_ row: Row) throws(PostgresError) {
        bot = try row["bot"]
        source = Source(rawValue: try row["source"]) ?? .file
        tokenReference = try row["token_ref"]
        isPrimary = try row["is_primary"]
        desired = Desire(rawValue: try row["desired"]) ?? .stopped
        state = try row["state"]
        reason = try row["reason"]
        username = try row["username"]
        user = try row["user_id"]
        application = try row["application_id"]
        shards = try row["shards"]
        since = try row["since"]
    }
}
