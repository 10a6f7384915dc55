import DequeModule

/// The caller's side of requests, without any I/O: what waits to be sent, what waits for its reply, and what becomes of
/// both when the switchboard is lost or replaced.
///
/// - A request is sent once the switchboard has welcomed us, in the order of asking.
/// - The same switchboard again (same epoch): everything without an answer is sent again, for the connection may have
///   lost it; the switchboard recognises the ids.
/// - Another switchboard (new epoch): repeatable requests are sent again; `once` requests that had been sent may have
///   been done, so their callers are told `outcomeUnknown`.
package struct RequestTable: Sendable {
    /// What to send, and again after a restart.
    package struct Request: Sendable {
        package let address: String
        package let isRepeatable: Bool
        package let header: [UInt8]
        package let payload: [UInt8]
        package let deadline: ContinuousClock.Instant

        package init(
            address: String,
            isRepeatable: Bool,
            header: [UInt8],
            payload: [UInt8],
            deadline: ContinuousClock.Instant
        ) {
            self.address = address
            self.isRepeatable = isRepeatable
            self.header = header
            self.payload = payload
            self.deadline = deadline
        }
    }

    /// A request that is over without a reply, and why.
    package struct Failure: Sendable, Equatable {
        package let number: UInt64
        package let error: BusError
    }

    private struct Pending {
        let request: Request
        var wasSent = false
    }

    /// Why requests were not sent, as far as anything is known.
    static let away = "the bus was away"
    var whyAway = Self.away

    private let limit: Int
    private var pending: [UInt64: Pending] = [:]
    private var unsent: Deque<UInt64> = []
    private var deadlines = DeadlineQueue<UInt64>()
    private var epoch: UInt64?
    private var isUp = false

    /// - Parameter limit: requests without an answer; more are refused.
    package init(limit: Int) {
        self.limit = limit
    }

    package var count: Int { pending.count }

    /// Takes a new request; the error, if it cannot.
    package mutating func submit(_ number: UInt64, _ request: Request) -> BusError? {
        guard pending.count < limit else {
            return BusError(.refused, "\(limit) requests of this process are unanswered already")
        }
        pending[number] = Pending(request: request)
        unsent.append(number)
        deadlines.insert(number, at: request.deadline)
        return nil
    }

    /// The next request that may be sent now.
    package mutating func nextToSend() -> (number: UInt64, request: Request)? {
        guard isUp else { return nil }
        while let number = unsent.first {
            if let entry = pending[number], !entry.wasSent { return (number, entry.request) }
            unsent.removeFirst()
        }
        return nil
    }

    /// The socket has taken it.
    package mutating func markSent(_ number: UInt64) {
        pending[number]?.wasSent = true
        if unsent.first == number { unsent.removeFirst() }
    }

    /// The switchboard has welcomed us.
    package mutating func welcomed(epoch newEpoch: UInt64) -> [Failure] {
        let isRestart = epoch != nil && epoch != newEpoch
        epoch = newEpoch
        isUp = true
        var failures: [Failure] = []
        for (number, entry) in pending where entry.wasSent {
            if isRestart, !entry.request.isRepeatable {
                pending[number] = nil
                failures.append(
                    Failure(
                        number: number,
                        error: BusError(.outcomeUnknown, "the bus restarted after \(entry.request.address) was sent")
                    )
                )
            } else {
                pending[number]?.wasSent = false
            }
        }
        // In the order of asking, which is that of the numbers.
        unsent = Deque(pending.filter { !$0.value.wasSent }.keys.sorted())
        return failures.sorted { $0.number < $1.number }
    }

    /// The switchboard fell silent; what is asked from now on waits for it.
    package mutating func lost() {
        isUp = false
    }

    /// A reply has come; false when nobody waits for it.
    package mutating func complete(_ number: UInt64) -> Bool {
        defer { compact() }
        return pending.removeValue(forKey: number) != nil
    }

    /// The caller gave up. True when the switchboard should hear of it.
    package mutating func cancel(_ number: UInt64) -> Bool {
        defer { compact() }
        return pending.removeValue(forKey: number)?.wasSent == true && isUp
    }

    /// The requests whose time is over.
    package mutating func expire(_ now: ContinuousClock.Instant) -> [Failure] {
        var failures: [Failure] = []
        while let number = deadlines.popDue(now, where: { number, _ in pending[number] != nil }) {
            guard let entry = pending.removeValue(forKey: number) else { continue }
            let why = entry.wasSent ? "no reply from \(entry.request.address)" : whyAway
            failures.append(Failure(number: number, error: BusError(.timeout, why)))
        }
        return failures
    }

    /// When `expire` has something to do next.
    package mutating func nextDeadline() -> ContinuousClock.Instant? {
        deadlines.next { number, _ in pending[number] != nil }
    }

    /// Ends everything.
    package mutating func close() -> [UInt64] {
        defer { pending.removeAll() }
        return pending.keys.sorted()
    }

    private mutating func compact() {
        let alive = pending
        deadlines.compact(alive: alive.count) { number, _ in alive[number] != nil }
    }
}
