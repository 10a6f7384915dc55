package import ServiceKit

/// Decides what the supervisor does: who starts when, what follows an exit, in which order all stop.
///
/// A value without I/O: events go in with the time, actions come out, the shell performs them.
package struct SupervisorMachine: Sendable {
    /// What happened.
    package enum Event: Sendable, Equatable {
        /// The member may start: what it needs is there.
        case release(Member)
        /// The member's process was started.
        case started(Member)
        /// The member's process ended, or could not be started.
        case ended(Member, code: Int32?)
        /// What the member's `/ready` says.
        case readiness(Member, Bool, detail: String?)
        /// Time passed.
        case tick
        /// Everything shall stop.
        case stop
        /// Everything shall end at once.
        case kill
    }

    /// What to do.
    package enum Action: Sendable, Equatable {
        case start(Member)
        /// Ask to stop (SIGTERM; a fast shutdown for the database).
        case terminate(Member)
        /// End by force.
        case kill(Member)
        /// All members have ended.
        case finish
    }

    /// The record of one member.
    package struct Record: Sendable {
        package var state = MemberState.idle
        /// Starts after the first one.
        package var restarts = 0
        var startedAt: Duration = .zero
        var backoff: Backoff
        var isRunning = false
    }

    /// How long a member may take to stop before it is killed. A service ends itself after 10 s.
    package static let patience = Duration.seconds(12)
    /// After so long without an exit, the back-off starts over.
    package static let calm = Duration.seconds(30)

    /// The members' records.
    package private(set) var records: [Member: Record] = [:]
    /// Whether everything is being stopped.
    package private(set) var isStopping = false
    private var generator: any RandomNumberGenerator & Sendable

    /// Makes a machine for the given members; none starts before it is released.
    package init(
        _ members: [Member],
        backoff: Backoff = Backoff(base: .milliseconds(200), cap: .seconds(10)),
        generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        for member in members { records[member] = Record(backoff: backoff) }
        self.generator = generator
    }

    /// Whether every member runs and is ready.
    package var isReady: Bool {
        records.values.allSatisfy { $0.state == .ready }
    }

    /// Takes an event and tells what to do.
    package mutating func handle(_ event: Event, at now: Duration) -> [Action] {
        switch event {
        case .release(let member): return release(member, now)
        case .started(let member):
            records[member]?.startedAt = now
            return []
        case .ended(let member, let code): return ended(member, code, now)
        case .readiness(let member, let isReady, let detail):
            if case .starting? = records[member]?.state {
                records[member]?.state = isReady ? .ready : .starting(detail: detail)
            } else if records[member]?.state == .ready, !isReady {
                records[member]?.state = .starting(detail: detail)
            }
            return []
        case .tick: return tick(now)
        case .stop:
            guard !isStopping else { return [] }
            isStopping = true
            for (member, record) in records where !record.isRunning { records[member]?.state = .stopped }
            return stopNextTier(now)
        case .kill:
            isStopping = true
            return records.filter(\.value.isRunning).map { .kill($0.key) }
        }
    }

    private mutating func release(_ member: Member, _ now: Duration) -> [Action] {
        guard !isStopping, records[member]?.state == .idle else { return [] }
        return start(member, now)
    }

    private mutating func start(_ member: Member, _ now: Duration) -> [Action] {
        records[member]?.state = .starting(detail: nil)
        records[member]?.isRunning = true
        records[member]?.startedAt = now
        return [.start(member)]
    }

    private mutating func ended(_ member: Member, _ code: Int32?, _ now: Duration) -> [Action] {
        guard var record = records[member], record.isRunning else { return [] }
        record.isRunning = false
        defer { records[member] = record }
        if isStopping {
            record.state = .stopped
            records[member] = record
            return stopNextTier(now)
        }
        if code == ServiceRuntime.ExitCode.configuration {
            record.state = .misconfigured
            return []
        }
        if now - record.startedAt >= Self.calm { record.backoff.reset() }
        record.restarts += 1
        record.state = .waiting(until: now + record.backoff.next(using: &generator))
        return []
    }

    private mutating func tick(_ now: Duration) -> [Action] {
        var actions: [Action] = []
        for (member, record) in records {
            switch record.state {
            case .waiting(let until) where until <= now && !isStopping:
                actions += start(member, now)
            case .stopping(let deadline) where deadline <= now && record.isRunning:
                records[member]?.state = .stopping(deadline: now + Self.patience)
                actions.append(.kill(member))
            default: break
            }
        }
        return actions
    }

    /// Stops the highest tier that still runs; `finish` when none does.
    private mutating func stopNextTier(_ now: Duration) -> [Action] {
        guard let tier = records.filter(\.value.isRunning).map(\.key.tier).max() else { return [.finish] }
        var actions: [Action] = []
        for (member, record) in records where record.isRunning && member.tier == tier {
            if case .stopping = record.state { continue }
            records[member]?.state = .stopping(deadline: now + Self.patience)
            actions.append(.terminate(member))
        }
        return actions
    }
}
