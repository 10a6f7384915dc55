package import LavalinkModel

/// The last searches, shared by all bots: the least recently used goes first. Pure.
package struct SearchCache: Sendable {
    package typealias Instant = ContinuousClock.Instant

    private struct Entry: Sendable {
        var result: LoadResult
        var until: Instant
        var usedAt: UInt64
    }

    private var entries: [String: Entry] = [:]
    private var uses: UInt64 = 0
    private let capacity: Int
    private let lifetime: Duration

    package init(capacity: Int = 100, lifetime: Duration = .seconds(1800)) {
        self.capacity = max(1, capacity)
        self.lifetime = lifetime
    }

    package var count: Int { entries.count }

    /// What that identifier gave not long ago.
    package mutating func result(for identifier: String, now: Instant) -> LoadResult? {
        guard let entry = entries[identifier] else { return nil }
        guard now < entry.until else {
            entries[identifier] = nil
            return nil
        }
        uses += 1
        entries[identifier]?.usedAt = uses
        return entry.result
    }

    /// Keeps a result. Failures and empty answers are not kept: another time they may be better.
    package mutating func keep(_ result: LoadResult, for identifier: String, now: Instant) {
        switch result {
        case .track, .playlist: break
        case .search(let tracks) where !tracks.isEmpty: break
        case .search, .empty, .error, .unknown: return
        }
        uses += 1
        entries[identifier] = Entry(result: result, until: now + lifetime, usedAt: uses)
        // A linear look for the oldest: at a hundred entries it costs less than any bookkeeping.
        if entries.count > capacity, let oldest = entries.min(by: { $0.value.usedAt < $1.value.usedAt }) {
            entries[oldest.key] = nil
        }
    }
}
