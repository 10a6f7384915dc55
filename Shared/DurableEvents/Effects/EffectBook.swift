import DequeModule

/// What a process holds of its effects in memory, and what becomes of each. Pure.
///
/// An effect is here from when the process takes it until its end is in the table, so that nothing is sent twice by one
/// process. Effects that left before their commit are kept for a time: if their transaction never commits, they go.
struct EffectBook: Sendable {
    /// What is to be done about an effect whose row is known to be committed.
    enum Verdict: Hashable, Sendable {
        /// Carry it out.
        case start
        /// It left early and has ended so: write it down.
        case finish(EffectDecision)
        /// It is under way, or its end is being written.
        case wait
        /// There is no room: it stays in the table.
        case full
    }

    private enum Phase {
        /// Sent before its commit.
        case early(ContinuousClock.Instant)
        /// Sent before its commit, and ended: the row is still to be written.
        case earlyEnded(EffectDecision, ContinuousClock.Instant)
        case running
        /// Its end is still to be written.
        case ending
    }

    /// How long a transaction may take after its effect was sent early.
    static let patience: Duration = .seconds(60)

    private let bound: Int
    private var phases: [String: Phase] = [:]
    private var early: Deque<(key: String, since: ContinuousClock.Instant)> = []

    init(bound: Int) {
        self.bound = bound
    }

    var count: Int { phases.count }

    /// Entries that are kept for what left early.
    var earlyCount: Int { early.count }

    /// Its row is there: the transaction has committed, or the table has given it.
    mutating func committed(_ key: String) -> Verdict {
        switch phases[key] {
        case .earlyEnded(let decision, _):
            phases[key] = .ending
            return .finish(decision)
        case .early:
            // Its end will find the row.
            phases[key] = .running
            return .wait
        case .running, .ending:
            return .wait
        case nil:
            guard phases.count < bound else { return .full }
            phases[key] = .running
            return .start
        }
    }

    /// It is to leave before its commit; false when it has left already, or there is no room.
    mutating func sendEarly(_ key: String, now: ContinuousClock.Instant) -> Bool {
        forgetEarly(now)
        guard phases[key] == nil, phases.count < bound else { return false }
        phases[key] = .early(now)
        early.append((key, now))
        return true
    }

    /// An attempt has ended; true when the row is to hear of it.
    mutating func ended(_ key: String, _ decision: EffectDecision) -> Bool {
        switch phases[key] {
        case .early(let since):
            if case .done = decision {
                phases[key] = .earlyEnded(decision, since)
            } else {
                // Whatever came of it, the committed row decides.
                phases[key] = nil
            }
            return false
        case .running:
            phases[key] = .ending
            return true
        case .earlyEnded, .ending, nil:
            // It was forgotten meanwhile: whoever has the row now writes its end.
            return false
        }
    }

    /// Its row says what is next: done with it here.
    mutating func release(_ key: String) {
        phases[key] = nil
    }

    /// Forgets what left early and whose transaction never committed. If it does commit after all, it is done again,
    /// which does no harm: only idempotent effects leave early.
    mutating func forgetEarly(_ now: ContinuousClock.Instant) {
        while let first = early.first {
            let isWaiting = isEarly(first.key, since: first.since)
            guard !isWaiting || now - first.since > Self.patience else { break }
            early.removeFirst()
            if isWaiting { phases[first.key] = nil }
        }
        // Behind one that waits long most others have committed.
        if early.count > 2 * bound { early = Deque(early.filter { isEarly($0.key, since: $0.since) }) }
    }

    private func isEarly(_ key: String, since: ContinuousClock.Instant) -> Bool {
        switch phases[key] {
        case .early(since), .earlyEnded(_, since): true
        default: false
        }
    }
}
