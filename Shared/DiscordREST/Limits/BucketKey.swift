/// What one of Discord's limits applies to: the bucket that Discord named, and the resource that the request is about.
///
/// Discord's bucket hash leaves the resource out, so that hash alone would let one busy channel hold up all others (API
/// reference, "Rate Limits"). Until Discord has named a route's bucket, the route stands in its place.
struct BucketKey: Hashable, Sendable {
    /// Discord's hash, or the route.
    var id: String
    /// Channel, guild or webhook, as it stands in the path.
    var resource: String
}

/// One bucket: what Discord last said of it, and who waits for it.
struct Bucket: Sendable {
    enum Limit: Equatable, Sendable {
        /// No answer yet: one request at a time finds out.
        case unknown
        /// Discord's answers name no limit.
        case none
        /// `available` permits are left until `resetAt`, then `limit`.
        case known(limit: Int, available: Int, resetAt: ContinuousClock.Instant)
    }

    var limit = Limit.unknown
    /// When the latest window that Discord has told of ends, since 1970 by Discord's clock.
    var windowEnd: Duration?
    /// After a 429: nothing leaves before.
    var blockedUntil: ContinuousClock.Instant?
    var inFlight = 0
    /// Waiting requests by lane, first come first served.
    var waiting: [[RequestID]] = Array(repeating: [], count: RequestLane.allCases.count)

    var isIdle: Bool { inFlight == 0 && waiting.allSatisfy(\.isEmpty) }

    /// What a bucket says to a lane that wants to send.
    enum Answer: Equatable {
        case now
        /// Not before this instant.
        case later(ContinuousClock.Instant)
        /// Only after an answer has come back.
        case afterAnswer
    }

    /// Starts a new window if the last one is over.
    mutating func refresh(_ now: ContinuousClock.Instant) {
        if let until = blockedUntil, until <= now { blockedUntil = nil }
        if case .known(let limit, _, let resetAt) = limit, resetAt <= now {
            // Those in flight may be counted in the new window. It ends when the next answer says so.
            self.limit = .known(limit: limit, available: max(limit - inFlight, 0), resetAt: .distantFuture)
        }
    }

    func ask(_ lane: RequestLane) -> Answer {
        if let blockedUntil { return .later(blockedUntil) }
        switch limit {
        case .none: return .now
        case .unknown: return inFlight == 0 ? .now : .afterAnswer
        case .known(let limit, let available, let resetAt):
            if available > lane.reserve(of: limit) { return .now }
            return resetAt == .distantFuture ? .afterAnswer : .later(resetAt)
        }
    }

    mutating func take() {
        inFlight += 1
        spend()
    }

    /// Counts a request against what is left.
    mutating func spend() {
        if case .known(let limit, let available, let resetAt) = limit {
            self.limit = .known(limit: limit, available: max(available - 1, 0), resetAt: resetAt)
        }
    }

    /// Learns from an answer. Its request counts as in flight no more.
    mutating func learn(_ report: LimitReport, _ now: ContinuousClock.Instant) {
        if let limit = report.limit, let remaining = report.remaining, let resetAfter = report.resetAfter {
            learn(max(limit, 1), remaining: min(remaining, limit), now + resetAfter, report)
        } else if report.isAnswer, limit == .unknown {
            limit = .none
        } else {
            openUntold()
        }
    }

    private mutating func learn(
        _ limit: Int,
        remaining: Int,
        _ resetAt: ContinuousClock.Instant,
        _ report: LimitReport
    ) {
        // What is in flight may not have been counted by Discord yet.
        let uncounted = max(remaining - inFlight, 0)
        guard case .known(_, let left, let current) = self.limit else {
            windowEnd = report.reset
            self.limit = .known(limit: limit, available: uncounted, resetAt: resetAt)
            return
        }
        let isAwaited = current == .distantFuture
        let age = WindowAge(report, windowEnd)
        if age == .newer || age == .moved || windowEnd == nil { windowEnd = report.reset }
        switch age {
        case .same where isAwaited, .older:
            // It was counted in a window that is over.
            openUntold()
        case .same, .unknown:
            // `left` counts what is in flight already: to take it off once more would lose a permit for the rest of the
            // window whenever answers overtake each other. Neither hand any back: an older answer counted less.
            self.limit = .known(
                limit: limit,
                available: min(remaining, left),
                resetAt: isAwaited ? resetAt : max(resetAt, current)
            )
        case .newer:
            // Discord's window ended a moment before ours, for an answer takes its time. Those in flight may be in it.
            let available = isAwaited ? left : max(limit - 1 - inFlight, 0)
            self.limit = .known(limit: limit, available: min(remaining, available), resetAt: resetAt)
        case .moved:
            self.limit = .known(limit: limit, available: uncounted, resetAt: resetAt)
        }
    }

    /// An answer told nothing of the window that began, and none is to come that could: it is open.
    private mutating func openUntold() {
        if inFlight == 0, case .known(let limit, _, .distantFuture) = limit {
            self.limit = .known(limit: limit, available: limit, resetAt: .distantFuture)
        }
    }
}

/// Which of a bucket's windows an answer speaks of, by Discord's own clock alone.
private enum WindowAge {
    /// The answer does not say, or nothing was known before.
    case unknown
    case older, same
    /// One that began when the known one was over.
    case newer
    /// The known one ends later than was said: a window that slides.
    case moved

    /// Discord's ends of one window may differ by some milliseconds.
    private static let tolerance = Duration.milliseconds(50)

    init(_ report: LimitReport, _ known: Duration?) {
        guard let end = report.reset, let resetAfter = report.resetAfter, let known else {
            self = .unknown
            return
        }
        if end < known - Self.tolerance {
            self = .older
        } else if end <= known + Self.tolerance {
            self = .same
        } else {
            self = end - resetAfter > known - Self.tolerance ? .newer : .moved
        }
    }
}

extension ContinuousClock.Instant {
    /// Later than any deadline.
    static var distantFuture: Self { ContinuousClock.Instant.farFuture }

    private static let farFuture = ContinuousClock.now + .seconds(1_000_000_000)
}

/// A number for one request in the limiter.
package typealias RequestID = UInt64

/// What an answer says about limits.
package struct LimitReport: Equatable, Sendable {
    /// False if no answer came.
    package var isAnswer = true
    package var bucket: String?
    package var limit: Int?
    package var remaining: Int?
    package var resetAfter: Duration?
    /// When the window ends, since 1970 by Discord's clock: it tells one window's answers from another's, and nothing else.
    package var reset: Duration?
    /// Set on 429.
    package var rejection: Rejection?

    package struct Rejection: Equatable, Sendable {
        package var retryAfter: Duration
        package var scope: Scope

        package init(retryAfter: Duration, scope: Scope) {
            self.retryAfter = retryAfter
            self.scope = scope
        }
    }

    /// Whose limit a 429 is about (`X-RateLimit-Scope`).
    package enum Scope: Sendable {
        /// This bot's, on this bucket.
        case user
        /// This bot's, on everything.
        case global
        /// The resource's, shared with others: not our fault, and no invalid request.
        case shared
    }

    package init() {}

    /// No answer came: the connection failed, or the caller gave up.
    package static var absent: Self {
        var report = Self()
        report.isAnswer = false
        return report
    }
}
