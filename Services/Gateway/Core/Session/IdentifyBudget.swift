import DiscordModel

/// When a bot may send its next IDENTIFY: decided from what was sent before, by this process or an earlier one.
///
/// Discord resets the token of a bot that identifies more than 1,000 times a day, and ends a session that identifies
/// faster than `max_concurrency` in 5 seconds (gateway documentation, "Rate Limiting"). A process that crashes in a loop
/// must not get there, so the pauses grow with the number of recent sessions.
struct IdentifyBudget: Sendable {
    /// How many were sent, and when the last one was.
    struct History: Equatable, Sendable {
        var sinceLast: Duration?
        var inLastHour: Int
        var inLastDay: Int
    }

    enum Verdict: Equatable {
        case now
        case after(Duration)
        /// The day's limit is nearly used up: an operator should look. Nothing is sent for that long.
        case exhausted(Duration)
    }

    /// Sessions of a day that are never used by ourselves: the operator may need them.
    private static let dailyReserve = 50

    static func decide(_ history: History, limit: GatewayBotInfo.SessionStartLimit) -> Verdict {
        let reserve = min(dailyReserve, limit.total / 10)
        if limit.remaining <= reserve {
            return .exhausted(.milliseconds(max(limit.resetAfter, 1000)))
        }
        if history.inLastDay >= limit.total - reserve { return .exhausted(.seconds(3600)) }
        guard let sinceLast = history.sinceLast else { return .now }
        // The first ten an hour only keep to Discord's 5 seconds; then the pause doubles with every three more.
        var pause = Duration.seconds(5) / max(limit.maxConcurrency, 1)
        if history.inLastHour >= 10 {
            pause = min(.seconds(10) * (1 << min((history.inLastHour - 10) / 3, 9)), .seconds(1800))
        }
        // From the hundredth of a day on, so far apart that even a process that crashes each time stays below 600 a day,
        // and there are sessions left for the operator who mends it.
        if history.inLastDay >= 100 { pause = max(pause, .seconds(180)) }
        return sinceLast >= pause ? .now : .after(pause - sinceLast)
    }
}
