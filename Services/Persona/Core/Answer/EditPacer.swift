/// When the next intermediate edit in one channel may leave.
///
/// Discord lets a bot edit about five times in five seconds in a channel. One pacer belongs to one bot in one channel:
/// a pacer shared by channels would slow every conversation down to one. Times count from any fixed instant.
struct EditPacer: Sendable, Hashable {
    /// Shortest time between two edits.
    private let interval: Duration
    /// The interval in force: grows when Discord holds us back, shrinks again with every edit that gets through.
    private var current: Duration
    private var earliest: Duration = .zero

    private static let slowest: Duration = .seconds(10)

    init(interval: Duration = .milliseconds(1200)) {
        self.interval = interval
        current = interval
    }

    /// When the next edit may leave; in the past if it may leave now.
    var nextEdit: Duration { earliest }

    /// Whether nothing holds it back.
    var isAtRest: Bool { current == interval }

    /// The same pace on a clock that begins now.
    var restarted: EditPacer {
        var copy = self
        copy.earliest = .zero
        return copy
    }

    /// An edit (or a new message) got through.
    mutating func succeeded(at now: Duration) {
        current = max(interval, current * 3 / 4)
        earliest = now + current
    }

    /// An edit was held back or failed.
    mutating func failed(at now: Duration) {
        current = min(Self.slowest, current * 2)
        earliest = now + current
    }
}
