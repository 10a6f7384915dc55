package import DiscordModel
package import Postgres

/// The table `player_desired`. Writing service: music.
package struct DesiredPlayers: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    private static let columns: Query = """
        guild, bot, channel, text_channel, generation, voice_revision, entry, encoded, source, start_position, paused,
        volume, failures
        """

    package func all() async throws(PostgresError) -> [DesiredPlayer] {
        try read(await executor.query("SELECT \(Self.columns) FROM player_desired ORDER BY guild, bot"))
    }

    package func inGuild(_ guild: GuildID) async throws(PostgresError) -> [DesiredPlayer] {
        try read(
            await executor.query(
                "SELECT \(Self.columns) FROM player_desired WHERE guild = \(guild.rawValue) ORDER BY bot"
            )
        )
    }

    package func one(_ key: PlayerKey) async throws(PostgresError) -> DesiredPlayer? {
        try read(
            await executor.query(
                """
                SELECT \(Self.columns) FROM player_desired
                WHERE guild = \(key.guild.rawValue) AND bot = \(key.bot.rawValue)
                """
            )
        ).first
    }

    /// The player with its row locked until the transaction ends; nil when there is none.
    package func locked(_ key: PlayerKey) async throws(PostgresError) -> DesiredPlayer? {
        try read(
            await executor.query(
                """
                SELECT \(Self.columns) FROM player_desired
                WHERE guild = \(key.guild.rawValue) AND bot = \(key.bot.rawValue) FOR UPDATE
                """
            )
        ).first
    }

    /// Holds every other change of the guild's players back until the transaction ends: who gets which channel is
    /// decided by one at a time.
    package func lockGuild(_ guild: GuildID) async throws(PostgresError) {
        try await executor.query(
            "SELECT pg_advisory_xact_lock(hashtextextended('ensemble.music', \(guild.rawValue)))"
        )
    }

    /// A new player.
    ///
    /// - Throws: a unique violation when the bot has a player in the guild, or the channel has a bot.
    package func insert(_ player: DesiredPlayer) async throws(PostgresError) {
        try await executor.query(
            """
            INSERT INTO player_desired (guild, bot, channel, text_channel)
            VALUES (
                \(player.key.guild.rawValue), \(player.key.bot.rawValue), \(player.channel.rawValue),
                \(player.textChannel?.rawValue)
            )
            """
        )
    }

    /// Writes what has changed under a new generation, which it returns.
    package func update(_ player: DesiredPlayer) async throws(PostgresError) -> Int64 {
        let rows = try await executor.query(
            """
            UPDATE player_desired SET
                channel = \(player.channel.rawValue), text_channel = \(player.textChannel?.rawValue),
                generation = nextval('player_generation'), voice_revision = \(player.voiceRevision),
                entry = \(player.entry?.rawValue), encoded = \(player.encoded), source = \(player.source),
                start_position = \(player.startPosition), paused = \(player.paused), volume = \(player.volume),
                failures = \(player.failures), updated_at = now(),
                idle_since = CASE WHEN \(player.entry == nil) THEN coalesce(idle_since, now()) END
            WHERE guild = \(player.key.guild.rawValue) AND bot = \(player.key.bot.rawValue)
            RETURNING generation
            """
        )
        return try rows.only()["generation"]
    }

    package func delete(_ key: PlayerKey) async throws(PostgresError) {
        try await executor.query(
            "DELETE FROM player_desired WHERE guild = \(key.guild.rawValue) AND bot = \(key.bot.rawValue)"
        )
    }

    /// Notes whether anybody listens; the clock runs from the first time that nobody does.
    package func setAlone(_ isAlone: Bool, _ key: PlayerKey) async throws(PostgresError) {
        try await executor.query(
            """
            UPDATE player_desired SET alone_since = CASE WHEN \(isAlone) THEN coalesce(alone_since, now()) END
            WHERE guild = \(key.guild.rawValue) AND bot = \(key.bot.rawValue)
            """
        )
    }

    /// Players that have had nothing to play, or nobody to play for, for that long.
    package func abandoned(idle: Duration, alone: Duration) async throws(PostgresError) -> [PlayerKey] {
        try keys(
            await executor.query(
                """
                SELECT guild, bot FROM player_desired
                WHERE (entry IS NULL AND idle_since < now() - \(idle)) OR alone_since < now() - \(alone)
                """
            )
        )
    }

    /// Players about which the bridge has written something that music has not acted upon.
    package func unsettled() async throws(PostgresError) -> [PlayerKey] {
        try keys(
            await executor.query(
                """
                SELECT d.guild, d.bot FROM player_desired d JOIN player_observed o USING (guild, bot)
                WHERE o.ended_entry = d.entry
                    OR (o.lost <> '' AND o.lost_generation >= d.generation)
                    OR (o.lost = '' AND o.generation = d.generation AND o.channel <> d.channel)
                """
            )
        )
    }

    private func keys(_ rows: [Row]) throws(PostgresError) -> [PlayerKey] {
        var result: [PlayerKey] = []
        for row in rows {
            guard let key = try row.playerKey() else { continue }
            result.append(key)
        }
        return result
    }

    private func read(_ rows: [Row]) throws(PostgresError) -> [DesiredPlayer] {
        var result: [DesiredPlayer] = []
        for row in rows {
            guard let key = try row.playerKey() else { continue }
            let textChannel: UInt64? = try row["text_channel"]
            let entry: String? = try row["entry"]
            result.append(
                DesiredPlayer(
                    key: key,
                    channel: ChannelID(try row.decode(UInt64.self, "channel")),
                    textChannel: textChannel.map { ChannelID($0) },
                    generation: try row["generation"],
                    voiceRevision: try row["voice_revision"],
                    entry: entry.map(QueueEntryID.init(rawValue:)),
                    encoded: try row["encoded"],
                    source: try row["source"],
                    startPosition: try row["start_position"],
                    paused: try row["paused"],
                    volume: try row["volume"],
                    failures: try row["failures"]
                )
            )
        }
        return result
    }
}

extension Row {
    /// The columns `guild` and `bot`; nil when the bot's name is none, which only a hand-written row can have.
    func playerKey() throws(PostgresError) -> PlayerKey? {
        guard let bot = BotID(rawValue: try decode(String.self, "bot")) else { return nil }
        return PlayerKey(bot: bot, guild: GuildID(try decode(UInt64.self, "guild")))
    }
}
