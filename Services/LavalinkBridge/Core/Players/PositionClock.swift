package import Store

/// Where a track is between two words of its node.
package struct PositionClock: Hashable, Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// No track is longer; a node that says otherwise must not make the sum overflow.
    private static let longest: Int64 = 1 << 53

    package var entry: QueueEntryID
    private var base: Int64
    private var since: Instant
    package private(set) var isRunning: Bool

    package init(entry: QueueEntryID, position: Int64, now: Instant, isRunning: Bool) {
        self.entry = entry
        base = Self.bounded(position)
        since = now
        self.isRunning = isRunning
    }

    /// Milliseconds into the track.
    package func position(now: Instant) -> Int64 {
        guard isRunning else { return base }
        let elapsed = (now - since).components
        return base + elapsed.seconds * 1000 + elapsed.attoseconds / 1_000_000_000_000_000
    }

    package mutating func set(position: Int64, now: Instant, isRunning: Bool) {
        base = Self.bounded(position)
        since = now
        self.isRunning = isRunning
    }

    /// The sound has stopped, or nobody knows whether it goes on.
    package mutating func freeze(now: Instant) {
        set(position: position(now: now), now: now, isRunning: false)
    }

    private static func bounded(_ position: Int64) -> Int64 {
        min(max(0, position), longest)
    }
}
