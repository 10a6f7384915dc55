import BusContract
import BusCore
import MessageBus
import Testing

/// What the broker does at the address of one instance, without a socket.
@Suite("The broker, at the address of one instance")
struct BrokerInstanceTests {
    private static let worker = ServiceRole(rawValue: "music")
    private let start = ContinuousClock.now
    private let limits = BrokerLimits()
    private let address = RequestAddress.commands(of: Self.worker).ofInstance("4").rawValue

    private func broker() -> Broker {
        var broker = Broker(epoch: 9, limits: limits, policy: .contract, now: start)
        hello(&broker, "caller", client: 1, user: "gateway")
        return broker
    }

    private func peer(_ name: String) -> PeerID { PeerID(Array(name.utf8)) }

    private func hello(_ broker: inout Broker, _ name: String, client: UInt64, user: String) {
        var envelope = Envelope(.hello)
        envelope.client = client
        _ = broker.receive(envelope, body: nil, from: peer(name), user: user, now: start)
    }

    private func serve(_ broker: inout Broker, _ name: String, credit: UInt64) -> [BrokerAction] {
        var envelope = Envelope(.serve)
        envelope.address = address
        envelope.credit = credit
        return broker.receive(envelope, body: nil, from: peer(name), user: Self.worker.rawValue, now: start)
    }

    private func ask(_ broker: inout Broker, _ number: UInt64) -> [BrokerAction] {
        var envelope = Envelope(.request)
        envelope.id = RequestID(client: 1, number: number)
        envelope.address = address
        envelope.isRepeatable = true
        envelope.deadlineMilliseconds = 60_000
        return broker.receive(
            envelope,
            body: RequestBody(payload: [UInt8(truncatingIfNeeded: number)]),
            from: peer("caller"),
            user: "gateway",
            now: start
        )
    }

    private struct Sent: Hashable {
        let peer: PeerID
        let verb: Envelope.Verb
        let number: UInt64
        let code: String
    }

    private func sent(_ actions: [BrokerAction]) -> [Sent] {
        actions.compactMap {
            guard case .send(let peer, let envelope, _) = $0, [.request, .reply].contains(envelope.verb) else {
                return nil
            }
            return Sent(peer: peer, verb: envelope.verb, number: envelope.id.number, code: envelope.code)
        }
    }

    private func answer(_ number: UInt64, _ code: BusError.Code) -> Sent {
        Sent(peer: peer("caller"), verb: .reply, number: number, code: code.wireName)
    }

    private func handed(_ number: UInt64, to name: String) -> Sent {
        Sent(peer: peer(name), verb: .request, number: number, code: "")
    }

    @Test("A caller learns at once that the instance is not there")
    func absent() {
        var broker = broker()
        #expect(sent(ask(&broker, 1)) == [answer(1, .noWorker)])
        #expect(broker.waitingCount == 0)
    }

    @Test("It is handed over when there is room, and waits for room")
    func present() {
        var broker = broker()
        hello(&broker, "w", client: 2, user: "music")
        _ = serve(&broker, "w", credit: 1)
        #expect(sent(ask(&broker, 1)) == [handed(1, to: "w")])
        #expect(sent(ask(&broker, 2)) == [])
        #expect(broker.waitingCount == 1)
        // It stops in good order: what it has begun it finishes, what it was not handed goes back.
        var leave = Envelope(.leave)
        leave.address = address
        let actions = broker.receive(leave, body: nil, from: peer("w"), user: "music", now: start)
        #expect(sent(actions) == [answer(2, .noWorker)])
        #expect(broker.waitingCount == 0 && broker.runningCount == 1)
    }

    @Test("It dies over a repeatable request: the caller learns that, and no other worker gets it")
    func death() {
        var broker = broker()
        hello(&broker, "w", client: 2, user: "music")
        _ = serve(&broker, "w", credit: 1)
        _ = ask(&broker, 1)
        _ = ask(&broker, 2)
        let actions = broker.unreachable(peer("w"), now: start)
        #expect(Set(sent(actions)) == [answer(1, .outcomeUnknown), answer(2, .noWorker)])
        #expect(broker.waitingCount == 0 && broker.runningCount == 0)
    }

    @Test("One that has missed heartbeats counts as away, until it is heard again")
    func silence() {
        var broker = broker()
        hello(&broker, "w", client: 2, user: "music")
        _ = serve(&broker, "w", credit: 2)
        _ = ask(&broker, 1)
        var later = start
        var answers: [Sent] = []
        while later < start + limits.suspicion + limits.pulse {
            later += limits.pulse
            _ = broker.receive(Envelope(.pulse), body: nil, from: peer("caller"), user: "gateway", now: later)
            answers += sent(broker.tick(later))
        }
        #expect(answers == [answer(1, .outcomeUnknown)])
        #expect(sent(ask(&broker, 2)) == [answer(2, .noWorker)])
        _ = broker.receive(Envelope(.pulse), body: nil, from: peer("w"), user: "music", now: later)
        #expect(sent(ask(&broker, 3)) == [handed(3, to: "w")])
    }
}
