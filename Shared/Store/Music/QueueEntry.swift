package import BusContract
package import DiscordModel

/// One track in a player's queue: a row of `queue_entries`, which music alone writes.
package struct QueueEntry: Hashable, Sendable {
    package let id: QueueEntryID
    package var track: Track
    /// Who asked for it.
    package var requester: UserID

    package init(id: QueueEntryID, track: Track, requester: UserID) {
        self.id = id
        self.track = track
        self.requester = requester
    }
}

/// What became of an entry; the values stand in the table.
package enum QueueEntryState: String, Hashable, Sendable {
    case queued
    case playing
    case finished
    case skipped
    case stopped
    /// The node could not play it.
    case failed
    case stuck
}
