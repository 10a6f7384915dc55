import DiscordModel

/// Tells milliseconds since the epoch by a clock that a test may move.
struct Stopwatch: Sendable {
    private let start: EpochMilliseconds
    private let elapsed: @Sendable () -> Duration

    /// - Parameter start: what the clock shows now.
    init(_ clock: any Clock<Duration>, start: EpochMilliseconds) {
        self.start = start
        elapsed = Self.measure(clock)
    }

    private static func measure<C: Clock>(_ clock: C) -> @Sendable () -> Duration where C.Duration == Duration {
        let first = clock.now
        return { first.duration(to: clock.now) }
    }

    var now: EpochMilliseconds { start + EpochMilliseconds(max(elapsed(), .zero).milliseconds) }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
