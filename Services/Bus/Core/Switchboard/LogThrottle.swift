/// Lets a log line through at most every so often, and tells how many were held back.
///
/// What peers do must not be able to fill the disk.
struct LogThrottle {
    private let interval: Duration
    private var lastAt: ContinuousClock.Instant?
    private var held = 0

    init(interval: Duration = .seconds(10)) {
        self.interval = interval
    }

    /// The number of lines held back since the last one, or nil when this one is to be held back too.
    mutating func admit(_ now: ContinuousClock.Instant) -> Int? {
        if let lastAt, now - lastAt < interval {
            held += 1
            return nil
        }
        defer {
            lastAt = now
            held = 0
        }
        return held
    }
}
