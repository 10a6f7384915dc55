package import DiscordModel

/// What the bridge knows of a player: a row of `player_observed`, which the bridge alone writes.
///
/// It says both what is and what has ended, so that music can advance a queue however late it reads it.
package struct ObservedPlayer: Hashable, Sendable {
    package let key: PlayerKey
    /// The generation of `player_desired` that has been made true.
    package var generation: Int64
    /// The node that has the player; empty = none.
    package var node: String
    /// The voice channel that the bot is in.
    package var channel: ChannelID?
    package var entry: QueueEntryID?
    /// Milliseconds into the track at `positionAt`.
    package var position: Int64
    /// Unix milliseconds.
    package var positionAt: Int64
    /// Whether the position moves.
    package var isPlaying: Bool
    /// The entry that ended last by itself, and how: `finished`, `loadFailed`, `stuck`.
    package var ended: EndedEntry?
    /// Why the bot is out of its channel for good, while it is: `kicked`, `callEnded`, `unanswered`.
    package var lost: String
    /// The generation of `player_desired` at which it was lost; a later one tries again.
    package var lostGeneration: Int64

    package init(
        key: PlayerKey,
        generation: Int64 = 0,
        node: String = "",
        channel: ChannelID? = nil,
        entry: QueueEntryID? = nil,
        position: Int64 = 0,
        positionAt: Int64 = 0,
        isPlaying: Bool = false,
        ended: EndedEntry? = nil,
        lost: String = "",
        lostGeneration: Int64 = 0
    ) {
        self.key = key
        self.generation = generation
        self.node = node
        self.channel = channel
        self.entry = entry
        self.position = position
        self.positionAt = positionAt
        self.isPlaying = isPlaying
        self.ended = ended
        self.lost = lost
        self.lostGeneration = lostGeneration
    }

    /// Milliseconds into the track at that time.
    package func position(at now: Int64) -> Int64 {
        isPlaying ? position + max(0, now - positionAt) : position
    }
}

/// An entry that ended by itself.
package struct EndedEntry: Hashable, Sendable {
    package var entry: QueueEntryID
    /// `finished`, `loadFailed`, `stuck`.
    package var reason: String

    package init(entry: QueueEntryID, reason: String) {
        self.entry = entry
        self.reason = reason
    }
}
