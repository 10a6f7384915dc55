/// Counts answers that Discord holds against this machine's address: 401, 403 and 429 that are not shared.
///
/// 10,000 in ten minutes get the address banned by Cloudflare (API reference, "Invalid Request Limit"), for every bot and
/// process on it. Well before that nothing is sent until the count has fallen.
package struct InvalidRequestBudget: Sendable {
    private static let slotLength = Duration.seconds(10)
    private static let slots = 60

    private let ceiling: Int
    private var counts: [Int]
    private var current = 0
    private var currentStart: ContinuousClock.Instant
    private var total = 0
    /// What others have had, earlier processes of this machine among them: known for ten minutes at most.
    private var others = 0
    private var othersUntil: ContinuousClock.Instant

    /// - Parameter ceiling: invalid answers in ten minutes at which sending stops.
    package init(ceiling: Int = 5000, now: ContinuousClock.Instant) {
        self.ceiling = ceiling
        counts = Array(repeating: 0, count: Self.slots)
        currentStart = now
        othersUntil = now
    }

    /// Invalid answers of the last ten minutes.
    package mutating func count(_ now: ContinuousClock.Instant) -> Int {
        advance(now)
        return total + (now < othersUntil ? others : 0)
    }

    /// Whether nothing may be sent.
    package mutating func isExhausted(_ now: ContinuousClock.Instant) -> Bool {
        count(now) >= ceiling
    }

    /// The count of everybody on this address together, this budget's own included.
    package mutating func noteAll(_ everybody: Int, _ now: ContinuousClock.Instant) {
        advance(now)
        others = max(everybody - total, 0)
        othersUntil = now + Self.slotLength * Self.slots
    }

    package mutating func note(_ now: ContinuousClock.Instant) {
        advance(now)
        counts[current] += 1
        total += 1
    }

    private mutating func advance(_ now: ContinuousClock.Instant) {
        if now - currentStart >= Self.slotLength * Self.slots {
            counts = Array(repeating: 0, count: Self.slots)
            total = 0
            currentStart = now
            return
        }
        while now - currentStart >= Self.slotLength {
            current = (current + 1) % Self.slots
            total -= counts[current]
            counts[current] = 0
            currentStart += Self.slotLength
        }
    }
}
