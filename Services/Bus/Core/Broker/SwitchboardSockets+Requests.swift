import BusContract
import Logging
import MessageBus
import ServiceKit
import ZeroMQ

extension SwitchboardSockets {
    /// Requests that are taken before events get their turn.
    private static let share = 256

    /// Takes what peers have sent to the request socket.
    ///
    /// - Returns: whether there may be more.
    func receiveRequests(_ now: ContinuousClock.Instant) throws(ZeroMQError) -> Bool {
        guard let requests else { return false }
        for _ in 0..<Self.share {
            guard try requests.receive(into: topicFrame) else { return false }
            let peer = PeerID(topicFrame.bytes)
            var frames: [[UInt8]] = []
            var user = ""
            var last = topicFrame
            while last.hasMore, try requests.receive(into: payloadFrame) {
                last = payloadFrame
                if frames.isEmpty { user = payloadFrame.userID ?? "" }
                // Three frames at most belong to a message; the rest is read away.
                if frames.count < 4 { frames.append(payloadFrame.bytes) }
            }
            handle(frames, from: peer, user: user, now)
        }
        return true
    }

    private func handle(_ frames: [[UInt8]], from peer: PeerID, user: String, _ now: ContinuousClock.Instant) {
        let body: RequestBody?
        switch frames.count {
        case 1: body = nil
        case 3: body = RequestBody(header: frames[1], payload: frames[2])
        default:
            perform(broker.receiveMalformed(from: peer, user: user, why: "\(frames.count) frames"), now)
            return
        }
        do {
            let envelope = try Envelope(decoding: frames[0])
            perform(broker.receive(envelope, body: body, from: peer, user: user, now: now), now)
        } catch {
            perform(broker.receiveMalformed(from: peer, user: user, why: error.message), now)
        }
    }

    /// Does what the broker wants.
    func perform(_ actions: [BrokerAction], _ now: ContinuousClock.Instant) {
        for action in actions {
            switch action {
            case .send(let peer, let envelope, let body): send(envelope, body, to: peer, now)
            case .note(let note): log(note, now)
            }
        }
    }

    private func send(_ envelope: Envelope, _ body: RequestBody?, to peer: PeerID, _ now: ContinuousClock.Instant) {
        guard let requests else { return }
        do {
            // A full queue to a peer is as good as a dead peer: it has not read thousands of messages.
            guard try requests.send(peer.bytes, more: true) else {
                perform(broker.unreachable(peer, now: now), now)
                return
            }
            _ = try requests.send(envelope.encoded, more: body != nil)
            if let body {
                _ = try requests.send(body.header, more: true)
                _ = try requests.send(body.payload, more: false)
            }
            switch envelope.verb {
            case .request: metrics.requests.increment()
            case .reply: metrics.replies.increment()
            default: break
            }
        } catch {
            perform(broker.unreachable(peer, now: now), now)
        }
    }

    private func log(_ note: BrokerNote, _ now: ContinuousClock.Instant) {
        metrics.count(note)
        guard let held = noteLogs[note.kind, default: LogThrottle()].admit(now) else { return }
        let metadata: Logger.Metadata = [
            "user": "\(note.user)", "detail": "\(note.detail)", "more": "\(held)",
        ]
        switch note.kind {
        case .refusedPermission, .refusedIdentity: logger.warning("a peer tried what it may not", metadata: metadata)
        case .refusedQueueFull: logger.warning("a request was refused: its queue is full", metadata: metadata)
        case .malformed: logger.warning("a message could not be read", metadata: metadata)
        case .peerLost: logger.info("a peer has gone", metadata: metadata)
        case .workerLost: logger.warning("a worker has gone with requests in hand", metadata: metadata)
        case .workerSilent: logger.warning("a worker is silent; others do what may be repeated", metadata: metadata)
        case .resent: logger.info("a request goes to another worker", metadata: metadata)
        case .outcomeUnknown: logger.warning("a request's outcome is unknown: its worker died", metadata: metadata)
        case .expired: logger.info("a request's time is over", metadata: metadata)
        case .lateReply: logger.debug("a reply came that nobody waits for", metadata: metadata)
        }
    }
}
