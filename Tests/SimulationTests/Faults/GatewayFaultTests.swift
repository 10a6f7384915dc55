import DiscordModel
import Testing

@testable import Simulation

/// Faults of the gateway as its state machine meets them, without sockets and by a clock that the test moves.
@Suite("Faults of the local gateway")
struct GatewayFaultTests {
    private struct Bench {
        var world = World(now: WorldFixture.start)
        var gateway: GatewayState

        init() {
            var settings = GatewayState.Settings()
            settings.identifyInterval = 0
            gateway = GatewayState(settings: settings)
        }

        mutating func order(_ kind: String, count: Int? = nil, ms: UInt64? = nil) throws -> [GatewayState.Action] {
            try gateway.faults.add(FaultOrder(kind, count: count, milliseconds: ms), at: world.now)
            return gateway.pulse(world: &world)
        }

        mutating func pass(_ milliseconds: EpochMilliseconds) -> [GatewayState.Action] {
            world.advance(to: world.now + milliseconds)
            return gateway.pulse(world: &world)
        }

        mutating func send(_ text: String, on id: GatewayState.ConnectionID) -> [GatewayState.Action] {
            let actions = gateway.receive(Array(text.utf8), on: id, world: &world)
            return actions + deliver()
        }

        mutating func deliver() -> [GatewayState.Action] {
            gateway.dispatch(world.drain().events, world: world)
        }

        /// - Returns: the connection and its session.
        mutating func logIn() throws -> (id: GatewayState.ConnectionID, session: String) {
            let (id, _) = gateway.open(version: 10, encoding: "json", at: world.now)
            let intents = 33_281 | 128
            _ = send(
                #"{"op":2,"d":{"token":"playground.rainbow","intents":\#(intents),"properties":{}}}"#,
                on: id
            )
            return (id, try #require(gateway.connections[id]?.session))
        }

        mutating func say(_ text: String) throws -> [GatewayState.Action] {
            let channel = try #require(world.findChannel("general"))
            let author = try #require(world.findUser("alice"))
            _ = try world.createMessage(MessageDraft(["content": .string(text)]), in: channel.id, by: author)
            return deliver()
        }
    }

    private func names(_ actions: [GatewayState.Action]) -> [String] {
        actions.compactMap { action in
            guard case .send(_, let bytes) = action else { return nil }
            let frame = JSONValue(parsing: bytes)
            return frame?["t"]?.stringValue ?? frame?["op"]?.integerValue.map { "op \($0)" }
        }
    }

    @Test("a storm strikes as often as it was told to, so long apart, and waits for who is away")
    func storm() throws {
        var bench = Bench()
        #expect(try bench.order("reconnect", count: 3, ms: 100).isEmpty)
        let (id, _) = try bench.logIn()
        #expect(names(bench.pass(0)) == ["op 7"])
        #expect(bench.pass(99).isEmpty)
        #expect(names(bench.pass(1)) == ["op 7"])
        bench.gateway.closed(id, peerCode: nil, world: &bench.world)
        #expect(bench.pass(100).isEmpty)
        _ = try bench.logIn()
        #expect(names(bench.pass(1)) == ["op 7"])
        #expect(bench.pass(1_000).isEmpty)
    }

    @Test("sessions end or stay, as opcode 9 says")
    func invalidSessions() throws {
        var bench = Bench()
        let (_, session) = try bench.logIn()
        #expect(names(try bench.order("invalid-session-resumable")) == ["op 9"])
        #expect(bench.gateway.sessions[session] != nil)
        let (_, second) = try bench.logIn()
        #expect(names(try bench.order("invalid-session")) == ["op 9"])
        #expect(bench.gateway.sessions[second] == nil)
    }

    @Test("any close code can be had")
    func close() throws {
        var bench = Bench()
        let (id, _) = try bench.logIn()
        var order = FaultOrder("close")
        order.code = 4_999
        try bench.gateway.faults.add(order, at: bench.world.now)
        #expect(bench.gateway.pulse(world: &bench.world) == [.close(id, GatewayCloseCode(rawValue: 4_999))])
    }

    @Test("a late dispatch keeps those behind it in order, and acknowledgements pass it")
    func delay() throws {
        var bench = Bench()
        let (id, _) = try bench.logIn()
        _ = try bench.order("delay", ms: 300)
        #expect(try bench.say("one").isEmpty)
        #expect(try bench.say("two").isEmpty)
        #expect(names(bench.send(#"{"op":1,"d":null}"#, on: id)) == ["op 11"])
        #expect(bench.pass(299).isEmpty)
        let late = bench.pass(1).compactMap { action -> String? in
            guard case .send(_, let bytes) = action else { return nil }
            return JSONValue(parsing: bytes)?["d"]?["content"]?.stringValue
        }
        #expect(late == ["one", "two"])
        #expect(names(try bench.say("three")) == ["MESSAGE_CREATE"])
    }

    @Test("a frame that is cut is replayed after RESUME")
    func cut() throws {
        var bench = Bench()
        let (id, session) = try bench.logIn()
        let sequence = try #require(bench.gateway.sessions[session]?.sequence)
        _ = try bench.order("cut-frame", count: 2)
        let actions = try bench.say("half")
        guard case .cut(id, _) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(actions.count == 1)
        // The second one waits for another connection.
        #expect(names(try bench.say("lost")) == ["MESSAGE_CREATE"])
        #expect(bench.gateway.faults.report(at: bench.world.now).active.first?["remaining"]?.integerValue == 1)
        bench.gateway.faults.clear()
        bench.gateway.closed(id, peerCode: nil, world: &bench.world)
        let (next, _) = bench.gateway.open(version: 10, encoding: "json", at: bench.world.now)
        let resume = #"{"op":6,"d":{"token":"playground.rainbow","session_id":"\#(session)","seq":\#(sequence)}}"#
        #expect(names(bench.send(resume, on: next)) == ["MESSAGE_CREATE", "MESSAGE_CREATE", "RESUMED"])
    }

    @Test("an overlapping replay repeats what the client has")
    func overlap() throws {
        var bench = Bench()
        let (id, session) = try bench.logIn()
        for number in 0..<3 { _ = try bench.say("\(number)") }
        let sequence = try #require(bench.gateway.sessions[session]?.sequence)
        bench.gateway.closed(id, peerCode: nil, world: &bench.world)
        _ = try bench.order("replay-overlap")
        let (next, _) = bench.gateway.open(version: 10, encoding: "json", at: bench.world.now)
        let resume = #"{"op":6,"d":{"token":"playground.rainbow","session_id":"\#(session)","seq":\#(sequence)}}"#
        let replayed = names(bench.send(resume, on: next))
        #expect(replayed.filter { $0 == "MESSAGE_CREATE" }.count == 3)
        #expect(replayed.last == "RESUMED")
    }

    @Test("a refused resume ends the session")
    func refusedResume() throws {
        var bench = Bench()
        let (id, session) = try bench.logIn()
        bench.gateway.closed(id, peerCode: nil, world: &bench.world)
        _ = try bench.order("refuse-resume")
        let (next, _) = bench.gateway.open(version: 10, encoding: "json", at: bench.world.now)
        let resume = #"{"op":6,"d":{"token":"playground.rainbow","session_id":"\#(session)","seq":1}}"#
        #expect(names(bench.send(resume, on: next)) == ["op 9"])
        #expect(bench.gateway.sessions[session] == nil)
    }

    @Test("HELLO comes late or never, heartbeats go unanswered")
    func greetings() throws {
        var bench = Bench()
        _ = try bench.order("slow-hello", ms: 50)
        #expect(bench.gateway.open(version: 10, encoding: "json", at: bench.world.now).1.isEmpty)
        #expect(names(bench.pass(50)) == ["op 10"])
        _ = try bench.order("no-hello")
        #expect(bench.gateway.open(version: 10, encoding: "json", at: bench.world.now).1.isEmpty)
        #expect(bench.pass(10_000).isEmpty)
        let (id, _) = try bench.logIn()
        _ = try bench.order("missed-ack", count: 2)
        let beats = (0..<3).map { _ in names(bench.send(#"{"op":1,"d":null}"#, on: id)) }
        #expect(beats == [[], [], ["op 11"]])
    }

    @Test("voice comes in either order", arguments: [false, true])
    func voice(serverFirst: Bool) throws {
        var bench = Bench()
        let (id, _) = try bench.logIn()
        if serverFirst { _ = try bench.order("voice-server-first") }
        let lounge = try #require(bench.world.findChannel("Lounge"))
        let join = #"{"op":4,"d":{"guild_id":"\#(bench.world.home)","channel_id":"\#(lounge.id)"}}"#
        let expected = ["VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE"]
        #expect(names(bench.send(join, on: id)) == (serverFirst ? expected.reversed() : expected))
    }
}
