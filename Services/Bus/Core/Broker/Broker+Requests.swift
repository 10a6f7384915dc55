import BusContract
import DequeModule
import MessageBus
import ServiceKit

extension Broker {
    // MARK: From clients

    mutating func request(_ envelope: Envelope, body: RequestBody, from id: PeerID, now: ContinuousClock.Instant) {
        guard let peer = peers[id] else { return }
        let request = envelope.id
        guard request.client == peer.client, !envelope.address.isEmpty else {
            note(.malformed, peer.user, "a request under another client's number, or without an address")
            return
        }
        guard policy.mayAsk(envelope.address, user: peer.user) else {
            note(.refusedPermission, peer.user, "may not ask \(envelope.address)")
            answer(request, .refused, "\(peer.user) may not ask \(envelope.address)")
            return
        }
        // A day is longer than any request may take, and keeps the sum in range.
        let deadline = now + .milliseconds(Int64(min(max(1, envelope.deadlineMilliseconds), 86_400_000)))
        if entries[request] != nil {
            // Sent again after a reconnect: it waits or runs already. One adopted from a worker learns the rest now.
            if entries[request]?.body == nil, envelope.isRepeatable {
                entries[request]?.isRepeatable = true
                entries[request]?.body = body
                bytes += body.count
            }
            entries[request]?.deadline = deadline
            deadlines.insert(request, at: deadline)
            return
        }
        // One adopted from a worker can be over before its caller says that it may be repeated: then it is.
        if finishedOnce[request] != nil, !envelope.isRepeatable {
            answer(request, .outcomeUnknown, "it was handed to a worker, and its reply was lost")
            return
        }
        let queue = queues[envelope.address, default: Queue()]
        guard queue.waiting.count < limits.queueLength, bytes + body.count <= limits.bytes else {
            note(.refusedQueueFull, peer.user, envelope.address)
            answer(request, .refused, "the queue of \(envelope.address) is full")
            return
        }
        entries[request] = Entry(
            address: envelope.address,
            isBound: Self.isBound(envelope.address),
            isRepeatable: envelope.isRepeatable,
            user: peer.user,
            deadline: deadline,
            body: body
        )
        bytes += body.count
        deadlines.insert(request, at: deadline)
        queues[envelope.address, default: Queue()].waiting.append(request)
        dispatch(envelope.address, now: now)
    }

    mutating func cancel(_ envelope: Envelope, from id: PeerID) {
        guard let peer = peers[id], envelope.client == peer.client, entries[envelope.id] != nil else { return }
        // What runs is finished by its worker: its reply finds nobody.
        drop(envelope.id)
    }

    // MARK: From workers

    mutating func serve(_ envelope: Envelope, from id: PeerID, now: ContinuousClock.Instant) {
        guard let peer = peers[id] else { return }
        let address = envelope.address
        guard policy.mayServe(address, role: ServiceRole(rawValue: peer.user)) else {
            note(.refusedPermission, peer.user, "may not serve \(address)")
            return
        }
        if peer.slots[address] == nil { queues[address, default: Queue()].workers.append(id) }
        state(envelope, from: id)
        for request in envelope.running {
            // What came from us and is not known any more is over: its caller has an answer, or has given up.
            if envelope.epoch == epoch, entries[request] == nil { continue }
            adopt(request, address: address, worker: id, now: now)
        }
        dispatch(address, now: now)
    }

    private mutating func state(_ envelope: Envelope, from id: PeerID) {
        var slot = peers[id]?.slots[envelope.address] ?? Slot(credit: 0, received: 0)
        slot.credit = envelope.credit
        // More than was sent cannot have been received: a worker that miscounts gets no more than its credit.
        slot.received = min(envelope.received, slot.sent)
        peers[id]?.slots[envelope.address] = slot
    }

    mutating func leave(_ address: String, _ id: PeerID) {
        peers[id]?.slots[address] = nil
        queues[address]?.workers.removeAll { $0 == id }
        refuseStranded(address)
        if let queue = queues[address], queue.waiting.isEmpty, queue.workers.isEmpty { queues[address] = nil }
        // Everything that was sent to it is on its way before this: it may close now.
        var done = Envelope(.leave)
        done.address = address
        actions.append(.send(id, done, nil))
    }

    /// A worker that was here before us, or before its reconnect, says what it is at.
    private mutating func adopt(
        _ request: RequestID,
        address: String,
        worker id: PeerID,
        now: ContinuousClock.Instant
    ) {
        if let entry = entries[request] {
            guard entry.address == address, entry.worker == nil else { return }
            queues[address]?.waiting.removeAll { $0 == request }
            entries[request]?.worker = id
        } else {
            let deadline = now + limits.adoption
            entries[request] = Entry(
                address: address,
                isBound: Self.isBound(address),
                isRepeatable: false,
                user: "",
                deadline: deadline,
                body: nil,
                worker: id
            )
            deadlines.insert(request, at: deadline)
        }
        peers[id]?.running.insert(request)
    }

    mutating func reply(_ envelope: Envelope, body: RequestBody, from id: PeerID, now: ContinuousClock.Instant) {
        // The peer is looked up again where it is needed: a copy kept here would have its parts copied when they change.
        guard peers[id] != nil else { return }
        if peers[id]?.slots[envelope.address] != nil { state(envelope, from: id) }
        let request = envelope.id
        if envelope.code == Envelope.notTaken {
            takeBack(request, body: body, from: id)
        } else if let entry = entries[request], isRunning(request, at: id) || isServed(entry, by: id) {
            drop(request)
            if !entry.isRepeatable { rememberFinished(request, until: entry.deadline, now: now) }
            var reply = Envelope(.reply)
            reply.id = request
            reply.code = envelope.code
            reply.message = envelope.message
            if let client = clients[request.client] { actions.append(.send(client, reply, body)) }
        } else {
            note(.lateReply, peers[id]?.user ?? "", envelope.address)
        }
        dispatch(envelope.address, now: now)
    }

    /// A worker has not begun a request and sends it back: even a `once` request may go elsewhere.
    private mutating func takeBack(_ request: RequestID, body: RequestBody, from id: PeerID) {
        guard let entry = entries[request], entry.worker == id else { return }
        peers[id]?.running.remove(request)
        entries[request]?.worker = nil
        if entry.body == nil {
            entries[request]?.body = body
            bytes += body.count
        }
        note(.resent, entry.user, entry.address)
        queues[entry.address, default: Queue()].waiting.prepend(request)
    }

    /// A worker that was given up may still answer: a good answer, if the request waits or runs elsewhere meanwhile.
    private func isServed(_ entry: Entry, by id: PeerID) -> Bool {
        entry.isRepeatable && peers[id]?.slots[entry.address] != nil
    }

    private func isRunning(_ request: RequestID, at id: PeerID) -> Bool {
        peers[id]?.running.contains(request) == true
    }

    // MARK: Movement

    /// Hands what waits at an address to the workers that have room.
    mutating func dispatch(_ address: String, now: ContinuousClock.Instant) {
        while let request = queues[address]?.waiting.first {
            guard let entry = entries[request], entry.worker == nil else {
                queues[address]?.waiting.removeFirst()
                continue
            }
            guard let worker = chooseWorker(address) else { return refuseStranded(address) }
            queues[address]?.waiting.removeFirst()
            entries[request]?.worker = worker
            peers[worker]?.running.insert(request)
            peers[worker]?.slots[address]?.sent += 1
            var envelope = Envelope(.request)
            envelope.id = request
            envelope.address = address
            envelope.user = entry.user
            envelope.isRepeatable = entry.isRepeatable
            envelope.deadlineMilliseconds = UInt64(max(1, (entry.deadline - now).milliseconds))
            actions.append(.send(worker, envelope, entry.body ?? RequestBody()))
            // It will never be sent again, so that its bytes can go.
            if !entry.isRepeatable { releaseBody(request) }
        }
    }

    static func isBound(_ address: String) -> Bool {
        RequestAddress(rawValue: address).withoutInstance != nil
    }

    /// Sends back what waits for one worker that is not there, or has missed its heartbeats.
    mutating func refuseStranded(_ address: String) {
        guard Self.isBound(address), let queue = queues[address], queue.workers.allSatisfy(suspects.contains) else {
            return
        }
        for request in queue.waiting where entries[request]?.worker == nil {
            drop(request)
            answer(request, .noWorker, "nobody serves \(address)")
        }
    }

    private mutating func chooseWorker(_ address: String) -> PeerID? {
        guard let queue = queues[address], !queue.workers.isEmpty else { return nil }
        var best: (id: PeerID, free: Int, index: Int)?
        for step in 0..<queue.workers.count {
            let index = (queue.cursor + step) % queue.workers.count
            let id = queue.workers[index]
            if !suspects.isEmpty, suspects.contains(id) { continue }
            let free = peers[id]?.slots[address]?.free ?? 0
            if free > best?.free ?? 0 { best = (id, free, index) }
        }
        guard let best else { return nil }
        queues[address]?.cursor = (best.index + 1) % queue.workers.count
        return best.id
    }

    /// Its worker has died, or may have.
    mutating func giveBack(_ request: RequestID, now: ContinuousClock.Instant) {
        guard let entry = entries[request] else { return }
        guard entry.isRepeatable, !entry.isBound, entry.body != nil else {
            note(.outcomeUnknown, entry.user, entry.address)
            drop(request)
            rememberFinished(request, until: entry.deadline, now: now)
            answer(request, .outcomeUnknown, "the worker of \(entry.address) died")
            return
        }
        note(.resent, entry.user, entry.address)
        entries[request]?.worker = nil
        queues[entry.address, default: Queue()].waiting.prepend(request)
    }

    mutating func expire(_ now: ContinuousClock.Instant) {
        while true {
            let entries = self.entries
            guard let request = deadlines.popDue(now, where: { entries[$0]?.deadline == $1 }),
                let entry = entries[request]
            else { break }
            note(.expired, entry.user, entry.address)
            let isServed = queues[entry.address]?.workers.isEmpty == false
            drop(request)
            if entry.worker == nil, !isServed {
                answer(request, .noWorker, "nobody serves \(entry.address)")
            } else {
                answer(request, .timeout, entry.worker == nil ? "all workers of \(entry.address) are busy" : "no reply")
            }
        }
        let finished = finishedOnce
        while let request = finishedDeadlines.popDue(now, where: { finished[$0] == $1 }) { finishedOnce[request] = nil }
    }

    /// Forgets a request, wherever it is.
    private mutating func drop(_ request: RequestID) {
        releaseBody(request)
        guard let entry = entries.removeValue(forKey: request) else { return }
        if let worker = entry.worker {
            peers[worker]?.running.remove(request)
        } else {
            // The queue's own entry is skipped when it comes up, unless nobody takes from the queue.
            queues[entry.address]?.waiting.removeAll { $0 == request }
        }
        if let queue = queues[entry.address], queue.waiting.isEmpty, queue.workers.isEmpty {
            queues[entry.address] = nil
        }
        let alive = entries
        deadlines.compact(alive: alive.count) { alive[$0]?.deadline == $1 }
    }

    private mutating func releaseBody(_ request: RequestID) {
        guard let body = entries[request]?.body else { return }
        bytes -= body.count
        entries[request]?.body = nil
    }

    private mutating func rememberFinished(
        _ request: RequestID,
        until deadline: ContinuousClock.Instant,
        now: ContinuousClock.Instant
    ) {
        guard deadline > now, finishedOnce.count < 10 * limits.queueLength else { return }
        finishedOnce[request] = deadline
        finishedDeadlines.insert(request, at: deadline)
    }

    private mutating func answer(_ request: RequestID, _ code: BusError.Code, _ message: String) {
        guard let client = clients[request.client] else { return }
        var reply = Envelope(.reply)
        reply.id = request
        reply.code = code.wireName
        reply.message = message
        actions.append(.send(client, reply, RequestBody()))
    }
}
