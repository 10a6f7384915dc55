/// Decides when each REST request of one bot may leave: a state machine without clock or network.
///
/// Requests wait in the bucket of their route and resource, by lane. A request leaves when its bucket and the global
/// window have a permit beyond the lane's reserve; lanes go in order, and within a lane the guilds take turns. Whoever
/// asks (`next`) gets exactly the requests that may leave now, each permit once: waiters never wake together and run
/// into the same limit.
package struct RateLimiter: Sendable {
    private struct Entry: Sendable {
        var route: RequestRoute
        var lane: RequestLane
        /// Whom it takes turns with: the guild, or what is known in its place.
        var group: UInt64
        var deadline: ContinuousClock.Instant
        var key: BucketKey
        var isInFlight = false
    }

    /// Whose turn it is within a lane.
    private struct Turns: Sendable {
        var groups: [UInt64] = []
        var buckets: [UInt64: [BucketKey]] = [:]
    }

    private let limits: RateLimits
    private var global: GlobalWindow
    private var entries: [RequestID: Entry] = [:]
    private var buckets: [BucketKey: Bucket] = [:]
    /// Discord's bucket of each route, as far as known.
    private var hashes: [String: String] = [:]
    private var turns: [Turns] = Array(repeating: Turns(), count: RequestLane.allCases.count)
    private var waitingCounts = [Int](repeating: 0, count: RequestLane.allCases.count)

    package init(limits: RateLimits = RateLimits()) {
        self.limits = limits
        global = GlobalWindow(rate: limits.globalRate)
    }

    /// Requests that wait, by lane.
    package var waiting: [Int] { waitingCounts }

    /// Takes a request into its queue.
    ///
    /// - Parameters:
    ///   - first: it has waited before (it was answered with 429), and goes to the head of its queue.
    /// - Returns: false if the lane's queue is full.
    package mutating func enqueue(
        _ id: RequestID,
        route: RequestRoute,
        lane: RequestLane,
        group: UInt64,
        deadline: ContinuousClock.Instant,
        first: Bool = false
    ) -> Bool {
        guard first || waitingCounts[lane.rawValue] < limits.queueBounds[lane.rawValue] else { return false }
        let key = BucketKey(id: hashes[route.template] ?? route.template, resource: route.resource)
        entries[id] = Entry(route: route, lane: lane, group: group, deadline: deadline, key: key)
        if first {
            buckets[key, default: Bucket()].waiting[lane.rawValue].insert(id, at: 0)
        } else {
            buckets[key, default: Bucket()].waiting[lane.rawValue].append(id)
        }
        waitingCounts[lane.rawValue] += 1
        addTurn(key, lane, group)
        return true
    }

    /// The requests that may leave now, in order. Each is in flight from here on, until `completed`.
    package mutating func next(_ now: ContinuousClock.Instant) -> [RequestID] {
        var leaving: [RequestID] = []
        for lane in RequestLane.allCases where waitingCounts[lane.rawValue] > 0 {
            while let id = nextInLane(lane, now) { leaving.append(id) }
        }
        return leaving
    }

    /// When `next` or `expired` may have something again, if no answer comes before; nil if only an answer can help.
    package mutating func nextWake(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        var earliest: ContinuousClock.Instant?
        func consider(_ instant: ContinuousClock.Instant) { earliest = min(earliest ?? instant, instant) }
        for lane in RequestLane.allCases where waitingCounts[lane.rawValue] > 0 {
            let globalOpens = global.ask(lane, now)
            for (group, keys) in turns[lane.rawValue].buckets {
                for key in keys {
                    guard let id = front(key, lane, group), let entry = entries[id] else { continue }
                    consider(entry.deadline)
                    // It needs both: at the first of them nothing would leave.
                    let opens = entry.route.isExempt ? nil : globalOpens
                    switch buckets[key]?.ask(lane) {
                    case .later(let instant): consider(max(instant, opens ?? instant))
                    case .now: if let opens { consider(opens) }
                    case .afterAnswer, nil: break
                    }
                }
            }
        }
        return earliest
    }

    /// Takes the requests whose deadline has passed while they waited out of the queues.
    package mutating func expired(_ now: ContinuousClock.Instant) -> [RequestID] {
        let due = entries.filter { !$0.value.isInFlight && $0.value.deadline <= now }.map(\.key)
        for id in due { removeWaiting(id) }
        return due
    }

    /// Takes a waiting request out: its caller gave up. One in flight needs `completed` instead.
    package mutating func cancel(_ id: RequestID) {
        guard entries[id]?.isInFlight == false else { return }
        removeWaiting(id)
    }

    /// Everything that waits, taken out: the bot has stopped.
    package mutating func drain() -> [RequestID] {
        let waiting = entries.filter { !$0.value.isInFlight }.map(\.key)
        for id in waiting { removeWaiting(id) }
        return waiting
    }

    /// Learns from the answer to a request in flight, or from its absence.
    package mutating func completed(_ id: RequestID, _ report: LimitReport, _ now: ContinuousClock.Instant) {
        guard let entry = entries.removeValue(forKey: id), entry.isInFlight else { return }
        var key = entry.key
        buckets[key]?.inFlight -= 1
        if let hash = report.bucket, hashes[entry.route.template] != hash {
            rename(entry.route.template, to: hash)
            let renamed = BucketKey(id: hash, resource: entry.route.resource)
            // A route that changed its bucket while others were under way keeps those where they were counted.
            if key.id == entry.route.template { key = renamed }
        }
        let target = report.bucket.map { BucketKey(id: $0, resource: entry.route.resource) } ?? key
        buckets[target, default: Bucket()].refresh(now)
        // Under another name it was not counted there.
        if target != entry.key { buckets[target]?.spend() }
        buckets[target, default: Bucket()].learn(report, now)
        if let rejection = report.rejection {
            // A moment more than asked: clocks differ, and a second 429 costs more than the wait.
            let until = now + rejection.retryAfter + .milliseconds(20)
            switch rejection.scope {
            case .global: global.block(until: until)
            case .user, .shared: buckets[target, default: Bucket()].blockedUntil = until
            }
        }
        forgetIdleBuckets(now)
    }

    // MARK: - Turns

    private mutating func addTurn(_ key: BucketKey, _ lane: RequestLane, _ group: UInt64) {
        if turns[lane.rawValue].buckets[group] == nil {
            turns[lane.rawValue].groups.append(group)
            turns[lane.rawValue].buckets[group] = [key]
        } else if turns[lane.rawValue].buckets[group]?.contains(key) == false {
            turns[lane.rawValue].buckets[group]?.append(key)
        }
    }

    /// The next request of the lane that may leave; whoever sends goes to the end of the line.
    private mutating func nextInLane(_ lane: RequestLane, _ now: ContinuousClock.Instant) -> RequestID? {
        let isGlobalOpen = global.ask(lane, now) == nil
        var position = 0
        while position < turns[lane.rawValue].groups.count {
            let group = turns[lane.rawValue].groups[position]
            for key in turns[lane.rawValue].buckets[group] ?? [] {
                guard let id = front(key, lane, group) else { continue }
                guard isGlobalOpen || entries[id]?.route.isExempt == true else { continue }
                buckets[key]?.refresh(now)
                guard buckets[key]?.ask(lane) == .now else { continue }
                depart(id, key, lane, now)
                turns[lane.rawValue].groups.remove(at: position)
                turns[lane.rawValue].groups.append(group)
                tidyTurn(key, lane, group)
                return id
            }
            if turns[lane.rawValue].buckets[group]?.isEmpty ?? true {
                turns[lane.rawValue].groups.remove(at: position)
                turns[lane.rawValue].buckets[group] = nil
            } else {
                position += 1
            }
        }
        return nil
    }

    /// The first request of the group in the bucket's lane.
    private func front(_ key: BucketKey, _ lane: RequestLane, _ group: UInt64) -> RequestID? {
        buckets[key]?.waiting[lane.rawValue].first { entries[$0]?.group == group }
    }

    private mutating func depart(_ id: RequestID, _ key: BucketKey, _ lane: RequestLane, _ now: ContinuousClock.Instant)
    {
        guard let index = buckets[key]?.waiting[lane.rawValue].firstIndex(of: id) else { return }
        buckets[key]?.waiting[lane.rawValue].remove(at: index)
        buckets[key]?.take()
        waitingCounts[lane.rawValue] -= 1
        entries[id]?.isInFlight = true
        if entries[id]?.route.isExempt == false { global.take(lane, now) }
    }

    private mutating func removeWaiting(_ id: RequestID) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        buckets[entry.key]?.waiting[entry.lane.rawValue].removeAll { $0 == id }
        waitingCounts[entry.lane.rawValue] -= 1
        tidyTurn(entry.key, entry.lane, entry.group)
    }

    /// Takes a bucket out of the group's turn when nothing of the group waits in it.
    private mutating func tidyTurn(_ key: BucketKey, _ lane: RequestLane, _ group: UInt64) {
        guard front(key, lane, group) == nil else { return }
        turns[lane.rawValue].buckets[group]?.removeAll { $0 == key }
        if turns[lane.rawValue].buckets[group]?.isEmpty ?? false {
            turns[lane.rawValue].buckets[group] = nil
            turns[lane.rawValue].groups.removeAll { $0 == group }
        }
    }

    // MARK: - Buckets

    /// Discord has named the route's bucket: whatever waits under the route, or under an older name, moves there.
    private mutating func rename(_ template: String, to hash: String) {
        let old = hashes[template] ?? template
        hashes[template] = hash
        // An older name may be shared with other routes, whose requests stay.
        for id in entries.keys.filter({ entries[$0]?.route.template == template && entries[$0]?.key.id == old }) {
            guard let entry = entries[id] else { continue }
            let target = BucketKey(id: hash, resource: entry.key.resource)
            if entry.isInFlight {
                buckets[entry.key]?.inFlight -= 1
                buckets[target, default: Bucket()].take()
            } else {
                let index = entry.lane.rawValue
                buckets[entry.key]?.waiting[index].removeAll { $0 == id }
                buckets[target, default: Bucket()].waiting[index].append(id)
                // Ids grow in the order of arrival.
                buckets[target]?.waiting[index].sort()
                tidyTurn(entry.key, entry.lane, entry.group)
                addTurn(target, entry.lane, entry.group)
            }
            entries[id]?.key = target
        }
        buckets = buckets.filter { $0.key.id != template || !$0.value.isIdle }
    }

    private mutating func forgetIdleBuckets(_ now: ContinuousClock.Instant) {
        guard buckets.count > limits.bucketBound else { return }
        buckets = buckets.filter { _, bucket in
            guard bucket.isIdle else { return true }
            if let until = bucket.blockedUntil, until > now { return true }
            if case .known(_, _, let resetAt) = bucket.limit { return resetAt > now && resetAt != .distantFuture }
            return false
        }
    }
}
