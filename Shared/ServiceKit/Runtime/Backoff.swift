/// How long to wait before the next attempt: exponential with full jitter above a floor, up to a ceiling.
///
/// Count attempts at *connecting*, not at logging in: an outage must not become a hot loop. The floor keeps a lucky draw
/// from giving no wait at all.
package struct Backoff: Sendable {
    /// The wait that the first draws are made from.
    package let base: Duration
    /// The longest wait.
    package let cap: Duration
    /// The shortest wait.
    package let floor: Duration
    /// Attempts since the last success.
    package private(set) var attempts = 0

    /// Makes a back-off with waits from `floor` (a quarter of the base if none is given) to `cap`.
    package init(base: Duration = .milliseconds(250), cap: Duration = .seconds(30), floor: Duration? = nil) {
        self.base = base
        self.cap = cap
        self.floor = floor ?? base / 4
    }

    /// The wait before the next attempt; each call counts one.
    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let ceiling = min(cap, base * (1 << min(attempts, 20)))
        attempts += 1
        let span = max(.zero, ceiling - floor)
        return floor + span * Double.random(in: 0..<1, using: &generator)
    }

    /// The wait before the next attempt, drawn from the system's generator.
    package mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    /// Starts over after a success.
    package mutating func reset() {
        attempts = 0
    }
}
