import BusContract
import BusCore
import MessageBus
import Testing

/// The broker's decisions, without a socket.
@Suite struct BrokerTests {
    private let start = ContinuousClock.now
    private let policy = AccessPolicy(topics: [], servers: ["a": [ServiceRole(rawValue: "worker")]], roles: [])

    private func broker(_ limits: BrokerLimits = .init()) -> Broker {
        Broker(epoch: 9, limits: limits, policy: policy, now: start)
    }

    private func peer(_ name: String) -> PeerID { PeerID(Array(name.utf8)) }

    private func hello(_ broker: inout Broker, _ name: String, client: UInt64, user: String) {
        var envelope = Envelope(.hello)
        envelope.client = client
        let actions = broker.receive(envelope, body: nil, from: peer(name), user: user, now: start)
        #expect(sends(actions).map(\.1.verb) == [.welcome])
    }

    private func serve(
        _ broker: inout Broker,
        _ name: String,
        _ address: String = "a",
        credit: UInt64,
        running: [RequestID] = []
    ) -> [BrokerAction] {
        var envelope = Envelope(.serve)
        envelope.address = address
        envelope.credit = credit
        envelope.running = running
        return broker.receive(envelope, body: nil, from: peer(name), user: "worker", now: start)
    }

    private func ask(
        _ broker: inout Broker,
        _ number: UInt64,
        client: UInt64 = 1,
        from name: String = "caller",
        repeatable: Bool = true,
        milliseconds: UInt64 = 5000,
        at now: ContinuousClock.Instant? = nil
    ) -> [BrokerAction] {
        var envelope = Envelope(.request)
        envelope.id = RequestID(client: client, number: number)
        envelope.address = "a"
        envelope.isRepeatable = repeatable
        envelope.deadlineMilliseconds = milliseconds
        return broker.receive(
            envelope,
            body: RequestBody(payload: [UInt8(truncatingIfNeeded: number)]),
            from: peer(name),
            user: "caller",
            now: now ?? start
        )
    }

    private func answer(
        _ broker: inout Broker,
        _ number: UInt64,
        from name: String,
        credit: UInt64,
        received: UInt64
    )
        -> [BrokerAction]
    {
        var envelope = Envelope(.reply)
        envelope.id = RequestID(client: 1, number: number)
        envelope.address = "a"
        envelope.credit = credit
        envelope.received = received
        return broker.receive(
            envelope,
            body: RequestBody(payload: [99]),
            from: peer(name),
            user: "worker",
            now: start
        )
    }

    /// What is sent, without pulses.
    private func sends(_ actions: [BrokerAction]) -> [(PeerID, Envelope)] {
        actions.compactMap {
            guard case .send(let peer, let envelope, _) = $0, envelope.verb != .pulse else { return nil }
            return (peer, envelope)
        }
    }

    private func notes(_ actions: [BrokerAction]) -> [BrokerNote.Kind] {
        actions.compactMap {
            guard case .note(let note) = $0 else { return nil }
            return note.kind
        }
    }

    @Test func aWorkerThatGreetsAgainIsCountedFromTheStart() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        hello(&broker, "w1", client: 2, user: "worker")
        _ = serve(&broker, "w1", credit: 2)
        for number in 1...2 as ClosedRange<UInt64> {
            _ = ask(&broker, number)
            _ = answer(&broker, number, from: "w1", credit: 2, received: number)
        }
        // It took our silence for our end; its own count begins again.
        hello(&broker, "w1", client: 2, user: "worker")
        #expect(sends(ask(&broker, 3)).isEmpty)
        #expect(sends(serve(&broker, "w1", credit: 2)).map(\.1.number) == [3])
        #expect(sends(ask(&broker, 4)).map(\.1.number) == [4])
        #expect(sends(ask(&broker, 5)).isEmpty)
    }

    @Test func aRepeatableRequestWhoseAnswerCameBeforeItsCallerIsDoneAgain() {
        for isRepeatable in [true, false] {
            var broker = broker()
            hello(&broker, "w1", client: 2, user: "worker")
            _ = serve(&broker, "w1", credit: 2, running: [RequestID(client: 1, number: 7)])
            _ = answer(&broker, 7, from: "w1", credit: 2, received: 0)
            hello(&broker, "caller", client: 1, user: "caller")
            let sent = sends(ask(&broker, 7, repeatable: isRepeatable)).map(\.1)
            #expect(sent.map(\.verb) == [isRepeatable ? .request : .reply])
            #expect(sent.map(\.code) == [isRepeatable ? "" : "bus.outcome-unknown"])
        }
    }

    @Test func strangersAreAskedWhoTheyAre() {
        var broker = broker()
        let actions = ask(&broker, 1)
        #expect(sends(actions).map(\.1.verb) == [.who])
        #expect(sends(actions).first?.1.epoch == 9)
    }

    @Test func aReplyFromBeforeTheStartComesBackWithTheQuestion() {
        var broker = broker()
        let actions = answer(&broker, 7, from: "w1", credit: 5, received: 3)
        guard case .send(_, let who, let body) = actions.first else {
            Issue.record("no answer")
            return
        }
        #expect(who.verb == .who && who.number == 7 && who.address == "a")
        #expect(body == RequestBody(payload: [99]))
    }

    @Test func requestsWaitForCreditAndGoToTheWorkerWithMost() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        hello(&broker, "w1", client: 2, user: "worker")
        hello(&broker, "w2", client: 3, user: "worker")
        #expect(ask(&broker, 1).isEmpty)
        #expect(broker.waitingCount == 1)
        #expect(sends(serve(&broker, "w1", credit: 2)).map(\.0) == [peer("w1")])
        #expect(serve(&broker, "w2", credit: 3).isEmpty)
        // w1 has one left, w2 three: 2, 3 to w2, then they take turns.
        var counts: [PeerID: Int] = [:]
        for number in 2...5 {
            for (worker, envelope) in sends(ask(&broker, UInt64(number))) {
                #expect(envelope.user == "caller")
                counts[worker, default: 0] += 1
            }
        }
        #expect(counts == [peer("w1"): 1, peer("w2"): 3])
        #expect(ask(&broker, 6).isEmpty)
        // A reply states the credit again, and the waiting request goes out at once.
        let actions = sends(answer(&broker, 1, from: "w1", credit: 1, received: 2))
        #expect(actions.map(\.1.verb) == [.reply, .request])
        #expect(actions.map(\.0) == [peer("caller"), peer("w1")])
    }

    @Test func aStatementMadeBeforeARequestArrivedDoesNotCountItTwice() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        hello(&broker, "w1", client: 2, user: "worker")
        _ = serve(&broker, "w1", credit: 1)
        #expect(sends(ask(&broker, 1)).count == 1)
        // The worker says "1 free, 0 received": the request is still on its way to it.
        _ = serve(&broker, "w1", credit: 1)
        #expect(ask(&broker, 2).isEmpty)
    }

    @Test func aDeadWorkersRepeatableRequestsGoElsewhereAndTheRestIsUnknown() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        hello(&broker, "w1", client: 2, user: "worker")
        _ = serve(&broker, "w1", credit: 5)
        _ = ask(&broker, 1)
        _ = ask(&broker, 2, repeatable: false)
        _ = ask(&broker, 3)
        hello(&broker, "w2", client: 3, user: "worker")
        _ = serve(&broker, "w2", credit: 5)
        let actions = broker.unreachable(peer("w1"), now: start)
        let sent = sends(actions)
        #expect(sent.filter { $0.1.verb == .request }.map(\.1.number) == [1, 3])
        #expect(sent.filter { $0.1.verb == .request }.allSatisfy { $0.0 == peer("w2") })
        #expect(sent.filter { $0.1.verb == .reply }.map(\.1.code) == ["bus.outcome-unknown"])
        #expect(notes(actions).contains(.workerLost))
        // Asked again (the caller reconnected), the `once` request does not run again.
        let again = sends(ask(&broker, 2, repeatable: false))
        #expect(again.map(\.1.verb) == [.reply])
        #expect(again.first?.1.code == "bus.outcome-unknown")
    }

    @Test func silenceIsDeath() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        hello(&broker, "w1", client: 2, user: "worker")
        _ = serve(&broker, "w1", credit: 5)
        _ = ask(&broker, 1, repeatable: false)
        let later = start + .seconds(2)
        _ = broker.receive(Envelope(.pulse), body: nil, from: peer("caller"), user: "caller", now: later)
        let actions = broker.tick(start + .seconds(3))
        #expect(sends(actions).map(\.1.code) == ["bus.outcome-unknown"])
        #expect(broker.peerCount == 1)
    }

    @Test func aSilentWorkersRepeatableRequestsGoElsewhereInTime() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        hello(&broker, "w1", client: 2, user: "worker")
        _ = serve(&broker, "w1", credit: 5)
        _ = ask(&broker, 1, milliseconds: 2000)
        _ = ask(&broker, 2, repeatable: false)
        hello(&broker, "w2", client: 3, user: "worker")
        _ = serve(&broker, "w2", credit: 1)
        func pulse(_ name: String, _ user: String, _ time: Duration) -> [BrokerAction] {
            broker.receive(Envelope(.pulse), body: nil, from: peer(name), user: user, now: start + time)
        }
        #expect(sends(broker.tick(start + .seconds(1))).allSatisfy { $0.1.verb == .pulse })
        _ = pulse("caller", "caller", .seconds(1))
        _ = pulse("w2", "worker", .seconds(1))
        let actions = broker.tick(start + .milliseconds(1250))
        #expect(notes(actions).contains(.workerSilent))
        let again = sends(actions).filter { $0.1.verb == .request }
        #expect(again.map(\.0) == [peer("w2")] && again.map(\.1.number) == [1])
        #expect(again.first?.1.deadlineMilliseconds == 750)
        // Said once, and the silent one gets nothing new although it has credit.
        #expect(notes(broker.tick(start + .milliseconds(1500))).isEmpty)
        #expect(sends(ask(&broker, 3, at: start + .milliseconds(1500))).isEmpty)

        // It comes back with its answer, which counts; the other's is one too many.
        var reply = Envelope(.reply)
        reply.id = RequestID(client: 1, number: 1)
        reply.address = "a"
        reply.credit = 4
        reply.received = 2
        let late = sends(
            broker.receive(reply, body: .init(), from: peer("w1"), user: "worker", now: start + .seconds(2))
        )
        #expect(late.filter { $0.1.verb == .reply }.map(\.0) == [peer("caller")])
        // And it is given work again.
        #expect(late.filter { $0.1.verb == .request }.map(\.1.number) == [3])
        let second = broker.receive(reply, body: .init(), from: peer("w2"), user: "worker", now: start + .seconds(2))
        #expect(sends(second).isEmpty && notes(second) == [.lateReply])
        // What may not be repeated has waited for it.
        reply.number = 2
        let once = sends(
            broker.receive(reply, body: .init(), from: peer("w1"), user: "worker", now: start + .seconds(2))
        )
        #expect(once.map(\.1.number) == [2])
    }

    @Test func whatNobodyServesEndsAtItsDeadline() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        _ = ask(&broker, 1, milliseconds: 100)
        #expect(broker.nextTick() == start + .milliseconds(100))
        let actions = broker.tick(start + .milliseconds(100))
        #expect(sends(actions).map(\.1.code) == ["bus.no-worker"])
        #expect(broker.waitingCount == 0)
    }

    @Test func theDeadlineIsReducedByTheWait() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        hello(&broker, "w1", client: 2, user: "worker")
        _ = ask(&broker, 1, milliseconds: 1000)
        var envelope = Envelope(.serve)
        envelope.address = "a"
        envelope.credit = 1
        let actions = broker.receive(
            envelope,
            body: nil,
            from: peer("w1"),
            user: "worker",
            now: start + .milliseconds(400)
        )
        #expect(sends(actions).first?.1.deadlineMilliseconds == 600)
    }

    @Test func aRequestSentAgainIsNotQueuedAgain() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        _ = ask(&broker, 1)
        // A new connection of the same process.
        hello(&broker, "caller2", client: 1, user: "caller")
        _ = ask(&broker, 1, from: "caller2")
        #expect(broker.waitingCount == 1)
        hello(&broker, "w1", client: 2, user: "worker")
        #expect(sends(serve(&broker, "w1", credit: 5)).count == 1)
        // The reply finds the new connection.
        let actions = sends(answer(&broker, 1, from: "w1", credit: 5, received: 1))
        #expect(actions.map(\.0) == [peer("caller2")])
    }

    @Test func aNewBrokerLearnsWhatRunsAndDeliversItsReply() {
        var broker = broker()
        hello(&broker, "w1", client: 2, user: "worker")
        _ = serve(&broker, "w1", credit: 4, running: [RequestID(client: 1, number: 7)])
        hello(&broker, "caller", client: 1, user: "caller")
        // The caller sends it again; it runs already.
        #expect(ask(&broker, 7).isEmpty)
        let actions = sends(answer(&broker, 7, from: "w1", credit: 5, received: 0))
        #expect(actions.map(\.0) == [peer("caller")])
        #expect(actions.first?.1.code == "")
    }

    @Test func whatIsOverIsNotAdoptedFromAWorkerThatWasAway() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        hello(&broker, "w1", client: 2, user: "worker")
        _ = serve(&broker, "w1", credit: 5)
        _ = ask(&broker, 1)
        _ = broker.unreachable(peer("w1"), now: start)
        hello(&broker, "w2", client: 3, user: "worker")
        _ = serve(&broker, "w2", credit: 5)
        var reply = Envelope(.reply)
        reply.id = RequestID(client: 1, number: 1)
        reply.address = "a"
        let answer = broker.receive(reply, body: .init(), from: peer("w2"), user: "worker", now: start)
        #expect(sends(answer).map(\.1.verb) == [.reply])

        hello(&broker, "w1", client: 2, user: "worker")
        var statement = Envelope(.serve)
        statement.address = "a"
        statement.credit = 4
        statement.epoch = broker.epoch
        statement.running = [reply.id]
        _ = broker.receive(statement, body: nil, from: peer("w1"), user: "worker", now: start)
        #expect(broker.runningCount == 0)
        let late = broker.receive(reply, body: .init(), from: peer("w1"), user: "worker", now: start)
        #expect(sends(late).isEmpty && notes(late) == [.lateReply])
    }

    @Test func queuesAreBoundedInNumberAndBytes() {
        var limits = BrokerLimits()
        limits.queueLength = 2
        var broker = broker(limits)
        hello(&broker, "caller", client: 1, user: "caller")
        _ = ask(&broker, 1)
        _ = ask(&broker, 2)
        let full = ask(&broker, 3)
        #expect(sends(full).map(\.1.code) == ["bus.refused"])
        #expect(notes(full) == [.refusedQueueFull])

        limits.queueLength = 100
        limits.bytes = 2
        broker = Broker(epoch: 9, limits: limits, policy: policy, now: start)
        hello(&broker, "caller", client: 1, user: "caller")
        _ = ask(&broker, 1)
        _ = ask(&broker, 2)
        #expect(sends(ask(&broker, 3)).map(\.1.code) == ["bus.refused"])
    }

    @Test func permissionsAreCheckedByTheLogin() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        var envelope = Envelope(.serve)
        envelope.address = "a"
        envelope.credit = 5
        let actions = broker.receive(envelope, body: nil, from: peer("caller"), user: "caller", now: start)
        #expect(notes(actions) == [.refusedPermission])
        #expect(ask(&broker, 1).isEmpty)
        #expect(broker.waitingCount == 1)
    }

    @Test func whoMayNotAskIsToldSo() {
        let policy = AccessPolicy(
            topics: [],
            servers: ["a": [ServiceRole(rawValue: "worker")]],
            callers: ["a": [ServiceRole(rawValue: "caller")]],
            roles: []
        )
        var broker = Broker(epoch: 9, limits: .init(), policy: policy, now: start)
        hello(&broker, "w1", client: 2, user: "worker")
        _ = serve(&broker, "w1", credit: 5)
        hello(&broker, "caller", client: 1, user: "caller")
        #expect(sends(ask(&broker, 1)).map(\.1.verb) == [.request])
        hello(&broker, "other", client: 3, user: "other")
        let refused = ask(&broker, 1, client: 3, from: "other")
        #expect(notes(refused) == [.refusedPermission])
        #expect(sends(refused).map(\.0) == [peer("other")] && sends(refused).map(\.1.code) == ["bus.refused"])
        #expect(broker.runningCount == 1)
    }

    @Test func noOneTakesAnothersClientNumberOrItsRequests() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        var envelope = Envelope(.hello)
        envelope.client = 1
        let actions = broker.receive(envelope, body: nil, from: peer("thief"), user: "worker", now: start)
        #expect(notes(actions) == [.refusedIdentity])
        hello(&broker, "thief", client: 5, user: "worker")
        #expect(notes(ask(&broker, 1, client: 1, from: "thief")) == [.malformed])
        // A reply to a request that it was never given.
        _ = ask(&broker, 2)
        #expect(notes(answer(&broker, 2, from: "thief", credit: 1, received: 0)) == [.lateReply])
    }

    @Test func aWorkerThatLeavesGetsNoMore() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        hello(&broker, "w1", client: 2, user: "worker")
        _ = serve(&broker, "w1", credit: 5)
        #expect(sends(ask(&broker, 1)).count == 1)
        var leave = Envelope(.leave)
        leave.address = "a"
        _ = broker.receive(leave, body: nil, from: peer("w1"), user: "worker", now: start)
        #expect(ask(&broker, 2).isEmpty)
        // What it has is still answered.
        #expect(sends(answer(&broker, 1, from: "w1", credit: 0, received: 1)).map(\.0) == [peer("caller")])
    }

    @Test func whatAWorkerHasNotBegunGoesToAnotherEvenOnce() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        hello(&broker, "w1", client: 2, user: "worker")
        _ = serve(&broker, "w1", credit: 1)
        #expect(sends(ask(&broker, 1, repeatable: false)).count == 1)
        hello(&broker, "w2", client: 3, user: "worker")
        _ = serve(&broker, "w2", credit: 1)
        var back = Envelope(.reply)
        back.id = RequestID(client: 1, number: 1)
        back.address = "a"
        back.code = Envelope.notTaken
        let body = RequestBody(payload: [1])
        let actions = broker.receive(back, body: body, from: peer("w1"), user: "worker", now: start)
        #expect(sends(actions).map(\.0) == [peer("w2")])
        #expect(
            actions.contains {
                if case .send(_, _, body) = $0 { true } else { false }
            }
        )
    }

    @Test func aLyingWorkerGetsNoMoreThanItsCredit() {
        var broker = broker()
        hello(&broker, "caller", client: 1, user: "caller")
        hello(&broker, "w1", client: 2, user: "worker")
        var envelope = Envelope(.serve)
        envelope.address = "a"
        envelope.credit = .max
        envelope.received = .max
        _ = broker.receive(envelope, body: nil, from: peer("w1"), user: "worker", now: start)
        #expect(sends(ask(&broker, 1)).count == 1)
        envelope.credit = 0
        _ = broker.receive(envelope, body: nil, from: peer("w1"), user: "worker", now: start)
        #expect(ask(&broker, 2).isEmpty)
    }

    /// A long random walk: whatever comes, every request ends exactly once, and nothing is left behind.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func everyRequestEndsOnceWhateverHappens(seed: UInt64) {
        var generator = WalkGenerator(state: seed)
        var broker = broker()
        var now = start
        hello(&broker, "caller", client: 1, user: "caller")
        var alive: [String: (client: UInt64, running: [UInt64], received: UInt64)] = [:]
        var asked: Set<UInt64> = []
        var ended: [UInt64: Int] = [:]
        var next: UInt64 = 1
        var nextClient: UInt64 = 10

        func take(_ actions: [BrokerAction]) {
            for (peer, envelope) in sends(actions) {
                if envelope.verb == .reply { ended[envelope.number, default: 0] += 1 }
                if envelope.verb == .request {
                    let name = String(decoding: peer.bytes, as: UTF8.self)
                    alive[name]?.running.append(envelope.number)
                    alive[name]?.received += 1
                }
            }
        }
        func reply(_ name: String, _ number: UInt64, _ credit: UInt64, _ received: UInt64) {
            var envelope = Envelope(.reply)
            envelope.id = RequestID(client: 1, number: number)
            envelope.address = "a"
            envelope.credit = credit
            envelope.received = received
            take(broker.receive(envelope, body: .init(), from: peer(name), user: "worker", now: now))
        }

        for _ in 0..<3000 {
            now += .milliseconds(Int64.random(in: 0...20, using: &generator))
            take(broker.receive(Envelope(.pulse), body: nil, from: peer("caller"), user: "caller", now: now))
            for name in alive.keys {
                take(broker.receive(Envelope(.pulse), body: nil, from: peer(name), user: "worker", now: now))
            }
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                asked.insert(next)
                take(
                    ask(
                        &broker,
                        next,
                        repeatable: Bool.random(using: &generator),
                        milliseconds: UInt64.random(in: 50...3000, using: &generator),
                        at: now
                    )
                )
                next += 1
            case 4..<8:
                guard let name = alive.keys.sorted().randomElement(using: &generator),
                    let number = alive[name]?.running.first
                else { continue }
                alive[name]?.running.removeFirst()
                let running = UInt64(alive[name]?.running.count ?? 0)
                reply(name, number, 4 - min(4, running), alive[name]?.received ?? 0)
            case 8 where alive.count < 4:
                let name = "w\(nextClient)"
                alive[name] = (nextClient, [], 0)
                hello(&broker, name, client: nextClient, user: "worker")
                nextClient += 1
                take(serve(&broker, name, credit: 4))
            default:
                guard let name = alive.keys.sorted().randomElement(using: &generator) else { continue }
                alive[name] = nil
                take(broker.unreachable(peer(name), now: now))
            }
            take(broker.tick(now))
        }
        now += .seconds(2)
        take(broker.receive(Envelope(.pulse), body: nil, from: peer("caller"), user: "caller", now: now))
        now += .seconds(2)
        take(broker.tick(now))
        #expect(Set(ended.keys) == asked)
        #expect(ended.values.allSatisfy { $0 == 1 })
        #expect(broker.waitingCount == 0)
        #expect(broker.runningCount == 0)
    }
}

private struct WalkGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) | (state << 31)
    }
}
