package import DiscordModel
package import Postgres

/// A guild's cached state at a point of the journal.
package struct GuildSnapshot: Hashable, Sendable {
    package let guild: GuildID
    package let stream: Int64
    package let seq: Int64
    /// In the cache's own form.
    package let state: [UInt8]

    package init(guild: GuildID, stream: Int64, seq: Int64, state: [UInt8]) {
        self.guild = guild
        self.stream = stream
        self.seq = seq
        self.state = state
    }
}

/// The table `guild_snapshots`, written by gateway, behind the events.
package struct GuildSnapshots: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Stores snapshots of one bot; an older one never replaces a newer one.
    package func save(_ snapshots: [GuildSnapshot], of bot: BotID) async throws(PostgresError) {
        guard !snapshots.isEmpty else { return }
        try await executor.query(
            """
            INSERT INTO guild_snapshots (bot, guild, stream, seq, state)
            SELECT \(bot), s.guild, s.stream, s.seq, s.state
            FROM unnest(\(snapshots.map(\.guild))::bigint[], \(snapshots.map(\.stream))::bigint[],
                \(snapshots.map(\.seq))::bigint[], \(snapshots.map(\.state))::bytea[]) AS s (guild, stream, seq, state)
            ON CONFLICT (bot, guild) DO UPDATE
            SET stream = excluded.stream, seq = excluded.seq, state = excluded.state, updated_at = now()
            WHERE (guild_snapshots.stream, guild_snapshots.seq) < (excluded.stream, excluded.seq)
            """
        )
    }

    package func find(bot: BotID, guild: GuildID) async throws(PostgresError) -> GuildSnapshot? {
        try await executor.query(
            "SELECT guild, stream, seq, state FROM guild_snapshots WHERE bot = \(bot) AND guild = \(guild)"
        ).first.map(GuildSnapshot.init)
    }

    /// The bot's snapshots in the order of their guilds' ids, from the one behind a guild on.
    package func page(
        of bot: BotID,
        after guild: GuildID,
        limit: Int
    ) async throws(PostgresError) -> [GuildSnapshot] {
        try await executor.query(
            """
            SELECT guild, stream, seq, state FROM guild_snapshots WHERE bot = \(bot) AND guild > \(guild)
            ORDER BY guild LIMIT \(limit)
            """
        ).map(GuildSnapshot.init)
    }

    /// Forgets guilds that the bot has left.
    package func remove(_ guilds: [GuildID], of bot: BotID) async throws(PostgresError) {
        try await executor.query("DELETE FROM guild_snapshots WHERE bot = \(bot) AND guild = ANY(\(guilds))")
    }
}

extension GuildSnapshot {
    fileprivate init(_ row: Row) throws(PostgresError) {
        guild = try row["guild"]
        stream = try row["stream"]
        seq = try row["seq"]
        state = try row["state"]
    }
}
