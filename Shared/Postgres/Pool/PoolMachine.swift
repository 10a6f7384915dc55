import DequeModule

/// Decides which connection serves which request, when to connect, and who has waited too long; does no I/O.
///
/// A connection is shared (several statements under way, in a pipeline) or leased (one transaction owns it). Requests
/// that find no place wait in order. A waiting lease keeps new statements off the least busy connection, so that
/// statements cannot starve transactions. One attempt to connect at a time is made while the server is down, with
/// growing pauses.
struct PoolMachine {
    typealias Instant = ContinuousClock.Instant

    enum Kind: Hashable {
        /// One statement, beside others.
        case statement
        /// The whole connection until it is released.
        case lease
    }

    enum Failure: Hashable {
        case queueFull
        case deadline
        case closed
    }

    enum Action: Hashable {
        case connect(ConnectionID)
        case close(ConnectionID)
        case assign(RequestID, ConnectionID)
        case fail(RequestID, Failure)
    }

    struct Limits {
        var minimum: Int
        var maximum: Int
        var pipelineDepth: Int
        var maximumWaiting: Int
        var idleTimeout: Duration
        var initialBackoff: Duration
        var maximumBackoff: Duration
    }

    private enum State {
        case connecting
        case shared(load: Int)
        case leased
    }

    private struct Member {
        var state: State
        var idleSince: Instant
    }

    private struct Waiter {
        let request: RequestID
        let kind: Kind
        let deadline: Instant
    }

    private let limits: Limits
    private var members: [ConnectionID: Member] = [:]
    private var waiters: Deque<Waiter> = []
    /// No waiter's deadline is before this; it may itself be out of date on the early side.
    private var earliestDeadline: Instant?
    private var nextID: UInt64 = 0
    private var isClosed = false
    /// Attempts that failed since the last success.
    private(set) var failures = 0
    private var retryAt: Instant?

    init(limits: Limits) {
        self.limits = limits
    }

    /// How many requests wait for a connection.
    var waiting: Int { waiters.count }

    /// Connections that can work.
    var open: Int {
        members.values.count { if case .connecting = $0.state { false } else { true } }
    }

    /// When `tick` must be called next, if nothing else happens.
    func nextDeadline() -> Instant? {
        var earliest = waiters.isEmpty ? nil : earliestDeadline
        if let retryAt { earliest = min(earliest ?? retryAt, retryAt) }
        if open > limits.minimum {
            for member in members.values {
                if case .shared(load: 0) = member.state {
                    let expiry = member.idleSince.advanced(by: limits.idleTimeout)
                    earliest = min(earliest ?? expiry, expiry)
                }
            }
        }
        return earliest
    }

    /// Opens the connections that are kept in any case.
    mutating func start(now: Instant) -> [Action] {
        grow(now: now)
    }

    mutating func request(_ request: RequestID, _ kind: Kind, deadline: Instant, now: Instant) -> [Action] {
        guard !isClosed else { return [.fail(request, .closed)] }
        guard waiters.count < limits.maximumWaiting else { return [.fail(request, .queueFull)] }
        if waiters.isEmpty { earliestDeadline = nil }
        earliestDeadline = min(earliestDeadline ?? deadline, deadline)
        waiters.append(Waiter(request: request, kind: kind, deadline: deadline))
        return serve(now: now)
    }

    /// Takes back a request that still waits; one already assigned is not touched.
    mutating func cancel(_ request: RequestID, now: Instant) -> [Action] {
        guard let index = waiters.firstIndex(where: { $0.request == request }) else { return [] }
        waiters.remove(at: index)
        return serve(now: now)
    }

    mutating func opened(_ id: ConnectionID, now: Instant) -> [Action] {
        failures = 0
        retryAt = nil
        guard !isClosed, members[id] != nil else { return [.close(id)] }
        members[id] = Member(state: .shared(load: 0), idleSince: now)
        return serve(now: now)
    }

    /// An attempt to connect failed; `jitter` is a fresh random number in 0 ..< 1.
    mutating func connectFailed(_ id: ConnectionID, now: Instant, jitter: Double) -> [Action] {
        members[id] = nil
        failures += 1
        let ceiling = min(limits.initialBackoff * (1 << min(failures - 1, 16)), limits.maximumBackoff)
        // Full jitter, but never a hot loop.
        retryAt = now.advanced(by: limits.initialBackoff / 10 + ceiling * jitter)
        return []
    }

    /// An open connection broke.
    mutating func lost(_ id: ConnectionID, now: Instant) -> [Action] {
        members[id] = nil
        return serve(now: now)
    }

    /// A statement on a shared connection is finished.
    mutating func completed(_ id: ConnectionID, now: Instant) -> [Action] {
        guard case .shared(let load) = members[id]?.state else { return [] }
        members[id]?.state = .shared(load: max(load - 1, 0))
        members[id]?.idleSince = now
        if isClosed, load <= 1 {
            members[id] = nil
            return [.close(id)]
        }
        return waiters.isEmpty ? [] : serve(now: now)
    }

    /// A transaction gave its connection back.
    mutating func released(_ id: ConnectionID, now: Instant) -> [Action] {
        guard case .leased = members[id]?.state else { return [] }
        members[id] = Member(state: .shared(load: 0), idleSince: now)
        if isClosed {
            members[id] = nil
            return [.close(id)]
        }
        return serve(now: now)
    }

    /// Time has passed: late requests fail, surplus connections close, a new attempt to connect may start.
    mutating func tick(now: Instant) -> [Action] {
        var actions: [Action] = []
        if let earliest = earliestDeadline, earliest <= now {
            waiters.removeAll { waiter in
                guard waiter.deadline <= now else { return false }
                actions.append(.fail(waiter.request, .deadline))
                return true
            }
            earliestDeadline = waiters.lazy.map(\.deadline).min()
        }
        for (id, member) in members where open > limits.minimum {
            if case .shared(load: 0) = member.state, member.idleSince.advanced(by: limits.idleTimeout) <= now {
                members[id] = nil
                actions.append(.close(id))
            }
        }
        return actions + serve(now: now)
    }

    /// Refuses new work and closes what is idle; a busy connection closes when its work is done.
    mutating func close() -> [Action] {
        isClosed = true
        var actions: [Action] = waiters.map { .fail($0.request, .closed) }
        waiters.removeAll()
        for (id, member) in members {
            switch member.state {
            case .leased: continue
            case .shared(let load) where load > 0: continue
            case .connecting, .shared:
                members[id] = nil
                actions.append(.close(id))
            }
        }
        return actions
    }

    // MARK: - Decisions

    private mutating func serve(now: Instant) -> [Action] {
        var actions: [Action] = []
        while let waiter = waiters.first {
            guard let id = place(for: waiter.kind) else { break }
            waiters.removeFirst()
            actions.append(assign(waiter, to: id))
        }
        // The first in the queue may be a lease that waits for a connection to empty; statements behind it go on
        // over the other connections.
        if let first = waiters.first, first.kind == .lease, members.count > 1 {
            let kept = leastLoaded(below: .max)
            var index = 1
            while index < waiters.count {
                guard waiters[index].kind == .statement else {
                    index += 1
                    continue
                }
                guard let id = leastLoaded(below: limits.pipelineDepth, except: kept) else { break }
                let waiter = waiters.remove(at: index)
                actions.append(assign(waiter, to: id))
            }
        }
        return actions + grow(now: now)
    }

    private mutating func assign(_ waiter: Waiter, to id: ConnectionID) -> Action {
        switch (waiter.kind, members[id]?.state) {
        case (.statement, .shared(let load)): members[id]?.state = .shared(load: load + 1)
        default: members[id]?.state = .leased
        }
        return .assign(waiter.request, id)
    }

    private func place(for kind: Kind) -> ConnectionID? {
        leastLoaded(below: kind == .lease ? 1 : limits.pipelineDepth)
    }

    private func leastLoaded(below bound: Int, except excluded: ConnectionID? = nil) -> ConnectionID? {
        var best: (id: ConnectionID, load: Int)?
        for (id, member) in members where id != excluded {
            guard case .shared(let load) = member.state, load < bound else { continue }
            if best.map({ (load, id) < ($0.load, $0.id) }) ?? true { best = (id, load) }
        }
        return best?.id
    }

    /// Opens connections: up to the minimum always, beyond it while work waits or every shared one is busy.
    private mutating func grow(now: Instant) -> [Action] {
        guard !isClosed else { return [] }
        if let retryAt {
            guard retryAt <= now else { return [] }
        }
        var connecting = members.values.count { if case .connecting = $0.state { true } else { false } }
        var actions: [Action] = []
        while members.count < limits.maximum {
            // While the server is down a single attempt probes it.
            if failures > 0, connecting > 0 { break }
            let idle = members.values.contains { if case .shared(load: 0) = $0.state { true } else { false } }
            let wanted = members.count < limits.minimum || (connecting < waiters.count) || (!idle && connecting == 0)
            guard wanted else { break }
            nextID += 1
            let id = ConnectionID(rawValue: nextID)
            members[id] = Member(state: .connecting, idleSince: now)
            connecting += 1
            actions.append(.connect(id))
        }
        if failures > 0, connecting > 0 { retryAt = nil }
        return actions
    }
}

/// One connection of a client; never used twice.
struct ConnectionID: Hashable, Comparable, Sendable {
    let rawValue: UInt64

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// One request of a client; never used twice.
struct RequestID: Hashable, Sendable {
    let rawValue: UInt64
}
