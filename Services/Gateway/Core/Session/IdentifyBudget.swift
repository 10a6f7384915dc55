import DiscordModel

/// When a shard may send its next IDENTIFY: decided from what the bot's shards sent before, in this process, an earlier
/// one or another that runs beside it.
///
/// Discord resets the token of a bot that identifies more than 1,000 times a day, and ends a session that identifies
/// within 5 seconds of another of its bucket (gateway documentation, "Rate Limiting": `max_concurrency` buckets, shard
/// id modulo their number). A process that crashes in a loop must not get there, so the pauses grow with the number of
/// recent sessions.
struct IdentifyBudget: Sendable {
    /// How many were sent, and when the last one was.
    struct History: Equatable, Sendable {
        /// Since the shard's own last one.
        var sinceOwn: Duration?
        /// Since the last one of another shard in its bucket.
        var sinceNeighbour: Duration?
        /// Of the shard: many are a crash loop.
        var inLastHour: Int
        var inLastDay: Int
        /// Of all the bot's shards, in the last day.
        var ofBotInLastDay: Int

        /// - Parameters:
        ///   - sent: the bot's IDENTIFYs of the last day, each with its shard and age.
        ///   - buckets: `max_concurrency`.
        init(of shard: Int, sent: [(shard: Int, age: Duration)], buckets: Int) {
            let buckets = max(buckets, 1)
            sinceOwn = sent.filter { $0.shard == shard }.map(\.age).min()
            sinceNeighbour = sent.filter { $0.shard != shard && $0.shard % buckets == shard % buckets }.map(\.age).min()
            inLastHour = sent.count { $0.shard == shard && $0.age < .seconds(3600) }
            inLastDay = sent.count { $0.shard == shard && $0.age < .seconds(86_400) }
            ofBotInLastDay = sent.count { $0.age < .seconds(86_400) }
        }
    }

    enum Verdict: Equatable {
        case now
        case after(Duration)
        /// The day's limit is nearly used up: an operator should look. Nothing is sent for that long.
        case exhausted(Duration)
    }

    /// Sessions of a day that are never used by ourselves: the operator may need them.
    private static let dailyReserve = 50

    /// How many of a day's sessions ourselves use at most.
    static func ceiling(of limit: GatewayBotInfo.SessionStartLimit) -> Int {
        limit.total - min(dailyReserve, limit.total / 10)
    }

    /// How many of the day's sessions are used up, by our count or by Discord's, whichever is higher.
    static func used(_ history: History, of limit: GatewayBotInfo.SessionStartLimit) -> Int {
        max(history.ofBotInLastDay, limit.total - limit.remaining)
    }

    static func decide(_ history: History, limit: GatewayBotInfo.SessionStartLimit) -> Verdict {
        let ceiling = ceiling(of: limit)
        if limit.total - limit.remaining >= ceiling {
            return .exhausted(.milliseconds(max(limit.resetAfter, 1000)))
        }
        if history.ofBotInLastDay >= ceiling { return .exhausted(.seconds(3600)) }
        var pause = Duration.seconds(5)
        // A shard's first ten an hour only keep to Discord's 5 seconds; then the pause doubles with every three more.
        if history.inLastHour >= 10 {
            pause = min(.seconds(10) * (1 << min((history.inLastHour - 10) / 3, 9)), .seconds(1800))
        }
        // From the hundredth of a day on, so far apart that even a process that crashes each time stays below 600 a day,
        // and there are sessions left for the operator who mends it.
        if history.inLastDay >= 100 { pause = max(pause, .seconds(180)) }
        // Ours is counted from when it is written down, Discord's from when it arrives: a neighbour's may have been slower
        // on its way than this one's will be.
        let wait = max(
            history.sinceOwn.map { pause - $0 } ?? .zero,
            history.sinceNeighbour.map { .milliseconds(5500) - $0 } ?? .zero
        )
        return wait > .zero ? .after(wait) : .now
    }
}
