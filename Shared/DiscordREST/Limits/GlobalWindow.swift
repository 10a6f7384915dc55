/// The limit over all routes: at most so many requests in any second.
///
/// A sliding window, because it is not documented where Discord's seconds begin: a bucket that refills could send twice
/// the rate within one of them.
struct GlobalWindow: Sendable {
    private let rate: Int
    /// When the last requests left, a ring of `rate` instants.
    private var departures: [ContinuousClock.Instant]
    private var oldest = 0
    private var count = 0
    private var blockedUntil: ContinuousClock.Instant?
    /// When the paced lane may send again.
    private var pacedUntil: ContinuousClock.Instant?

    /// A little over a second, for requests may catch up with each other on their way.
    private static let length = Duration.milliseconds(1020)

    init(rate: Int) {
        self.rate = max(rate, 1)
        departures = []
        departures.reserveCapacity(self.rate)
    }

    /// Nil: the lane may send now; else the instant before which it may not.
    mutating func ask(_ lane: RequestLane, _ now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        if let until = blockedUntil {
            if until > now { return until }
            blockedUntil = nil
        }
        while count > 0, departures[oldest] + Self.length <= now {
            oldest = (oldest + 1) % rate
            count -= 1
        }
        if lane.isPaced, let pacedUntil, pacedUntil > now { return pacedUntil }
        let usable = rate - lane.reserve(of: rate)
        guard count >= usable else { return nil }
        // So many must leave the window first.
        return departures[(oldest + count - usable) % rate] + Self.length
    }

    mutating func take(_ lane: RequestLane, _ now: ContinuousClock.Instant) {
        if lane.isPaced { pacedUntil = now + Self.length / (rate - lane.reserve(of: rate)) }
        let index = (oldest + count) % rate
        if index < departures.count { departures[index] = now } else { departures.append(now) }
        count = min(count + 1, rate)
    }

    mutating func block(until instant: ContinuousClock.Instant) {
        blockedUntil = max(blockedUntil ?? instant, instant)
    }
}
