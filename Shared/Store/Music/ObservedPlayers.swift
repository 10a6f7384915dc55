package import DiscordModel
package import Postgres

/// The table `player_observed`. Writing service: lavalink-bridge.
package struct ObservedPlayers: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    private static let columns: Query = """
        guild, bot, generation, node, channel, entry, position, position_at, is_playing, ended_entry, ended_reason,
        lost, lost_generation
        """

    package func all() async throws(PostgresError) -> [ObservedPlayer] {
        try read(await executor.query("SELECT \(Self.columns) FROM player_observed"))
    }

    package func inGuild(_ guild: GuildID) async throws(PostgresError) -> [ObservedPlayer] {
        try read(
            await executor.query("SELECT \(Self.columns) FROM player_observed WHERE guild = \(guild.rawValue)")
        )
    }

    package func one(_ key: PlayerKey) async throws(PostgresError) -> ObservedPlayer? {
        try read(
            await executor.query(
                """
                SELECT \(Self.columns) FROM player_observed
                WHERE guild = \(key.guild.rawValue) AND bot = \(key.bot.rawValue)
                """
            )
        ).first
    }

    /// Writes the whole row, absolutely: writing it twice changes nothing.
    package func save(_ player: ObservedPlayer) async throws(PostgresError) {
        try await executor.query(
            """
            INSERT INTO player_observed (
                guild, bot, generation, node, channel, entry, position, position_at, is_playing, ended_entry,
                ended_reason, lost, lost_generation
            ) VALUES (
                \(player.key.guild.rawValue), \(player.key.bot.rawValue), \(player.generation), \(player.node),
                \(player.channel?.rawValue), \(player.entry?.rawValue), \(player.position), \(player.positionAt),
                \(player.isPlaying), \(player.ended?.entry.rawValue), \(player.ended?.reason ?? ""), \(player.lost),
                \(player.lostGeneration)
            )
            ON CONFLICT (guild, bot) DO UPDATE SET
                generation = excluded.generation, node = excluded.node, channel = excluded.channel,
                entry = excluded.entry, position = excluded.position, position_at = excluded.position_at,
                is_playing = excluded.is_playing, ended_entry = excluded.ended_entry,
                ended_reason = excluded.ended_reason, lost = excluded.lost,
                lost_generation = excluded.lost_generation, updated_at = now()
            """
        )
    }

    package func delete(_ key: PlayerKey) async throws(PostgresError) {
        try await executor.query(
            "DELETE FROM player_observed WHERE guild = \(key.guild.rawValue) AND bot = \(key.bot.rawValue)"
        )
    }

    private func read(_ rows: [Row]) throws(PostgresError) -> [ObservedPlayer] {
        var result: [ObservedPlayer] = []
        for row in rows {
            guard let key = try row.playerKey() else { continue }
            let channel: UInt64? = try row["channel"]
            let entry: String? = try row["entry"]
            let ended: String? = try row["ended_entry"]
            let reason: String = try row["ended_reason"]
            result.append(
                ObservedPlayer(
                    key: key,
                    generation: try row["generation"],
                    node: try row["node"],
                    channel: channel.map { ChannelID($0) },
                    entry: entry.map(QueueEntryID.init(rawValue:)),
                    position: try row["position"],
                    positionAt: try row["position_at"],
                    isPlaying: try row["is_playing"],
                    ended: ended.map { EndedEntry(entry: QueueEntryID(rawValue: $0), reason: reason) },
                    lost: try row["lost"],
                    lostGeneration: try row["lost_generation"]
                )
            )
        }
        return result
    }
}
