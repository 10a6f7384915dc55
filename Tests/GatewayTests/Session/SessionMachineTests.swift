import DiscordModel
import Testing

@testable import GatewayCore

@Suite("Gateway session")
struct SessionMachineTests {
    /// A machine on a clock that the test turns.
    private struct Bench {
        var machine: SessionMachine
        var now: ContinuousClock.Instant

        init(_ resumable: SessionMachine.Resumable? = nil) {
            now = .now
            machine = SessionMachine(resumable: resumable, now: now)
        }

        mutating func step() -> SessionMachine.Step? { machine.nextStep(now) }

        /// Opens a connection and says HELLO.
        mutating func hello(random: Double = 0.5) -> [SessionMachine.Action] {
            machine.connecting()
            _ = machine.connected(now)
            return machine.hello(interval: .seconds(40), now, random: random)
        }

        mutating func goOnline() {
            if machine.resumable == nil {
                _ = hello()
                machine.ready(sessionID: "s", url: "wss://resume", sequence: 1, now)
            } else {
                _ = hello()
                machine.resumed(now)
            }
        }

        mutating func tick() -> [SessionMachine.Action] { machine.tick(now) }

        mutating func close(_ code: UInt16?, random: Double = 0.5) -> [SessionMachine.Action] {
            machine.closed(code.map { GatewayCloseCode(rawValue: $0) }, now, random: random)
        }
    }

    private static let session = SessionMachine.Resumable(sessionID: "s", url: "wss://resume", sequence: 9)

    @Test("Without a session: identify on HELLO, online on READY")
    func identify() {
        var bench = Bench()
        #expect(bench.step() == .identify)
        #expect(bench.hello() == [.sendIdentify])
        bench.machine.ready(sessionID: "s", url: "wss://resume", sequence: 1, bench.now)
        #expect(bench.machine.state == .online(since: bench.now))
        #expect(bench.machine.resumable == .init(sessionID: "s", url: "wss://resume", sequence: 1))
    }

    @Test("With a session: resume at its URL, with the last sequence, also before the first replayed event")
    func resume() {
        var bench = Bench(Self.session)
        #expect(bench.step() == .resume(url: "wss://resume"))
        #expect(bench.hello() == [.sendResume(Self.session)])
        // The connection drops before anything was replayed: the sequence is still there.
        #expect(bench.close(nil) == [])
        #expect(bench.machine.resumable == Self.session)
        bench.now += .seconds(100)
        _ = bench.hello()
        bench.machine.dispatched(12)
        bench.machine.resumed(bench.now)
        #expect(bench.machine.resumable?.sequence == 12)
        bench.machine.dispatched(11)
        #expect(bench.machine.resumable?.sequence == 12)
    }

    @Test(
        "The first heartbeat comes at a random point of the interval, later ones at the interval; one missed acknowledgement is a zombie"
    )
    func heartbeats() {
        var bench = Bench(Self.session)
        _ = bench.hello(random: 0.25)
        bench.machine.resumed(bench.now)
        bench.now += .milliseconds(9999)
        #expect(bench.tick() == [])
        bench.now += .milliseconds(1)
        #expect(bench.tick() == [.sendHeartbeat(9)])
        bench.now += .milliseconds(80)
        bench.machine.heartbeatAcknowledged(bench.now)
        #expect(bench.machine.latency == .milliseconds(80))
        bench.now += .seconds(40)
        #expect(bench.tick() == [.sendHeartbeat(9)])
        #expect(bench.tick() == [])
        bench.now += .seconds(40)
        let actions = bench.tick()
        #expect(actions == [.close(.unknownError)])
        #expect(bench.machine.state == .closing)
        #expect(GatewayCloseCode.unknownError.keepsSession)
        _ = bench.close(nil)
        #expect(bench.step() == .resume(url: "wss://resume"))
    }

    @Test("Discord's own heartbeat request is answered at once")
    func requested() {
        var bench = Bench(Self.session)
        #expect(bench.machine.heartbeatRequested() == [])
        _ = bench.hello()
        #expect(bench.machine.heartbeatRequested() == [.sendHeartbeat(9)])
    }

    @Test(
        "Every close code has its consequence",
        arguments: [
            (nil, true), (1000, true), (1001, true), (1006, true), (4000, true), (4001, true), (4002, true),
            (4005, true),
            (4008, true), (4321, true), (4003, false), (4007, false), (4009, false),
        ] as [(UInt16?, Bool)]
    )
    func closeCodes(_ code: UInt16?, _ keeps: Bool) {
        var bench = Bench(Self.session)
        bench.goOnline()
        bench.now += .seconds(120)
        let actions = bench.close(code)
        #expect((bench.machine.resumable != nil) == keeps)
        #expect(actions.isEmpty == keeps)
        bench.now += .seconds(10)
        #expect(bench.step() == (keeps ? .resume(url: "wss://resume") : .identify))
    }

    @Test("Codes that no retry helps stop the shard", arguments: [4004, 4010, 4011, 4012, 4013, 4014] as [UInt16])
    func fatal(_ code: UInt16) {
        var bench = Bench(Self.session)
        bench.goOnline()
        _ = bench.close(code)
        bench.now += .seconds(100_000)
        guard case .stopped(let reason)? = bench.step() else {
            Issue.record("not stopped")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test("4008 waits before it resumes")
    func rateLimited() {
        var bench = Bench(Self.session)
        bench.goOnline()
        bench.now += .seconds(120)
        _ = bench.close(4008)
        #expect(bench.step() == .wait(until: bench.now + .seconds(5)))
    }

    @Test(
        "INVALID_SESSION: resumable resumes, the other identifies; again, and it waits one to five seconds",
        arguments: [0.0, 0.999]
    )
    func invalidSession(random: Double) {
        var bench = Bench(Self.session)
        _ = bench.hello()
        #expect(bench.machine.sessionInvalidated(isResumable: true) == [.close(.unknownError)])
        _ = bench.close(nil)
        #expect(bench.machine.resumable == Self.session)

        bench = Bench(Self.session)
        _ = bench.hello()
        let actions = bench.machine.sessionInvalidated(isResumable: false)
        #expect(actions == [.sessionLost("Discord has ended the session"), .close(.unknownError)])
        _ = bench.close(nil, random: random)
        #expect(bench.step() == .identify)

        _ = bench.hello()
        #expect(bench.machine.sessionInvalidated(isResumable: false) == [.close(.unknownError)])
        _ = bench.close(nil, random: random)
        guard case .wait(let until)? = bench.step() else {
            Issue.record("no pause")
            return
        }
        #expect((.seconds(1) ... .seconds(5)).contains(until - bench.now))
        bench.now = until
        #expect(bench.step() == .identify)
    }

    @Test("RECONNECT closes resumably at once, even before HELLO")
    func reconnect() {
        var bench = Bench(Self.session)
        bench.machine.connecting()
        _ = bench.machine.connected(bench.now)
        #expect(bench.machine.reconnectRequested() == [.close(.unknownError)])
        _ = bench.close(nil)
        #expect(bench.step() == .resume(url: "wss://resume"))
    }

    @Test("HELLO, READY and RESUMED each have a deadline")
    func deadlines() {
        var bench = Bench()
        bench.machine.connecting()
        _ = bench.machine.connected(bench.now)
        bench.now += .seconds(10)
        #expect(bench.machine.nextDeadline == bench.now)
        #expect(bench.tick() == [.close(.unknownError)])

        bench = Bench()
        _ = bench.hello(random: 0.99)
        bench.now += .seconds(30)
        #expect(bench.tick() == [.close(.unknownError)])
        _ = bench.close(nil)
        #expect(bench.machine.resumable == nil)

        bench = Bench(Self.session)
        _ = bench.hello(random: 0.1)
        bench.now += .seconds(60)
        #expect(bench.tick() == [.close(.unknownError)])
    }

    @Test(
        "A HELLO with an absurd interval is no HELLO",
        arguments: [Duration.zero, .milliseconds(1), .seconds(100_000), .milliseconds(-5)]
    )
    func absurdHello(interval: Duration) {
        var bench = Bench()
        bench.machine.connecting()
        _ = bench.machine.connected(bench.now)
        #expect(bench.machine.hello(interval: interval, bench.now, random: 0.5) == [.close(.decodeError)])
    }

    @Test("Connections that fail wait longer and longer, with jitter and a ceiling, from the first failure on")
    func backOff() {
        var bench = Bench(Self.session)
        var pauses: [Duration] = []
        for _ in 0..<12 {
            bench.machine.connecting()
            bench.machine.connectFailed(bench.now, random: 0.999)
            guard case .idle(let until) = bench.machine.state else { continue }
            pauses.append(until - bench.now)
            bench.now = until
        }
        #expect(pauses[0] == .zero)
        #expect(pauses[1] > .milliseconds(200))
        #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(pauses.last.map { $0 <= .seconds(60) && $0 > .seconds(50) } == true)
        // The smallest dice are no hot loop either.
        bench.machine.connecting()
        bench.machine.connectFailed(bench.now, random: 0)
        #expect(bench.step() == .wait(until: bench.now + .seconds(15)))
    }

    @Test("A connection that opens and drops at once backs off too; one that held earns a fresh start")
    func flapping() {
        var bench = Bench(Self.session)
        for _ in 0..<8 {
            bench.goOnline()
            _ = bench.close(nil, random: 0.999)
            if case .idle(let until) = bench.machine.state { bench.now = until }
        }
        bench.goOnline()
        _ = bench.close(nil)
        guard case .wait(let until)? = bench.step() else {
            Issue.record("no pause")
            return
        }
        #expect(until - bench.now > .seconds(5))
        bench.now = until
        bench.goOnline()
        bench.now += .seconds(60)
        _ = bench.close(nil)
        #expect(bench.step() == .resume(url: "wss://resume"))
    }

    @Test("A resume address that cannot be reached is left after two failures; the session is not")
    func deadResumeURL() {
        var bench = Bench(Self.session)
        for _ in 0..<2 {
            bench.machine.connecting()
            bench.machine.connectFailed(bench.now, random: 0.5)
            bench.now += .seconds(100)
        }
        #expect(bench.step() == .resume(url: nil))
        bench.goOnline()
        bench.now += .seconds(100)
        _ = bench.close(nil)
        #expect(bench.step() == .resume(url: "wss://resume"))
    }

    @Test("Three resumes without RESUMED give the session up")
    func fruitless() {
        var bench = Bench(Self.session)
        for attempt in 1...3 {
            _ = bench.hello()
            let actions = bench.close(nil)
            #expect(actions.isEmpty == (attempt < 3))
            bench.now += .seconds(100)
        }
        #expect(bench.step() == .identify)
    }

    @Test("READY that was stored after its connection ended still counts: the session was paid for")
    func lateReady() {
        var bench = Bench()
        _ = bench.hello()
        _ = bench.close(nil)
        bench.machine.ready(sessionID: "s", url: "wss://resume", sequence: 1, bench.now)
        bench.now += .seconds(100)
        #expect(bench.step() == .resume(url: "wss://resume"))
    }

    @Test("A full journal closes resumably and waits")
    func suspension() {
        var bench = Bench(Self.session)
        bench.goOnline()
        #expect(bench.machine.suspend() == [.close(.unknownError)])
        // Discord's own goodbye may cross with ours.
        #expect(bench.close(4000) == [])
        bench.now += .seconds(3600)
        #expect(bench.step() == .hold)
        bench.machine.release(bench.now)
        #expect(bench.step() == .resume(url: "wss://resume"))
        // Only what was held can be released.
        bench.goOnline()
        bench.machine.release(bench.now)
        #expect(bench.step() == nil)
    }

    @Test("A stop while the WebSocket is being opened closes it as soon as it is open")
    func stoppedWhileConnecting() {
        var bench = Bench()
        bench.machine.connecting()
        #expect(bench.machine.stop("stopped", endingSession: false).isEmpty)
        #expect(bench.machine.connected(bench.now) == [.close(.keepSession)])
        #expect(bench.step() == .stopped("stopped"))
    }

    @Test("A deploy keeps the session, an operator's stop ends it; neither connects again")
    func stopping() {
        var bench = Bench(Self.session)
        bench.goOnline()
        let actions = bench.machine.stop("deploy", endingSession: false)
        guard case .close(let code)? = actions.first else {
            Issue.record("not closed")
            return
        }
        #expect(code.keepsSession)
        #expect(bench.close(nil) == [])
        #expect(bench.step() == .stopped("deploy"))
        #expect(bench.machine.resumable == Self.session)

        bench = Bench(Self.session)
        bench.goOnline()
        #expect(bench.machine.stop("stopped", endingSession: true) == [.close(.normal)])
        #expect(bench.machine.resumable == nil)
    }

    @Test("New intents end the session and begin another")
    func anew() {
        var bench = Bench(Self.session)
        bench.goOnline()
        #expect(bench.machine.identifyAnew("intents") == [.sessionLost("intents"), .close(.normal)])
        _ = bench.close(nil)
        bench.now += .seconds(10)
        #expect(bench.step() == .identify)
    }

    @Test("Any order of events leaves the machine able to go on", arguments: 0..<200 as Range<Int>)
    func anyOrder(seed: Int) {
        var random = SystemRandomNumberGenerator()
        var bench = Bench(seed % 2 == 0 ? Self.session : nil)
        for _ in 0..<60 {
            bench.now += .milliseconds(Int.random(in: 0...20_000, using: &random))
            let dice = Double.random(in: 0..<1, using: &random)
            switch Int.random(in: 0..<13, using: &random) {
            case 0: if case .idle = bench.machine.state { bench.machine.connecting() }
            case 1: _ = bench.machine.connected(bench.now)
            case 2: _ = bench.machine.hello(interval: .seconds(40), bench.now, random: dice)
            case 3: bench.machine.ready(sessionID: "x", url: "wss://x", sequence: 1, bench.now)
            case 4: bench.machine.resumed(bench.now)
            case 5: _ = bench.machine.tick(bench.now)
            case 6: _ = bench.machine.reconnectRequested()
            case 7: _ = bench.machine.sessionInvalidated(isResumable: dice < 0.5)
            case 8: _ = bench.close([nil, 1000, 4000, 4007, 4008, 4009][Int(dice * 6)])
            case 9: bench.machine.connectFailed(bench.now, random: dice)
            case 10: bench.machine.heartbeatAcknowledged(bench.now)
            case 11: bench.machine.dispatched(UInt64(dice * 1000))
            default: _ = bench.machine.streamBroken()
            }
        }
        // Whatever it was, the end of the socket leads back to a connection.
        _ = bench.close(nil)
        bench.machine.connectFailed(bench.now, random: 0.5)
        bench.now += .seconds(1000)
        let step = bench.step()
        #expect(step == .identify || step == .resume(url: bench.machine.resumable?.url) || step == .resume(url: nil))
    }
}
