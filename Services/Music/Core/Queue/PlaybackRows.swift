import Postgres
import Store

/// Loads a player with its queue, and writes what an operation made of them. Only inside a transaction that holds the
/// player's row.
struct PlaybackRows: Sendable {
    let players: DesiredPlayers
    let entries: QueueEntries

    init(_ executor: any QueryExecutor) {
        players = DesiredPlayers(executor)
        entries = QueueEntries(executor)
    }

    /// Locks the player's row; nil when there is no such player.
    func load(_ key: PlayerKey) async throws(PostgresError) -> Playback? {
        guard let player = try await players.locked(key) else { return nil }
        return try await load(player)
    }

    func load(_ player: DesiredPlayer) async throws(PostgresError) -> Playback {
        let (playing, queued) = try await entries.open(player.key)
        return Playback(player: player, current: playing, queue: queued)
    }

    /// Writes the changes, and gives the player a new generation if it has changed.
    func save(_ playback: inout Playback) async throws(PostgresError) {
        for change in playback.changes {
            switch change {
            case .append(let entry): try await entries.append(entry, to: playback.player.key)
            case .start(let id): try await entries.start(id)
            case .end(let id, let state): try await entries.end(id, state)
            }
        }
        if playback.playerChanged {
            playback.player.generation = try await players.update(playback.player)
        }
    }
}
