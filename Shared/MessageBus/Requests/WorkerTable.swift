/// The worker's side of requests, without any I/O: capacity by address, what runs, and the replies that are kept so that
/// a repeated key is answered and not done again.
package struct WorkerTable: Sendable {
    /// A reply as it goes out.
    package struct Reply: Sendable, Equatable {
        package var code = ""
        package var message = ""
        package var header: [UInt8] = []
        package var payload: [UInt8] = []

        package init() {}

        package init(_ code: BusError.Code, _ message: String) {
            self.code = code.wireName
            self.message = message
        }
    }

    /// What to do with a request that has come.
    package enum Verdict: Sendable, Equatable {
        /// Hand it to the handler.
        case start
        /// The same key is being worked at; the reply will go to this request too.
        case joined
        /// The same key was answered already.
        case answered(Reply)
        /// Not taken: the switchboard gives it to another worker.
        case giveBack(String)
    }

    /// Requests of one address.
    private struct Address {
        let capacity: Int
        var running = 0
        var received: UInt64 = 0
    }

    private struct Key: Hashable {
        let address: String
        let key: String
    }

    private struct Running {
        let address: String
        let key: Key?
        let deadline: ContinuousClock.Instant
        /// Everybody who gets the reply, the first asker included.
        var askers: [RequestID]
    }

    private struct Kept {
        let reply: Reply
        let until: ContinuousClock.Instant
    }

    /// Replies that are kept at most; the ones that end first go first.
    private let keptLimit: Int
    private var addresses: [String: Address] = [:]
    private var running: [RequestID: Running] = [:]
    private var runningKeys: [Key: RequestID] = [:]
    private var joined: [RequestID: RequestID] = [:]
    private var kept: [Key: Kept] = [:]
    private var keptDeadlines = DeadlineQueue<Key>()

    package init(keptLimit: Int = 4096) {
        self.keptLimit = keptLimit
    }

    // MARK: Addresses

    /// False when the address is served already.
    package mutating func serve(_ address: String, capacity: Int) -> Bool {
        guard addresses[address] == nil else { return false }
        addresses[address] = Address(capacity: capacity)
        return true
    }

    package mutating func leave(_ address: String) {
        addresses[address] = nil
    }

    package var served: [String] { addresses.keys.sorted() }

    /// A new session with the switchboard: it counts what we receive from the start again.
    package mutating func beginSession() {
        for address in addresses.keys { addresses[address]?.received = 0 }
    }

    /// Free capacity and the count it refers to.
    package func credit(_ address: String) -> (credit: UInt64, received: UInt64)? {
        addresses[address].map { (UInt64(max(0, $0.capacity - $0.running)), $0.received) }
    }

    /// What runs at an address, and the requests that wait for it.
    package func running(at address: String) -> [RequestID] {
        running.values.filter { $0.address == address }.flatMap(\.askers)
    }

    /// Where a running request came in.
    package func address(of id: RequestID) -> String? { running[id]?.address }

    // MARK: Requests

    /// A request has come from the switchboard.
    ///
    /// - Parameter key: empty for none.
    package mutating func receive(
        _ id: RequestID,
        address: String,
        key: String,
        deadline: ContinuousClock.Instant
    ) -> Verdict {
        guard let place = addresses[address] else { return .giveBack("\(address) is not served here") }
        addresses[address]?.received += 1
        // The switchboard repeats itself only after a reconnect; the first copy is being worked at.
        if running[id] != nil || joined[id] != nil { return .joined }
        let key = key.isEmpty ? nil : Key(address: address, key: key)
        if let key, let reply = kept[key] { return .answered(reply.reply) }
        if let key, let first = runningKeys[key] {
            running[first]?.askers.append(id)
            joined[id] = first
            return .joined
        }
        guard place.running < place.capacity else {
            return .giveBack("more requests of \(address) than were offered to be taken")
        }
        addresses[address]?.running += 1
        running[id] = Running(address: address, key: key, deadline: deadline, askers: [id])
        if let key { runningKeys[key] = id }
        return .start
    }

    /// The handler is done.
    ///
    /// - Returns: who gets the reply.
    package mutating func finish(_ id: RequestID, _ reply: Reply, now: ContinuousClock.Instant) -> [RequestID] {
        guard let entry = running.removeValue(forKey: id) else { return [] }
        addresses[entry.address]?.running -= 1
        for asker in entry.askers { joined[asker] = nil }
        if let key = entry.key {
            runningKeys[key] = nil
            keep(reply, for: key, until: entry.deadline, now: now)
        }
        return entry.askers
    }

    private mutating func keep(
        _ reply: Reply,
        for key: Key,
        until deadline: ContinuousClock.Instant,
        now: ContinuousClock.Instant
    ) {
        expire(now)
        guard deadline > now else { return }
        kept[key] = Kept(reply: reply, until: deadline)
        keptDeadlines.insert(key, at: deadline)
        while kept.count > keptLimit, let instant = nextDeadline() {
            expire(instant)
        }
    }

    /// Forgets the replies whose time is over.
    package mutating func expire(_ now: ContinuousClock.Instant) {
        while let key = keptDeadlines.popDue(now, where: { kept[$0]?.until == $1 }) {
            kept[key] = nil
        }
    }

    /// When `expire` has something to do next.
    package mutating func nextDeadline() -> ContinuousClock.Instant? {
        keptDeadlines.next { kept[$0]?.until == $1 }
    }
}
