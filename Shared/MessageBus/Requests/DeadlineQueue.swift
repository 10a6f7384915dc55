import HeapModule

/// What is due when: a heap whose entries are not removed when they lose their meaning, but skipped when they come up.
///
/// The owner decides by `isCurrent` whether an entry still counts. The queue is rebuilt when most entries are stale, so
/// that its size stays within a constant factor of what is alive.
///
/// Compiled for `RequestID` too: the broker, in another module, asks it several times for each message.
package struct DeadlineQueue<ID: Hashable & Sendable>: Sendable {
    private struct Entry: Comparable, Sendable {
        let instant: ContinuousClock.Instant
        let id: ID

        static func < (left: Self, right: Self) -> Bool { left.instant < right.instant }
        static func == (left: Self, right: Self) -> Bool { left.instant == right.instant }
    }

    private var heap = Heap<Entry>()

    package init() {}

    @specialized(where ID == RequestID)
    package mutating func insert(_ id: ID, at instant: ContinuousClock.Instant) {
        heap.insert(Entry(instant: instant, id: id))
    }

    /// The instant of the earliest entry that counts.
    @specialized(where ID == RequestID)
    package mutating func next(where isCurrent: (ID, ContinuousClock.Instant) -> Bool) -> ContinuousClock.Instant? {
        while let entry = heap.min {
            if isCurrent(entry.id, entry.instant) { return entry.instant }
            heap.removeMin()
        }
        return nil
    }

    /// Takes out the earliest entry that counts and is due.
    @specialized(where ID == RequestID)
    package mutating func popDue(
        _ now: ContinuousClock.Instant,
        where isCurrent: (ID, ContinuousClock.Instant) -> Bool
    ) -> ID? {
        while let entry = heap.min, entry.instant <= now {
            heap.removeMin()
            if isCurrent(entry.id, entry.instant) { return entry.id }
        }
        return nil
    }

    /// Throws stale entries away once they are most of the heap; `alive` is the number of those that count.
    @specialized(where ID == RequestID)
    package mutating func compact(alive: Int, where isCurrent: (ID, ContinuousClock.Instant) -> Bool) {
        guard heap.count > 4 * alive + 256 else { return }
        heap = Heap(heap.unordered.filter { isCurrent($0.id, $0.instant) })
    }
}
