import BusContract
import DiscordModel
package import Postgres

/// The table `queue_entries`. Writing service: music.
package struct QueueEntries: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// What plays and what waits, in order.
    package func open(_ key: PlayerKey) async throws(PostgresError) -> (playing: QueueEntry?, queued: [QueueEntry]) {
        let rows = try await executor.query(
            """
            SELECT entry, state, track, requester FROM queue_entries
            WHERE guild = \(key.guild.rawValue) AND bot = \(key.bot.rawValue) AND state IN ('queued', 'playing')
            ORDER BY place
            """
        )
        var playing: QueueEntry?
        var queued: [QueueEntry] = []
        for row in rows {
            let entry = QueueEntry(
                id: QueueEntryID(rawValue: try row["entry"]),
                track: try row.decodeJSON(Track.self, "track"),
                requester: UserID(try row.decode(UInt64.self, "requester"))
            )
            if try row.decode(String.self, "state") == QueueEntryState.playing.rawValue {
                playing = entry
            } else {
                queued.append(entry)
            }
        }
        return (playing, queued)
    }

    /// Adds one behind all others; an entry that is there already stays as it is.
    package func append(_ entry: QueueEntry, to key: PlayerKey) async throws(PostgresError) {
        try await executor.query(
            """
            INSERT INTO queue_entries (entry, guild, bot, track, requester)
            VALUES (
                \(entry.id.rawValue), \(key.guild.rawValue), \(key.bot.rawValue), \(.json(entry.track)),
                \(entry.requester.rawValue)
            )
            ON CONFLICT (entry) DO NOTHING
            """
        )
    }

    package func start(_ entry: QueueEntryID) async throws(PostgresError) {
        try await executor.query(
            "UPDATE queue_entries SET state = 'playing', started_at = now() WHERE entry = \(entry.rawValue)"
        )
    }

    package func end(_ entry: QueueEntryID, _ state: QueueEntryState) async throws(PostgresError) {
        try await executor.query(
            "UPDATE queue_entries SET state = \(state.rawValue), ended_at = now() WHERE entry = \(entry.rawValue)"
        )
    }

    /// Forgets what ended longer ago than that.
    package func prune(olderThan age: Duration) async throws(PostgresError) {
        try await executor.query("DELETE FROM queue_entries WHERE ended_at < now() - \(age)")
    }
}
