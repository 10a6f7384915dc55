import TestSupport
import Testing

@testable import DiscordREST

@Suite("Rate limiter")
struct RateLimiterTests {
    /// A limiter on a clock that the test turns.
    private struct Bench {
        var limiter: RateLimiter
        let start = ContinuousClock.now
        var now: ContinuousClock.Instant
        private var lastID: RequestID = 0

        init(rate: Int = 50, bounds: [Int] = [100, 100, 100, 100]) {
            var limits = RateLimits()
            limits.globalRate = rate
            limits.queueBounds = bounds
            limiter = RateLimiter(limits: limits)
            now = start
        }

        mutating func add(
            _ path: String,
            method: String = "POST",
            lane: RequestLane = .message,
            group: UInt64 = 1,
            deadline: Duration = .seconds(3600)
        ) throws -> RequestID? {
            lastID += 1
            let route = try RequestRoute(method: method, path: path)
            let isTaken = limiter.enqueue(lastID, route: route, lane: lane, group: group, deadline: now + deadline)
            return isTaken ? lastID : nil
        }

        mutating func next() -> [RequestID] { limiter.next(now) }

        /// What leaves in that time.
        mutating func next(during time: Duration) -> [RequestID] {
            let end = now + time
            var leaving = next()
            while let wake = nextWake(), wake > now, wake < end {
                now = wake
                leaving += next()
            }
            now = end
            return leaving
        }

        mutating func nextWake() -> ContinuousClock.Instant? { limiter.nextWake(now) }

        mutating func expired() -> [RequestID] { limiter.expired(now) }

        mutating func drain() -> [RequestID] { limiter.drain() }

        mutating func answer(
            _ id: RequestID,
            bucket: String? = "hash",
            limit: Int? = nil,
            remaining: Int = 0,
            resetAfter: Duration = .seconds(1),
            reset: Duration? = nil,
            rejection: LimitReport.Rejection? = nil
        ) {
            var report = LimitReport()
            if let limit {
                report.bucket = bucket
                report.limit = limit
                report.remaining = remaining
                report.resetAfter = resetAfter
                report.reset = reset
            }
            report.rejection = rejection
            limiter.completed(id, report, now)
        }
    }

    @Test("A route that is not known yet sends one request to find out; the rest follow as Discord's answer allows")
    func discovery() throws {
        var bench = Bench()
        let ids = try (0..<8).compactMap { _ in try bench.add("/channels/1/messages") }
        #expect(bench.next() == [ids[0]])
        #expect(bench.next().isEmpty)
        bench.answer(ids[0], limit: 5, remaining: 4)
        // One permit of five stays for lanes before this one.
        #expect(bench.next() == Array(ids[1...3]))
        #expect(bench.next().isEmpty)
        #expect(bench.nextWake() == bench.now + .seconds(1))
    }

    @Test("A route whose answers name no limit has none but the global one")
    func unlimited() throws {
        var bench = Bench(rate: 1000)
        let first = try #require(try bench.add("/channels/1/messages"))
        #expect(bench.next() == [first])
        bench.answer(first)
        for _ in 0..<100 { _ = try bench.add("/channels/1/messages") }
        #expect(bench.next().count == 100)
    }

    @Test("One busy channel does not hold up another, though Discord gives both the same hash")
    func resources() throws {
        var bench = Bench()
        let one = try #require(try bench.add("/channels/1/messages"))
        _ = bench.next()
        bench.answer(one, limit: 5, remaining: 0)
        let blocked = try bench.add("/channels/1/messages")
        let free = try #require(try bench.add("/channels/2/messages"))
        #expect(bench.next() == [free])
        bench.answer(free, limit: 5, remaining: 4)
        bench.now += .seconds(1)
        #expect(bench.next() == [blocked])
    }

    @Test("When a window opens exactly its permits leave, not every waiter")
    func herd() throws {
        var bench = Bench()
        let first = try #require(try bench.add("/channels/1/messages", lane: .moderation))
        _ = bench.next()
        bench.answer(first, limit: 5, remaining: 0)
        for _ in 0..<50 { _ = try bench.add("/channels/1/messages", lane: .moderation) }
        #expect(bench.next().isEmpty)
        bench.now += .seconds(1)
        #expect(bench.next().count == 5)
        #expect(bench.next().isEmpty)
        bench.now += .seconds(10)
        #expect(bench.next().isEmpty, "no answer yet: Discord may count them in a new window")
    }

    @Test("Requests under way count against the permits that an answer announces")
    func inFlight() throws {
        var bench = Bench()
        let first = try #require(try bench.add("/channels/1/messages", lane: .moderation))
        _ = bench.next()
        bench.answer(first, limit: 3, remaining: 3)
        let ids = try (0..<6).compactMap { _ in try bench.add("/channels/1/messages", lane: .moderation) }
        #expect(bench.next() == Array(ids[0...2]))
        // Discord counted this one alone: two more are on their way to it.
        bench.answer(ids[0], limit: 3, remaining: 2)
        #expect(bench.next().isEmpty)
        bench.answer(ids[1], limit: 3, remaining: 1)
        // An answer that was overtaken hands nothing back.
        bench.answer(ids[2], limit: 3, remaining: 3)
        #expect(bench.next().isEmpty)
        bench.now += .seconds(1)
        #expect(bench.next().count == 3)
    }

    @Test("A flood of cosmetics in a bucket leaves permits for a timeout in the same bucket")
    func bucketReserve() throws {
        var bench = Bench()
        let path = "/guilds/1/members/2"
        let first = try #require(try bench.add(path, method: "PATCH", lane: .cosmetic))
        _ = bench.next()
        bench.answer(first, limit: 10, remaining: 9)
        for _ in 0..<50 { _ = try bench.add(path, method: "PATCH", lane: .cosmetic) }
        #expect(bench.next(during: .milliseconds(900)).count == 4)
        let timeout = try #require(try bench.add(path, method: "PATCH", lane: .moderation))
        #expect(bench.next() == [timeout])
    }

    @Test("Answers that overtake each other cost a window none of its permits")
    func overtakingAnswers() throws {
        var bench = Bench()
        let path = "/guilds/1/members/2"
        let first = try #require(try bench.add(path, method: "PATCH", lane: .cosmetic))
        _ = bench.next()
        bench.answer(first, limit: 10, remaining: 9, resetAfter: .seconds(10))
        for _ in 0..<50 { _ = try bench.add(path, method: "PATCH", lane: .cosmetic) }
        let nicknames = bench.next(during: .seconds(1))
        #expect(nicknames.count == 4)
        // Discord counted them in their order; the last answer comes first.
        for (index, id) in nicknames.enumerated().reversed() {
            bench.answer(id, limit: 10, remaining: 8 - index, resetAfter: .seconds(10))
        }
        #expect(bench.next().isEmpty, "the rest of the window is not for cosmetics")
        let timeouts = try (0..<6).compactMap { _ in try bench.add(path, method: "PATCH", lane: .moderation) }
        #expect(bench.next() == Array(timeouts[0..<5]))
    }

    @Test("A request that comes to Discord when its window is over, and ours is not yet, begins a whole one")
    func windowEndsEarlierAtDiscord() throws {
        var bench = Bench()
        let path = "/guilds/1/members/2"
        func ask() throws -> RequestID {
            let id = try #require(try bench.add(path, method: "PATCH", lane: .moderation))
            #expect(bench.next() == [id])
            return id
        }
        for remaining in [9, 2] {
            bench.answer(try ask(), limit: 10, remaining: remaining, resetAfter: .seconds(10), reset: .seconds(1000))
        }
        let overtaken = try ask()
        bench.now += .milliseconds(9_995)
        // By Discord's clock it is 1000.001.
        bench.answer(try ask(), limit: 10, remaining: 9, resetAfter: .milliseconds(9_999), reset: .seconds(1010))
        // One of the eight may be taken by the one in flight.
        for _ in 0..<10 { _ = try bench.add(path, method: "PATCH", lane: .moderation) }
        #expect(bench.next().count == 8)
        // It was not; but it tells nothing of this window either.
        bench.answer(overtaken, limit: 10, remaining: 1, resetAfter: .milliseconds(3), reset: .seconds(1000))
        #expect(bench.next().isEmpty)
        #expect(bench.nextWake() == bench.now + .milliseconds(9_999))
    }

    @Test("A window whose end moves with each request is taken as the newest answer tells it")
    func slidingWindow() throws {
        var bench = Bench()
        var ids = try (0..<3).compactMap { _ in try bench.add("/channels/1/messages", lane: .interaction) }
        #expect(bench.next() == [ids[0]])
        bench.answer(ids[0], limit: 5, remaining: 2, resetAfter: .seconds(5), reset: .seconds(1005))
        #expect(bench.next() == [ids[1], ids[2]])
        ids += try (0..<2).compactMap { _ in try bench.add("/channels/1/messages", lane: .interaction) }
        // Two have come free meanwhile; one of them is taken, and one more is on its way.
        bench.answer(ids[1], limit: 5, remaining: 3, resetAfter: .seconds(5), reset: .seconds(1006))
        #expect(bench.next() == [ids[3], ids[4]])
        bench.answer(ids[2], limit: 5, remaining: 1, resetAfter: .seconds(5), reset: .milliseconds(1_006_100))
        #expect(bench.next().isEmpty)
    }

    @Test("A request that left before its bucket was known counts there, whichever answer comes first")
    func lateNaming() throws {
        var bench = Bench()
        let patch = try #require(try bench.add("/guilds/1/members/2", method: "PATCH", lane: .interaction))
        _ = bench.next()
        bench.answer(patch, bucket: "members", limit: 5, remaining: 4)
        // Two by a known route, one by a route of the same bucket that nobody knows yet.
        for _ in 0..<2 { _ = try bench.add("/guilds/1/members/2", method: "PATCH", lane: .interaction) }
        let put = try #require(try bench.add("/guilds/1/members/2/roles/3", method: "PUT", lane: .interaction))
        #expect(bench.next().count == 3)
        // Discord counted it before those two, and says so.
        bench.answer(put, bucket: "members", limit: 5, remaining: 3)
        for _ in 0..<3 { _ = try bench.add("/guilds/1/members/2", method: "PATCH", lane: .interaction) }
        #expect(bench.next().count == 1)
    }

    @Test("Even a bucket of one permit serves the last lane")
    func smallestBucket() throws {
        var bench = Bench()
        let first = try #require(try bench.add("/guilds/1/members/2", method: "PATCH", lane: .cosmetic))
        _ = bench.next()
        bench.answer(first, limit: 1, remaining: 0)
        let second = try #require(try bench.add("/guilds/1/members/2", method: "PATCH", lane: .cosmetic))
        bench.now += .seconds(1)
        #expect(bench.next() == [second])
    }

    @Test("Each lane leaves its part of the global limit to those before it, and lanes go in order")
    func globalReserve() throws {
        var bench = Bench(rate: 50)
        for channel in 1...60 {
            _ = try bench.add("/channels/\(channel)/typing", lane: .cosmetic, group: UInt64(channel))
        }
        #expect(bench.next(during: .seconds(1)).count == 25)
        for channel in 101...160 {
            _ = try bench.add("/channels/\(channel)/messages", lane: .message, group: UInt64(channel))
        }
        #expect(bench.next().count == 15)
        for guild in 1...60 {
            _ = try bench.add("/guilds/\(guild)/bans/1", method: "PUT", lane: .moderation, group: UInt64(guild))
        }
        #expect(bench.next().count == 8)
        for channel in 201...260 {
            _ = try bench.add("/channels/\(channel)/messages", lane: .interaction, group: UInt64(channel))
        }
        #expect(bench.next().count == 2)
        // The next second serves the first lanes first.
        bench.now += .milliseconds(1020)
        let second = bench.next()
        #expect(second.count == 50)
    }

    @Test("Cosmetics leave one by one over the second, and hold up nobody")
    func pacing() throws {
        var bench = Bench(rate: 50)
        for channel in 1...60 {
            _ = try bench.add("/channels/\(channel)/typing", lane: .cosmetic, group: UInt64(channel))
        }
        #expect(bench.next().count == 1)
        #expect(bench.nextWake() == bench.now + .microseconds(40_800))
        let ban = try #require(try bench.add("/guilds/1/bans/1", method: "PUT", lane: .moderation))
        #expect(bench.next() == [ban])
        bench.now += .microseconds(40_800)
        #expect(bench.next().count == 1)
        // Nothing is to be done before a bucket and the second are both open for it.
        var other = Bench(rate: 50)
        let first = try #require(try other.add("/guilds/1/members/2", method: "PATCH", lane: .cosmetic))
        _ = other.next()
        other.answer(first, limit: 1, remaining: 0, resetAfter: .milliseconds(10))
        _ = try other.add("/guilds/1/members/2", method: "PATCH", lane: .cosmetic)
        #expect(other.nextWake() == other.now + .microseconds(40_800))
        // One after a pause need not wait.
        bench.now += .seconds(5)
        #expect(bench.next().count == 1)
    }

    @Test("Guilds take turns within a lane")
    func turns() throws {
        var bench = Bench(rate: 10)
        var groupOf: [RequestID: UInt64] = [:]
        for index in 0..<30 {
            let id = try #require(try bench.add("/channels/\(index + 1)/messages", lane: .interaction, group: 1))
            groupOf[id] = 1
        }
        for index in 0..<5 {
            let id = try #require(try bench.add("/channels/\(index + 100)/messages", lane: .interaction, group: 2))
            groupOf[id] = 2
        }
        let groups = bench.next().compactMap { groupOf[$0] }
        #expect(groups == [1, 2, 1, 2, 1, 2, 1, 2, 1, 2])
    }

    @Test("In a bucket that guilds share a webhook's turns are kept in order of arrival")
    func order() throws {
        var bench = Bench()
        let first = try #require(try bench.add("/channels/1/messages", lane: .interaction))
        _ = bench.next()
        bench.answer(first, limit: 10, remaining: 9)
        let ids = try (0..<9).compactMap { _ in try bench.add("/channels/1/messages", lane: .interaction) }
        #expect(bench.next() == ids)
    }

    @Test("Answers to interactions ignore the global limit")
    func exempt() throws {
        var bench = Bench(rate: 1)
        _ = try bench.add("/channels/1/messages", lane: .interaction)
        #expect(bench.next().count == 1)
        let callback = try #require(try bench.add("/interactions/5/token/callback", lane: .interaction))
        let edit = try #require(
            try bench.add("/webhooks/6/token/messages/@original", method: "PATCH", lane: .interaction)
        )
        #expect(bench.next() == [callback, edit])
    }

    @Test("A 429 on a bucket holds that bucket; the request goes again first")
    func userRejection() throws {
        var bench = Bench()
        let first = try #require(try bench.add("/channels/1/messages"))
        _ = bench.next()
        bench.answer(first, limit: 5, remaining: 4)
        let ids = try (0..<2).compactMap { _ in try bench.add("/channels/1/messages") }
        #expect(bench.next() == ids)
        bench.answer(ids[0], limit: 5, remaining: 0, rejection: .init(retryAfter: .seconds(7), scope: .user))
        let route = try RequestRoute(method: "POST", path: "/channels/1/messages")
        let later = try #require(try bench.add("/channels/1/messages"))
        _ = bench.limiter.enqueue(
            ids[0],
            route: route,
            lane: .message,
            group: 1,
            deadline: bench.now + .seconds(60),
            first: true
        )
        let other = try #require(try bench.add("/channels/2/messages"))
        #expect(bench.next() == [other])
        bench.answer(ids[1], limit: 5, remaining: 3)
        bench.now += .seconds(7)
        #expect(bench.next().isEmpty)
        bench.now += .milliseconds(20)
        #expect(bench.next() == [ids[0], later])
    }

    @Test("A global 429 holds everything but answers to interactions")
    func globalRejection() throws {
        var bench = Bench()
        let first = try #require(try bench.add("/channels/1/messages"))
        _ = bench.next()
        bench.answer(first, rejection: .init(retryAfter: .seconds(3), scope: .global))
        let ban = try #require(try bench.add("/guilds/1/bans/2", method: "PUT", lane: .moderation))
        let callback = try #require(try bench.add("/interactions/5/token/callback", lane: .interaction))
        #expect(bench.next() == [callback])
        #expect(bench.nextWake() == bench.now + .milliseconds(3020))
        bench.now += .milliseconds(3020)
        #expect(bench.next() == [ban])
    }

    @Test("Routes that share a bucket share its permits once Discord has named it")
    func sharedBucket() throws {
        var bench = Bench()
        let patch = try #require(try bench.add("/guilds/1/members/2", method: "PATCH", lane: .interaction))
        let put = try #require(try bench.add("/guilds/1/members/2/roles/3", method: "PUT", lane: .interaction))
        #expect(bench.next() == [patch, put])
        bench.answer(patch, bucket: "members", limit: 2, remaining: 1)
        bench.answer(put, bucket: "members", limit: 2, remaining: 0)
        _ = try bench.add("/guilds/1/members/4", method: "PATCH", lane: .interaction)
        _ = try bench.add("/guilds/1/members/4/roles/3", method: "PUT", lane: .interaction)
        #expect(bench.next().isEmpty)
        bench.now += .seconds(1)
        #expect(bench.next().count == 2)
    }

    @Test("Requests that waited under the route move to the bucket in their order")
    func rename() throws {
        var bench = Bench()
        let ids = try (0..<4).compactMap { _ in try bench.add("/channels/1/messages", lane: .interaction) }
        #expect(bench.next() == [ids[0]])
        bench.answer(ids[0], bucket: "a", limit: 2, remaining: 1)
        #expect(bench.next() == [ids[1]])
        // Discord renames the bucket.
        bench.answer(ids[1], bucket: "b", limit: 5, remaining: 5)
        #expect(bench.next() == [ids[2], ids[3]])
    }

    @Test("A request whose deadline passes while it waits is taken out, once")
    func expiry() throws {
        var bench = Bench()
        let first = try #require(try bench.add("/channels/1/messages"))
        _ = bench.next()
        bench.answer(first, limit: 1, remaining: 0, resetAfter: .seconds(60))
        let hasty = try #require(try bench.add("/channels/1/messages", deadline: .seconds(5)))
        let patient = try #require(try bench.add("/channels/1/messages"))
        #expect(bench.nextWake() == bench.now + .seconds(5))
        bench.now += .seconds(5)
        #expect(bench.expired() == [hasty])
        #expect(bench.expired().isEmpty)
        bench.now += .seconds(55)
        #expect(bench.next() == [patient])
    }

    @Test("A caller that gives up leaves its place; a lane's queue is bounded")
    func cancellation() throws {
        var bench = Bench(bounds: [100, 100, 2, 100])
        let first = try #require(try bench.add("/channels/1/messages"))
        let second = try #require(try bench.add("/channels/1/messages"))
        #expect(try bench.add("/channels/1/messages") == nil)
        #expect(try bench.add("/channels/1/messages", lane: .moderation) != nil)
        bench.limiter.cancel(first)
        #expect(try bench.add("/channels/1/messages") != nil)
        #expect(bench.limiter.waiting == [0, 1, 2, 0])
        #expect(Set(bench.drain()).contains(second))
        #expect(bench.limiter.waiting == [0, 0, 0, 0])
        #expect(bench.next().isEmpty)
    }

    @Test("A request that got no answer gives its place back")
    func lost() throws {
        var bench = Bench()
        let first = try #require(try bench.add("/channels/1/messages"))
        let second = try #require(try bench.add("/channels/1/messages"))
        #expect(bench.next() == [first])
        bench.limiter.completed(first, .absent, bench.now)
        #expect(bench.next() == [second])
        bench.answer(second, limit: 5, remaining: 4)
        bench.now += .seconds(1)
        for _ in 0..<3 {
            let id = try #require(try bench.add("/channels/1/messages", lane: .interaction))
            #expect(bench.next() == [id])
            bench.limiter.completed(id, .absent, bench.now)
        }
        #expect(try bench.add("/channels/1/messages", lane: .interaction) != nil)
        #expect(bench.next().count == 1)
    }

    @Test(
        "Against a simulated Discord, over many seeds: no 429 but by discovery, never over the global rate, no starvation",
        arguments: 0..<10 as Range<UInt64>
    )
    func simulation(seed: UInt64) throws {
        var simulation = Simulation(seed: seed)
        try simulation.run()
        #expect(simulation.rejections == 0)
        #expect(simulation.busiestSecond <= 50)
        #expect(simulation.answered == simulation.sent)
        #expect(simulation.answered > 300)
    }
}

/// Discord with fixed windows and a random way there and back.
private struct Simulation {
    private struct Window {
        var endsAt: ContinuousClock.Instant
        var used: Int
    }

    private enum Event {
        case arrival(RequestID)
        case answer(RequestID, LimitReport)
    }

    private var random: SeededGenerator
    private var limiter = RateLimiter()
    private let start = ContinuousClock.now
    private var now = ContinuousClock.now
    private var windows: [String: Window] = [:]
    private var paths: [RequestID: String] = [:]
    private var agenda: [(at: ContinuousClock.Instant, event: Event)] = []
    private var departures: [ContinuousClock.Instant] = []
    private(set) var rejections = 0
    private(set) var answered = 0
    private(set) var sent = 0

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    var busiestSecond: Int {
        var busiest = 0
        var first = 0
        for index in departures.indices {
            while departures[index] - departures[first] >= .seconds(1) { first += 1 }
            busiest = max(busiest, index - first + 1)
        }
        return busiest
    }

    mutating func run() throws {
        var id: RequestID = 0
        for _ in 0..<400 {
            id += 1
            let path = "/channels/\(Int.random(in: 1...6, using: &random))/messages"
            let lane = RequestLane.allCases[Int.random(in: 0...3, using: &random)]
            paths[id] = path
            _ = limiter.enqueue(
                id,
                route: try RequestRoute(method: "POST", path: path),
                lane: lane,
                group: UInt64.random(in: 1...3, using: &random),
                deadline: now + .seconds(100_000)
            )
            sent += 1
        }
        var steps = 0
        var wake: ContinuousClock.Instant? = now
        while steps < 20_000 {
            steps += 1
            let index = agenda.indices.min { agenda[$0].at < agenda[$1].at }
            if let index, wake.map({ agenda[index].at <= $0 }) ?? true {
                let (at, event) = agenda.remove(at: index)
                now = max(now, at)
                switch event {
                case .arrival(let id): agenda.append((now + delay(), .answer(id, serve(id))))
                case .answer(let id, let report):
                    limiter.completed(id, report, now)
                    answered += 1
                }
            } else if let due = wake {
                now = max(now, due)
            } else {
                return
            }
            for id in limiter.next(now) {
                departures.append(now)
                agenda.append((now + delay(), .arrival(id)))
            }
            wake = limiter.nextWake(now)
        }
    }

    private mutating func delay() -> Duration {
        .milliseconds(Int.random(in: 1...15, using: &random))
    }

    private mutating func serve(_ id: RequestID) -> LimitReport {
        let path = paths[id] ?? ""
        var window = windows[path] ?? Window(endsAt: now, used: 0)
        if window.endsAt <= now { window = Window(endsAt: now + .seconds(5), used: 0) }
        var report = LimitReport()
        report.bucket = "messages"
        report.limit = 5
        if window.used >= 5 {
            rejections += 1
            report.rejection = .init(retryAfter: window.endsAt - now, scope: .user)
        } else {
            window.used += 1
        }
        report.remaining = 5 - window.used
        // Discord's figure is for when the answer is written; it is a little longer when it arrives.
        report.resetAfter = window.endsAt - now
        report.reset = window.endsAt - start
        windows[path] = window
        return report
    }
}
