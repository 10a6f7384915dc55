/// Limits that the limiter starts from; what Discord's answers say comes on top.
package struct RateLimits: Sendable {
    /// Requests a second over all routes of one bot (Discord: 50).
    package var globalRate = 50
    /// Requests that may wait, of one bot, by lane from first to last. More are refused.
    package var queueBounds = [256, 512, 256, 128]
    /// Buckets remembered before idle ones are forgotten.
    package var bucketBound = 2000

    package init() {}
}

/// In which order requests leave, from first to last, and how much of each limit a lane must leave to those before it.
package enum RequestLane: Int, CaseIterable, Sendable, Comparable {
    /// Answers to members who wait: a late one is lost.
    case interaction = 0
    case moderation = 1
    case message = 2
    case cosmetic = 3

    package static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }

    /// Whether its requests leave one by one over the second, and not all that a second allows at its beginning: those of
    /// lanes before it would wait behind them on the way to Discord.
    var isPaced: Bool { self == .cosmetic }

    /// Of a limit, the permits that this lane must not touch: they stay for lanes before it.
    ///
    /// Every lane can use at least one permit of any limit, so none starves by the rule alone.
    func reserve(of limit: Int) -> Int {
        let share: Int
        switch self {
        case .interaction: share = 0
        case .moderation: share = limit / 20
        case .message: share = limit / 5
        case .cosmetic: share = limit / 2
        }
        return min(share, max(limit - 1, 0))
    }
}
