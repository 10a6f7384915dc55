import TestSupport
import Testing

@testable import Postgres

@Suite struct PoolMachineTests {
    private static func machine(minimum: Int = 1, maximum: Int = 2, depth: Int = 2, waiting: Int = 10) -> PoolMachine {
        PoolMachine(
            limits: .init(
                minimum: minimum,
                maximum: maximum,
                pipelineDepth: depth,
                maximumWaiting: waiting,
                idleTimeout: .seconds(60),
                initialBackoff: .milliseconds(100),
                maximumBackoff: .seconds(5)
            )
        )
    }

    private let now = ContinuousClock.now
    private var later: ContinuousClock.Instant { now + .seconds(5) }

    private func connection(_ number: UInt64) -> ConnectionID { ConnectionID(rawValue: number) }
    private func request(_ number: UInt64) -> RequestID { RequestID(rawValue: number) }

    @Test func startsWithTheMinimum() {
        var pool = Self.machine(minimum: 2, maximum: 3)
        #expect(pool.start(now: now) == [.connect(connection(1)), .connect(connection(2))])
    }

    @Test func statementsShareAConnectionUpToItsDepth() {
        var pool = Self.machine(maximum: 1)
        _ = pool.start(now: now)
        _ = pool.opened(connection(1), now: now)
        #expect(pool.request(request(1), .statement, deadline: later, now: now) == [.assign(request(1), connection(1))])
        #expect(pool.request(request(2), .statement, deadline: later, now: now) == [.assign(request(2), connection(1))])
        #expect(pool.request(request(3), .statement, deadline: later, now: now).isEmpty)
        #expect(pool.completed(connection(1), now: now) == [.assign(request(3), connection(1))])
    }

    @Test func aLeaseNeedsAnEmptyConnectionAndIsNotStarved() {
        var pool = Self.machine(maximum: 1)
        _ = pool.start(now: now)
        _ = pool.opened(connection(1), now: now)
        _ = pool.request(request(1), .statement, deadline: later, now: now)
        #expect(pool.request(request(2), .lease, deadline: later, now: now).isEmpty)
        // A statement behind the lease waits: only one connection exists.
        #expect(pool.request(request(3), .statement, deadline: later, now: now).isEmpty)
        #expect(pool.completed(connection(1), now: now) == [.assign(request(2), connection(1))])
        #expect(pool.released(connection(1), now: now) == [.assign(request(3), connection(1))])
    }

    @Test func statementsPassAWaitingLeaseOnOtherConnections() {
        var pool = Self.machine(minimum: 2, maximum: 2, depth: 4)
        _ = pool.start(now: now)
        _ = pool.opened(connection(1), now: now)
        _ = pool.opened(connection(2), now: now)
        _ = pool.request(request(1), .statement, deadline: later, now: now)
        _ = pool.request(request(2), .statement, deadline: later, now: now)
        #expect(pool.request(request(3), .lease, deadline: later, now: now).isEmpty)
        #expect(pool.request(request(4), .statement, deadline: later, now: now) == [.assign(request(4), connection(2))])
        #expect(pool.completed(connection(1), now: now) == [.assign(request(3), connection(1))])
    }

    @Test func lateRequestsFailAndOthersStay() {
        var pool = Self.machine()
        _ = pool.start(now: now)
        _ = pool.request(request(1), .statement, deadline: now + .seconds(1), now: now)
        _ = pool.request(request(2), .statement, deadline: now + .seconds(2), now: now)
        #expect(pool.nextDeadline() == now + .seconds(1))
        #expect(pool.tick(now: now + .seconds(1)) == [.fail(request(1), .deadline)])
        #expect(pool.nextDeadline() == now + .seconds(2))
        #expect(pool.waiting == 1)
    }

    @Test func theQueueIsBounded() {
        var pool = Self.machine(waiting: 1)
        _ = pool.start(now: now)
        _ = pool.request(request(1), .statement, deadline: later, now: now)
        #expect(pool.request(request(2), .statement, deadline: later, now: now) == [.fail(request(2), .queueFull)])
    }

    @Test func attemptsToConnectBackOffAndNeverRunHot() {
        var pool = Self.machine(minimum: 2, maximum: 4)
        _ = pool.start(now: now)
        var instant = now
        var pauses: [Duration] = []
        _ = pool.connectFailed(connection(1), now: instant, jitter: 0.999)
        _ = pool.connectFailed(connection(2), now: instant, jitter: 0.999)
        var next: UInt64 = 3
        for _ in 0..<8 {
            let at = pool.nextDeadline() ?? instant
            #expect(pool.tick(now: at - .nanoseconds(1)).isEmpty)
            // One attempt at a time, though two connections are missing.
            #expect(pool.tick(now: at) == [.connect(connection(next))])
            pauses.append(at - instant)
            instant = at
            _ = pool.connectFailed(connection(next), now: instant, jitter: 0.999)
            next += 1
        }
        #expect(pauses == pauses.sorted())
        #expect(pauses.allSatisfy { $0 >= .milliseconds(10) && $0 <= .seconds(6) })
        // Even the luckiest jitter leaves a pause.
        _ = pool.tick(now: pool.nextDeadline() ?? instant)
        _ = pool.connectFailed(connection(next), now: instant, jitter: 0)
        #expect(pool.nextDeadline() == instant + .milliseconds(10))
    }

    @Test func successResetsTheBackOffAndServesTheQueue() {
        var pool = Self.machine(minimum: 1, maximum: 1)
        _ = pool.start(now: now)
        _ = pool.request(request(1), .statement, deadline: later, now: now)
        _ = pool.connectFailed(connection(1), now: now, jitter: 0.5)
        _ = pool.tick(now: now + .milliseconds(60))
        #expect(pool.opened(connection(2), now: now) == [.assign(request(1), connection(2))])
        #expect(pool.failures == 0)
    }

    @Test func surplusIdleConnectionsClose() {
        var pool = Self.machine(minimum: 1, maximum: 2)
        _ = pool.start(now: now)
        _ = pool.opened(connection(1), now: now)
        _ = pool.request(request(1), .lease, deadline: later, now: now)
        _ = pool.opened(connection(2), now: now)
        _ = pool.released(connection(1), now: now)
        #expect(pool.open == 2)
        let actions = pool.tick(now: now + .seconds(60))
        #expect(actions.count == 1)
        #expect(pool.open == 1)
    }

    @Test func closingFailsWaitersAndLetsWorkFinish() {
        var pool = Self.machine(minimum: 1, maximum: 1, depth: 1)
        _ = pool.start(now: now)
        _ = pool.opened(connection(1), now: now)
        _ = pool.request(request(1), .statement, deadline: later, now: now)
        _ = pool.request(request(2), .statement, deadline: later, now: now)
        #expect(pool.close() == [.fail(request(2), .closed)])
        #expect(pool.request(request(3), .statement, deadline: later, now: now) == [.fail(request(3), .closed)])
        #expect(pool.completed(connection(1), now: now) == [.close(connection(1))])
    }

    /// Any order of events: no request is answered twice or forgotten, no connection serves beyond its depth.
    @Test(arguments: 0..<40) func randomHistoriesKeepThePromises(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed) + 1)
        var pool = Self.machine(minimum: 1, maximum: 3, depth: 2, waiting: 1000)
        var connecting: Set<ConnectionID> = []
        var load: [ConnectionID: Int] = [:]
        var leased: Set<ConnectionID> = []
        var outstanding: Set<RequestID> = []
        var leaseRequests: Set<RequestID> = []
        var instant = now
        var nextRequest: UInt64 = 0
        func apply(_ actions: [PoolMachine.Action]) {
            for action in actions {
                switch action {
                case .connect(let id): connecting.insert(id)
                case .close(let id):
                    #expect(load[id] ?? 0 == 0 && !leased.contains(id))
                    connecting.remove(id)
                    load[id] = nil
                case .assign(let request, let id):
                    #expect(outstanding.remove(request) != nil)
                    #expect(load[id] != nil && !leased.contains(id))
                    if leaseRequests.contains(request) {
                        #expect(load[id] == 0)
                        leased.insert(id)
                    } else {
                        load[id, default: 0] += 1
                        #expect(load[id] ?? 0 <= 2)
                    }
                case .fail(let request, _): #expect(outstanding.remove(request) != nil)
                }
            }
            #expect(load.count + connecting.count <= 3)
        }
        apply(pool.start(now: instant))
        for _ in 0..<400 {
            instant += .milliseconds(Int.random(in: 0..<200, using: &random))
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1, 2:
                nextRequest += 1
                let id = request(nextRequest)
                let kind: PoolMachine.Kind = Bool.random(using: &random) ? .lease : .statement
                outstanding.insert(id)
                if kind == .lease { leaseRequests.insert(id) }
                apply(pool.request(id, kind, deadline: instant + .seconds(2), now: instant))
            case 3:
                if let id = connecting.min() {
                    connecting.remove(id)
                    if Bool.random(using: &random) {
                        load[id] = 0
                        apply(pool.opened(id, now: instant))
                    } else {
                        apply(pool.connectFailed(id, now: instant, jitter: 0.5))
                    }
                }
            case 4:
                if let id = load.filter({ $0.value > 0 }).keys.min() {
                    load[id, default: 1] -= 1
                    apply(pool.completed(id, now: instant))
                }
            case 5:
                if let id = leased.min() {
                    leased.remove(id)
                    apply(pool.released(id, now: instant))
                }
            case 6:
                if let id = load.keys.min(), Int.random(in: 0..<4, using: &random) == 0 {
                    load[id] = nil
                    leased.remove(id)
                    apply(pool.lost(id, now: instant))
                }
            default: apply(pool.tick(now: instant))
            }
        }
        apply(pool.tick(now: instant + .seconds(10)))
        #expect(outstanding.isEmpty)
        #expect(pool.waiting == 0)
    }
}
