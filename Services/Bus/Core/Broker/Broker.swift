import BusContract
import DequeModule
package import MessageBus

/// The request broker, without any I/O: who is there, what each worker can take, what waits and what runs.
///
/// - Requests wait in a queue per address, bounded in number and bytes, and go to the worker with most free capacity.
/// - A worker's free capacity is what it last stated, less what it has been sent and had not yet counted then.
/// - A worker that misses its heartbeats gets nothing more, and its repeatable requests go back to the head of the queue,
///   so that another has time for them before their deadlines. The first answer counts, whoever gives it.
/// - One that dies (silent for longer, or its connection gone) is forgotten; for its `once` requests the caller learns
///   `outcomeUnknown`.
/// - At the address of one instance nothing waits for a worker that is not there, and nothing passes to another: its caller
///   learns at once that it was not taken, or that its worker died over it, and asks whom it likes.
/// - Request ids make repeated sends harmless: a client that reconnects sends everything unanswered again.
///
/// Malformed or forbidden messages become notes and, where somebody waits, an answer; they change nothing else.
package struct Broker: Sendable {
    struct Peer {
        var client: UInt64
        let user: String
        var lastHeard: ContinuousClock.Instant
        var slots: [String: Slot] = [:]
        var running: Set<RequestID> = []
    }

    /// A worker's capacity at one address.
    struct Slot {
        var credit: UInt64
        var received: UInt64
        var sent: UInt64 = 0

        var free: Int {
            Int(clamping: credit) - Int(clamping: sent >= received ? sent - received : 0)
        }
    }

    struct Entry {
        let address: String
        /// Whether it is for one worker and no other.
        let isBound: Bool
        var isRepeatable: Bool
        let user: String
        var deadline: ContinuousClock.Instant
        /// Kept for as long as it may have to be sent (again).
        var body: RequestBody?
        var worker: PeerID?
    }

    struct Queue {
        var waiting: Deque<RequestID> = []
        var workers: [PeerID] = []
        /// Where the search for a worker begins, so that equals take turns.
        var cursor = 0
    }

    package let epoch: UInt64
    let limits: BrokerLimits
    let policy: AccessPolicy

    var peers: [PeerID: Peer] = [:]
    var clients: [UInt64: PeerID] = [:]
    /// Peers that have missed heartbeats: nearly always none.
    var suspects: Set<PeerID> = []
    var queues: [String: Queue] = [:]
    var entries: [RequestID: Entry] = [:]
    /// `once` requests that are over: asked again, they must not run again.
    var finishedOnce: [RequestID: ContinuousClock.Instant] = [:]
    var deadlines = DeadlineQueue<RequestID>()
    var finishedDeadlines = DeadlineQueue<RequestID>()
    var bytes = 0
    var nextPulse: ContinuousClock.Instant
    var actions: [BrokerAction] = []

    /// - Parameter epoch: names this run of the switchboard; never 0.
    package init(epoch: UInt64, limits: BrokerLimits, policy: AccessPolicy, now: ContinuousClock.Instant) {
        self.epoch = epoch
        self.limits = limits
        self.policy = policy
        nextPulse = now + limits.pulse
    }

    // MARK: Numbers for metrics

    package var peerCount: Int { peers.count }
    package var waitingCount: Int { queues.values.reduce(0) { $0 + $1.waiting.count } }
    package var runningCount: Int { entries.values.count { $0.worker != nil } }

    // MARK: Input

    /// A message has come.
    ///
    /// - Parameters:
    ///   - user: the name of the log-in; empty without one.
    ///   - body: the frames after the envelope; nil when there were none.
    package mutating func receive(
        _ envelope: Envelope,
        body: RequestBody?,
        from id: PeerID,
        user: String,
        now: ContinuousClock.Instant
    ) -> [BrokerAction] {
        switch envelope.verb {
        case .hello: hello(envelope, from: id, user: user, now: now)
        default:
            guard peers[id] != nil else {
                var who = Envelope(.who)
                who.epoch = epoch
                if envelope.verb == .reply, let body {
                    // It comes from before our start: back with it, to be sent again after the greeting.
                    who.id = envelope.id
                    who.address = envelope.address
                    who.code = envelope.code
                    who.message = envelope.message
                    actions.append(.send(id, who, body))
                    return takeActions()
                }
                actions.append(.send(id, who, nil))
                return takeActions()
            }
            peers[id]?.lastHeard = now
            if !suspects.isEmpty { trust(id, now: now) }
            handle(envelope, body: body, from: id, user: user, now: now)
        }
        return takeActions()
    }

    private mutating func handle(
        _ envelope: Envelope,
        body: RequestBody?,
        from id: PeerID,
        user: String,
        now: ContinuousClock.Instant
    ) {
        switch (envelope.verb, body) {
        case (.pulse, _): break
        case (.bye, _): remove(id, now: now)
        case (.serve, _): serve(envelope, from: id, now: now)
        case (.leave, _): leave(envelope.address, id)
        case (.request, let body?): request(envelope, body: body, from: id, now: now)
        case (.reply, let body?): reply(envelope, body: body, from: id, now: now)
        case (.cancel, _): cancel(envelope, from: id)
        default: note(.malformed, user, "\(envelope.verb.rawValue) from a peer, or without its frames")
        }
    }

    /// A message from a peer could not be read.
    package mutating func receiveMalformed(from id: PeerID, user: String, why: String) -> [BrokerAction] {
        note(.malformed, user, why)
        return takeActions()
    }

    /// The socket has no such peer any more.
    package mutating func unreachable(_ id: PeerID, now: ContinuousClock.Instant) -> [BrokerAction] {
        if let peer = peers[id] {
            note(.peerLost, peer.user, "its connection is gone")
            remove(id, now: now)
        }
        return takeActions()
    }

    /// Time has passed.
    package mutating func tick(_ now: ContinuousClock.Instant) -> [BrokerAction] {
        expire(now)
        if now >= nextPulse {
            nextPulse = now + limits.pulse
            for (id, peer) in peers where now - peer.lastHeard >= limits.patience {
                note(.peerLost, peer.user, "silent for \(limits.patience)")
                remove(id, now: now)
            }
            for (id, peer) in peers where now - peer.lastHeard >= limits.suspicion { suspect(id, now: now) }
            var pulse = Envelope(.pulse)
            pulse.epoch = epoch
            for id in peers.keys { actions.append(.send(id, pulse, nil)) }
        }
        return takeActions()
    }

    /// When `tick` has something to do next.
    package mutating func nextTick() -> ContinuousClock.Instant {
        let entries = self.entries
        guard let deadline = deadlines.next(where: { entries[$0]?.deadline == $1 }) else { return nextPulse }
        return min(nextPulse, deadline)
    }

    // MARK: Peers

    private mutating func hello(_ envelope: Envelope, from id: PeerID, user: String, now: ContinuousClock.Instant) {
        guard envelope.client != 0 else {
            note(.malformed, user, "hello without a client number")
            return
        }
        if let other = clients[envelope.client], other != id {
            // The same process on a new connection; its log-in must be the same too.
            guard peers[other]?.user == user else {
                note(.refusedIdentity, user, "claims the client number of another service")
                return
            }
            remove(other, now: now)
        }
        if let known = peers[id], known.client != envelope.client { clients[known.client] = nil }
        if peers[id] == nil {
            peers[id] = Peer(client: envelope.client, user: user, lastHeard: now)
        } else {
            peers[id]?.client = envelope.client
            peers[id]?.lastHeard = now
            // It begins a session anew and counts from the start: what it can take it says again.
            for address in peers[id]?.slots.keys.sorted() ?? [] { queues[address]?.workers.removeAll { $0 == id } }
            peers[id]?.slots = [:]
        }
        clients[envelope.client] = id
        var welcome = Envelope(.welcome)
        welcome.epoch = epoch
        actions.append(.send(id, welcome, nil))
    }

    /// A peer has missed heartbeats: what may be repeated of its work goes to others, the rest waits for it.
    private mutating func suspect(_ id: PeerID, now: ContinuousClock.Instant) {
        guard let peer = peers[id], !peer.slots.isEmpty, suspects.insert(id).inserted else { return }
        note(.workerSilent, peer.user, "\(peer.running.count) requests are running there")
        let repeatable = peer.running.filter { entries[$0]?.isRepeatable == true && entries[$0]?.body != nil }
        peers[id]?.running.subtract(repeatable)
        giveBack(repeatable, now: now)
        for address in peer.slots.keys.sorted() { refuseStranded(address) }
    }

    /// It lives.
    private mutating func trust(_ id: PeerID, now: ContinuousClock.Instant) {
        guard suspects.remove(id) != nil, let peer = peers[id] else { return }
        for address in peer.slots.keys.sorted() { dispatch(address, now: now) }
    }

    /// Forgets a peer, and finds other workers for what it was at.
    mutating func remove(_ id: PeerID, now: ContinuousClock.Instant) {
        guard let peer = peers.removeValue(forKey: id) else { return }
        suspects.remove(id)
        if clients[peer.client] == id { clients[peer.client] = nil }
        for address in peer.slots.keys { queues[address]?.workers.removeAll { $0 == id } }
        if !peer.running.isEmpty {
            note(.workerLost, peer.user, "\(peer.running.count) requests were running there")
            giveBack(peer.running, now: now)
        }
        for address in peer.slots.keys.sorted() { refuseStranded(address) }
    }

    private mutating func giveBack(_ requests: Set<RequestID>, now: ContinuousClock.Instant) {
        var touched: Set<String> = []
        // Pushing to the front in falling order leaves the oldest first.
        for request in requests.sorted(by: { ($0.number, $0.client) > ($1.number, $1.client) }) {
            giveBack(request, now: now)
            if let entry = entries[request] { touched.insert(entry.address) }
        }
        for address in touched { dispatch(address, now: now) }
    }

    // MARK: Helpers

    mutating func note(_ kind: BrokerNote.Kind, _ user: String, _ detail: String) {
        actions.append(.note(BrokerNote(kind: kind, user: user, detail: detail)))
    }

    private mutating func takeActions() -> [BrokerAction] {
        defer { actions = [] }
        return actions
    }
}
