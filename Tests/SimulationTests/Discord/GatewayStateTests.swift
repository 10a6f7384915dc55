import DiscordModel
import Simulation
import Testing

/// The gateway's state machine: logging in, events by intent, resuming, and the close codes.
@Suite("Gateway of the local Discord")
struct GatewayStateTests {
    /// World and gateway without sockets.
    private struct Bench {
        var world = World(now: WorldFixture.start)
        var gateway: GatewayState

        init(_ change: (inout GatewayState.Settings) -> Void = { _ in }) {
            var settings = GatewayState.Settings()
            settings.identifyInterval = 0
            change(&settings)
            gateway = GatewayState(settings: settings)
        }

        mutating func connect() -> GatewayState.ConnectionID {
            gateway.open(version: 10, encoding: "json", at: world.now).0
        }

        mutating func send(_ text: String, on id: GatewayState.ConnectionID) -> [GatewayState.Action] {
            let actions = gateway.receive(Array(text.utf8), on: id, world: &world)
            return actions + deliver()
        }

        mutating func deliver() -> [GatewayState.Action] {
            gateway.dispatch(world.drain().events, world: world)
        }

        mutating func identify(
            _ token: String = "playground.rainbow",
            intents: UInt32 = 33_281,
            on id: GatewayState.ConnectionID
        )
            -> [GatewayState.Action]
        {
            send(#"{"op":2,"d":{"token":"\#(token)","intents":\#(intents),"properties":{}}}"#, on: id)
        }
    }

    private func frames(_ actions: [GatewayState.Action], on id: GatewayState.ConnectionID? = nil) -> [JSONValue] {
        actions.compactMap { action in
            guard case .send(let target, let bytes) = action, id == nil || id == target else { return nil }
            return JSONValue(parsing: bytes)
        }
    }

    private func names(_ actions: [GatewayState.Action]) -> [String] {
        frames(actions).compactMap { $0["t"]?.stringValue }
    }

    private func closeCode(_ actions: [GatewayState.Action]) -> Simulation.GatewayCloseCode? {
        for case .close(_, let code) in actions { return code }
        return nil
    }

    @Test("READY names the guild, GUILD_CREATE follows")
    func login() {
        var bench = Bench()
        let actions = bench.identify(on: bench.connect())
        #expect(Array(names(actions).prefix(2)) == ["READY", "GUILD_CREATE"])
        let sequences = frames(actions).compactMap { $0["s"]?.integerValue }
        #expect(sequences == Array(1...Int64(sequences.count)))
    }

    @Test("Wrong logins get their close codes")
    func refusals() {
        var bench = Bench()
        #expect(closeCode(bench.identify("wrong", on: bench.connect())) == .authenticationFailed)
        #expect(closeCode(bench.identify(intents: 1 << 30, on: bench.connect())) == .invalidIntents)
        #expect(closeCode(bench.send(#"{"op":3,"d":{}}"#, on: bench.connect())) == .notAuthenticated)
        #expect(closeCode(bench.send(#"{"op":99,"d":{}}"#, on: bench.connect())) == .unknownOpcode)
        #expect(closeCode(bench.send("{", on: bench.connect())) == .decodeError)
        #expect(closeCode(bench.send(String(repeating: " ", count: 4097), on: bench.connect())) == .decodeError)
        let twice = bench.connect()
        _ = bench.identify(on: twice)
        #expect(closeCode(bench.identify(on: twice)) == .alreadyAuthenticated)
        if let application = bench.world.application(token: "playground.iris") {
            bench.world.grantPrivilegedIntents([], to: application.id)
        }
        #expect(closeCode(bench.identify("playground.iris", on: bench.connect())) == .disallowedIntents)
        let (id, actions) = bench.gateway.open(version: 6, encoding: "json", at: bench.world.now)
        #expect(actions == [.close(id, .invalidVersion)])
        for (compress, isKnown) in [(nil, true), ("zlib-stream", true), ("zstd-stream", true), ("brotli", false)] {
            let (id, actions) = bench.gateway.open(
                version: 10,
                encoding: "json",
                compress: compress,
                at: bench.world.now
            )
            #expect((actions == [.close(id, .decodeError)]) == !isKnown, "\(compress ?? "none")")
        }
    }

    @Test("More than 120 frames a minute close the connection")
    func sendLimit() {
        var bench = Bench()
        let id = bench.connect()
        for _ in 0..<120 { #expect(closeCode(bench.send(#"{"op":1,"d":null}"#, on: id)) == nil) }
        #expect(closeCode(bench.send(#"{"op":1,"d":null}"#, on: id)) == .rateLimited)
    }

    @Test("A second IDENTIFY within the interval is refused with opcode 9")
    func identifyInterval() {
        var bench = Bench { $0.identifyInterval = 5000 }
        _ = bench.identify(on: bench.connect())
        let refused = frames(bench.identify(on: bench.connect()))
        #expect(refused.map { $0["op"]?.integerValue } == [9] && refused[0]["d"] == false)
        bench.world.advance(to: WorldFixture.start + 5000)
        #expect(names(bench.identify(on: bench.connect())).first == "READY")
    }

    @Test("Intents decide about events, and about content")
    func intents() throws {
        var bench = Bench()
        let (full, plain, deaf) = (bench.connect(), bench.connect(), bench.connect())
        _ = bench.identify("playground.rainbow", intents: 1 << 9 | 1 << 15, on: full)
        _ = bench.identify("playground.iris", intents: 1 << 9, on: plain)
        _ = bench.identify("playground.aurora", intents: 1 << 7, on: deaf)
        let general = try #require(bench.world.findChannel("general")?.id)
        let bob = try #require(bench.world.findUser("bob"))
        try bench.world.createMessage(MessageDraft(content: "secret"), in: general, by: bob)
        var actions = bench.deliver()
        #expect(frames(actions, on: full).map { $0["d"]?["content"] } == ["secret"])
        #expect(frames(actions, on: plain).map { $0["d"]?["content"] } == [""])
        #expect(frames(actions, on: deaf).isEmpty)
        let iris = try #require(bench.world.findUser("iris"))
        try bench.world.createMessage(MessageDraft(content: "<@\(iris)>"), in: general, by: bob)
        actions = bench.deliver()
        #expect(frames(actions, on: plain).map { $0["d"]?["content"] } == [.string("<@\(iris)>")], "a mention shows it")
    }

    @Test("A resume replays what was missed, in order, then RESUMED")
    func resume() throws {
        var bench = Bench()
        let first = bench.connect()
        let ready = frames(bench.identify(on: first))
        let session = try #require(ready.first?["d"]?["session_id"]?.stringValue)
        let last = try #require(ready.last?["s"]?.integerValue)
        bench.gateway.closed(first, peerCode: nil, world: &bench.world)
        let general = try #require(bench.world.findChannel("general")?.id)
        let bob = try #require(bench.world.findUser("bob"))
        for number in 0..<3 {
            try bench.world.createMessage(MessageDraft(content: "\(number)"), in: general, by: bob)
            #expect(bench.deliver().isEmpty)
        }
        func resume(_ sequence: Int64, _ bench: inout Bench) -> [GatewayState.Action] {
            let body = #"{"op":6,"d":{"token":"playground.rainbow","session_id":"\#(session)","seq":\#(sequence)}}"#
            return bench.send(body, on: bench.connect())
        }
        #expect(closeCode(resume(last + 99, &bench)) == .invalidSequence)
        let replay = frames(resume(last, &bench))
        #expect(replay.compactMap { $0["d"]?["content"]?.stringValue } == ["0", "1", "2"])
        #expect(replay.last?["t"] == "RESUMED")
        #expect(replay.compactMap { $0["s"]?.integerValue } == Array(last + 1...last + 4))
    }

    @Test("Codes 1000 and 1001 end a session; an unresumed one ends after three minutes")
    func sessionEnd() throws {
        var bench = Bench()
        let first = bench.connect()
        let session = try #require(frames(bench.identify(on: first)).first?["d"]?["session_id"]?.stringValue)
        bench.gateway.closed(first, peerCode: 1000, world: &bench.world)
        let body = #"{"op":6,"d":{"token":"playground.rainbow","session_id":"\#(session)","seq":1}}"#
        #expect(frames(bench.send(body, on: bench.connect())).map { $0["op"]?.integerValue } == [9])

        let second = bench.connect()
        _ = bench.identify(on: second)
        let rainbow = try #require(bench.world.findUser("rainbow"))
        #expect(bench.world.onlineBots == [rainbow])
        bench.gateway.closed(second, peerCode: nil, world: &bench.world)
        bench.world.advance(to: WorldFixture.start + 180_001)
        _ = bench.gateway.tick(world: &bench.world)
        #expect(bench.world.onlineBots.isEmpty)
    }

    @Test("A client that stops its heartbeats is closed")
    func zombie() {
        var bench = Bench()
        let id = bench.connect()
        _ = bench.identify(on: id)
        bench.world.advance(to: WorldFixture.start + 82_501)
        #expect(bench.gateway.tick(world: &bench.world).contains(.close(id, .unknownError)))
    }
}
