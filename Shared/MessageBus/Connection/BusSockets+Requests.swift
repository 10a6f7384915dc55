import BusContract
import Logging
import ServiceKit
import ZeroMQ

extension BusSockets {
    // MARK: Asking

    func start(
        _ number: UInt64,
        _ request: RequestTable.Request,
        _ waiter: CheckedContinuation<RequestOutcome, Never>
    ) {
        if isClosing {
            waiter.resume(returning: .failure(BusError(.closed, "this process is leaving the bus")))
        } else if let error = requests.submit(number, request) {
            metrics.requestFailures.increment()
            waiter.resume(returning: .failure(error))
        } else {
            waiters[number] = waiter
        }
    }

    func cancel(_ number: UInt64) {
        if requests.cancel(number) {
            var envelope = Envelope(.cancel)
            envelope.id = RequestID(client: clientNumber, number: number)
            send([envelope.encoded])
        }
        complete(number, .failure(.cancelledCaller))
    }

    func complete(_ number: UInt64, _ outcome: RequestOutcome) {
        if case .failure = outcome { metrics.requestFailures.increment() }
        waiters.removeValue(forKey: number)?.resume(returning: outcome)
        expectsCommand = true
    }

    func sendRequests() throws(ZeroMQError) {
        flushBlocked()
        while !dealerIsBlocked, let dealer, let (number, request) = requests.nextToSend() {
            var envelope = Envelope(.request)
            envelope.id = RequestID(client: clientNumber, number: number)
            envelope.address = request.address
            envelope.isRepeatable = request.isRepeatable
            envelope.deadlineMilliseconds = Self.milliseconds(request.deadline - .now)
            guard try dealer.send(envelope.encoded, more: true) else {
                dealerIsBlocked = true
                return
            }
            _ = try dealer.send(request.header, more: true)
            _ = try dealer.send(request.payload, more: false)
            requests.markSent(number)
        }
    }

    /// Time that is left, less what a reply needs to come back: so the switchboard's answer "nobody served it" comes
    /// before our own clock says "no reply".
    private static func milliseconds(_ remaining: Duration) -> UInt64 {
        let (seconds, attoseconds) = remaining.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        return UInt64(max(1, milliseconds - min(100, milliseconds / 5)))
    }

    // MARK: Link

    func tick(_ now: ContinuousClock.Instant) throws(ZeroMQError) {
        for failure in requests.expire(now) { complete(failure.number, .failure(failure.error)) }
        workers.expire(now)
        guard !dealerIsBlocked else { return }
        for action in link.tick(now) {
            switch action {
            case .lost:
                metrics.reconnects.increment()
                logger.warning("the bus is silent; requests wait until it answers again")
                requests.lost()
            case .sendHello:
                var hello = Envelope(.hello)
                hello.client = clientNumber
                if try dealer?.send(hello.encoded, more: false) == true {
                    link.sent(now)
                } else {
                    dealerIsBlocked = true
                }
            case .sendPulse:
                send([Envelope(.pulse).encoded])
                link.sent(now)
            }
        }
    }

    /// Sends a message, or keeps it until the socket takes it.
    func send(_ frames: [[UInt8]], reply: (id: RequestID, address: String)? = nil) {
        guard blockedMessages.isEmpty, !dealerIsBlocked, link.isUp else {
            keepBlocked(BlockedMessage(frames: frames, reply: reply))
            return
        }
        if !trySend(frames) {
            dealerIsBlocked = true
            keepBlocked(BlockedMessage(frames: frames, reply: reply))
        }
    }

    private func keepBlocked(_ message: BlockedMessage) {
        // As many as there are requests in hand at most: replies and a statement each. Beyond that they are of no use.
        guard blockedMessages.count < 100_000 else { return }
        blockedMessages.append(message)
    }

    private func trySend(_ frames: [[UInt8]]) -> Bool {
        guard let dealer else { return true }
        do {
            for (index, frame) in frames.enumerated() {
                guard try dealer.send(frame, more: index < frames.count - 1) else { return false }
            }
        } catch {
            logger.warning("a message to the bus was lost", metadata: ["error": "\(error)"])
        }
        return true
    }

    private func flushBlocked() {
        guard !dealerIsBlocked, link.isUp, !blockedMessages.isEmpty else { return }
        var sent = 0
        for message in blockedMessages {
            guard trySend(message.frames) else {
                dealerIsBlocked = true
                break
            }
            sent += 1
        }
        blockedMessages.removeFirst(sent)
    }

    // MARK: Receiving

    func receiveReplies(_ now: ContinuousClock.Instant) throws(ZeroMQError) {
        guard dealerIsReadable, let dealer else { return }
        var budget = 1024
        while budget > 0, try dealer.receive(into: frame) {
            budget -= 1
            var frames = [frame.bytes]
            while frame.hasMore, try dealer.receive(into: frame) { frames.append(frame.bytes) }
            link.heard(now)
            do {
                try handle(Envelope(decoding: frames[0]), frames, now)
            } catch {
                metrics.malformed.increment()
                logger.warning("a message of the bus could not be read", metadata: ["error": "\(error)"])
            }
        }
        dealerIsReadable = budget == 0
    }

    private func handle(
        _ envelope: Envelope,
        _ frames: [[UInt8]],
        _ now: ContinuousClock.Instant
    ) throws(WireError) {
        switch envelope.verb {
        case .welcome: welcomed(envelope.epoch)
        case .who:
            link.forgotten()
            requests.lost()
            if frames.count == 3 { keepReturned(envelope, header: frames[1], payload: frames[2]) }
        case .pulse: break
        case .reply:
            guard frames.count == 3 else { throw WireError(.truncated) }
            receiveReply(envelope, header: frames[1], payload: frames[2])
        case .request:
            guard frames.count == 3 else { throw WireError(.truncated) }
            receiveRequest(envelope, header: frames[1], payload: frames[2], now)
        case .leave: leaving.remove(envelope.address)
        case .hello, .bye, .serve, .cancel:
            throw WireError(.badValue)
        }
    }

    /// A reply that the switchboard could not place, since it has restarted: it goes out again after the welcome.
    private func keepReturned(_ envelope: Envelope, header: [UInt8], payload: [UInt8]) {
        var again = Envelope(.reply)
        again.id = envelope.id
        again.address = envelope.address
        again.code = envelope.code
        again.message = envelope.message
        keepBlocked(
            BlockedMessage(frames: [again.encoded, header, payload], reply: (envelope.id, envelope.address))
        )
    }

    private func welcomed(_ epoch: UInt64) {
        link.welcomed()
        let before = lastEpoch
        lastEpoch = epoch
        for failure in requests.welcomed(epoch: epoch) { complete(failure.number, .failure(failure.error)) }
        workers.beginSession()
        leaving = []
        // Statements of the session before are void. Replies go out after the new statements, which name their requests
        // as running: a switchboard that has restarted knows nothing of them.
        let replies = blockedMessages.filter { $0.reply != nil }
        blockedMessages = []
        for address in workers.served {
            let unsent = replies.compactMap(\.reply).filter { $0.address == address }.map(\.id)
            state(address, running: workers.running(at: address) + unsent, from: before)
        }
        for message in replies { send(restated(message), reply: message.reply) }
    }

    /// A reply of the session before with what the worker can take in this one: without it, the switchboard would think
    /// that it can take nothing, and never ask it again.
    private func restated(_ message: BlockedMessage) -> [[UInt8]] {
        guard let reply = message.reply, let first = message.frames.first,
            var envelope = try? Envelope(decoding: first)
        else { return message.frames }
        (envelope.credit, envelope.received) = workers.credit(reply.address) ?? (0, 0)
        return [envelope.encoded] + message.frames.dropFirst()
    }

    private func receiveReply(_ envelope: Envelope, header: [UInt8], payload: [UInt8]) {
        guard envelope.client == clientNumber, requests.complete(envelope.number) else { return }
        if envelope.code.isEmpty {
            complete(envelope.number, .success(ReplyFrames(header: header, payload: payload)))
        } else {
            complete(envelope.number, .failure(BusError(.init(wireName: envelope.code), envelope.message)))
        }
    }

    // MARK: Serving

    /// Offers an address; false when this process serves it already.
    func serve(_ address: String, capacity: Int, _ receiver: RequestReceiver) -> Bool {
        guard dealer != nil, !isClosing else {
            receiver.finish()
            return true
        }
        guard workers.serve(address, capacity: capacity) else { return false }
        receivers[address] = receiver
        if link.isUp { state(address, running: []) }
        return true
    }

    func leave(_ address: String) {
        workers.leave(address)
        receivers.removeValue(forKey: address)?.finish()
        var envelope = Envelope(.leave)
        envelope.address = address
        if link.isUp {
            leaving.insert(address)
            send([envelope.encoded])
        }
    }

    /// States an address's free capacity and, after a reconnect, what runs there since the session of that epoch.
    private func state(_ address: String, running: [RequestID], from epoch: UInt64 = 0) {
        guard let (credit, received) = workers.credit(address) else { return }
        var envelope = Envelope(.serve)
        envelope.address = address
        envelope.credit = credit
        envelope.received = received
        envelope.running = running
        envelope.epoch = epoch
        send([envelope.encoded])
    }

    private func receiveRequest(
        _ envelope: Envelope,
        header headerBytes: [UInt8],
        payload: [UInt8],
        _ now: ContinuousClock.Instant
    ) {
        let header: Header
        do {
            header = try Header(decoding: headerBytes)
        } catch {
            metrics.malformed.increment()
            answer(envelope.id, envelope.address, WorkerTable.Reply(.malformed, "\(error)"))
            return
        }
        // A day is longer than any request may take, and keeps the sum in range.
        let deadline = now + .milliseconds(Int64(min(envelope.deadlineMilliseconds, 86_400_000)))
        let verdict = workers.receive(envelope.id, address: envelope.address, key: header.key, deadline: deadline)
        switch verdict {
        case .start:
            let context = RequestContext(
                address: RequestAddress(rawValue: envelope.address),
                caller: ServiceRole(rawValue: envelope.user),
                deadline: deadline,
                header: header
            )
            let request = IncomingRequest(id: envelope.id, context: context, payload: payload)
            switch receivers[envelope.address] {
            case .queue(let queue):
                queue.append(request)
                expectsCommand = true
            case .atOnce(_, let handler): finish(envelope.id, handler(request))
            case nil: break
            }
        case .joined: break
        case .answered(let reply): answer(envelope.id, envelope.address, reply)
        case .giveBack(let why):
            metrics.refused.increment()
            var reply = WorkerTable.Reply()
            reply.code = Envelope.notTaken
            reply.message = why
            reply.header = headerBytes
            reply.payload = payload
            answer(envelope.id, envelope.address, reply)
        }
    }

    /// A handler is done.
    func finish(_ id: RequestID, _ reply: WorkerTable.Reply) {
        metrics.served.increment()
        let address = workers.address(of: id) ?? ""
        for asker in workers.finish(id, reply, now: .now) { answer(asker, address, reply) }
    }

    private func answer(_ id: RequestID, _ address: String, _ reply: WorkerTable.Reply) {
        var envelope = Envelope(.reply)
        envelope.id = id
        envelope.address = address
        envelope.code = reply.code
        envelope.message = reply.message
        if let (credit, received) = workers.credit(address) {
            envelope.credit = credit
            envelope.received = received
        }
        send([envelope.encoded, reply.header, reply.payload], reply: (id, address))
    }
}
