import BusContract
import DiscordModel
import LavalinkBridgeCore
import LavalinkModel
import Store
import Testing

/// A machine with its pool and a clock by hand.
private struct Bench {
    static let key = PlayerKey(bot: BotID(rawValue: "iris")!, guild: GuildID(7))
    let lounge = ChannelID(10)
    let near = NodeName(rawValue: "near")
    let far = NodeName(rawValue: "far")
    var pool = NodePool([(NodeName(rawValue: "near"), .both), (NodeName(rawValue: "far"), .worker)])
    var now = ContinuousClock.now
    var machine = PlayerMachine(key: Bench.key)
    private var generation: Int64 = 0

    mutating func pass(_ milliseconds: Int) { now += .milliseconds(milliseconds) }

    mutating func nodeReady(_ node: NodeName, resumed: Bool = false) -> [PlayerMachine.Action] {
        let session = LavalinkSessionID("session-\(node)")
        let epoch = pool.sessionReady(Bench.key.bot, at: node, session: session, resumed: resumed)
        return machine.sessionReady(at: node, resumed: resumed, epoch: epoch, pool: pool, now: now)
    }

    mutating func want(_ entry: String?, paused: Bool = false, volume: Int = 100) -> [PlayerMachine.Action] {
        generation += 1
        let row = DesiredPlayer(
            key: Bench.key,
            channel: lounge,
            generation: generation,
            entry: entry.map(QueueEntryID.init(rawValue:)),
            encoded: entry.map { "track-\($0)" } ?? "",
            source: "youtube",
            paused: paused,
            volume: volume
        )
        return machine.want(row, pool: pool, now: now)
    }

    mutating func joined(session: String = "s", token: String = "t") -> [PlayerMachine.Action] {
        _ = machine.voiceState(sessionID: session, channel: lounge, pool: pool, now: now)
        return machine.voiceServer(token: token, endpoint: "eu", pool: pool, now: now)
    }

    func track(_ entry: String) -> LavalinkTrack {
        let info = TrackInfo(identifier: "x", title: "T", author: "A", length: 60_000, sourceName: "youtube")
        return LavalinkTrack(encoded: EncodedTrack("track-\(entry)"), info: info, userData: ["entry": .string(entry)])
    }

    func player(_ entry: String?, position: Int64 = 0, connected: Bool = true) -> LavalinkPlayer {
        LavalinkPlayer(
            guildId: Bench.key.guild,
            track: entry.map { track($0) },
            state: PlayerState(time: 0, position: position, connected: connected, ping: 1),
            voice: VoiceCredentials(token: "t", endpoint: "eu", sessionId: "s", channelId: lounge)
        )
    }

    mutating func event(_ kind: PlayerEvent.Kind, from node: NodeName? = nil) -> [PlayerMachine.Action] {
        machine.event(kind, from: node ?? near, pool: pool, now: now)
    }

    /// Playing that entry on the near node.
    static func playing(_ entry: String = "1.0") -> Bench {
        var bench = Bench()
        _ = bench.nodeReady(bench.near)
        _ = bench.want(entry)
        let actions = bench.joined()
        guard case .update(_, _, let ticket) = actions.last else {
            Issue.record("no update: \(actions)")
            return bench
        }
        _ = bench.machine.updated(bench.player(entry), ticket: ticket, pool: bench.pool, now: bench.now)
        return bench
    }
}

extension [PlayerMachine.Action] {
    fileprivate var update: (node: NodeName, body: PlayerUpdate, ticket: Int)? {
        for case .update(let node, let body, let ticket) in self { return (node, body, ticket) }
        return nil
    }

    fileprivate var inspection: Int? {
        for case .inspect(_, let ticket) in self { return ticket }
        return nil
    }

    fileprivate var reports: [PlayerReportKind] {
        compactMap { if case .report(let kind, _, _, _) = $0 { kind } else { nil } }
    }
}

@Suite("A player's way to what is wanted")
struct PlayerMachineTests {
    @Test("joins, and sends voice and track in one update")
    func start() throws {
        var bench = Bench()
        _ = bench.nodeReady(bench.near)
        let asked = bench.want("1.0")
        #expect(asked.contains(.join(bench.lounge)))
        #expect(asked.contains(.assigned(bench.near)))
        #expect(asked.update == nil)
        let update = try #require(bench.joined().update)
        #expect(update.node == bench.near)
        #expect(update.body.voice?.channelId == bench.lounge)
        #expect(update.body.track?.encoded == EncodedTrack("track-1.0"))
        #expect(update.body.track?.userData?["entry"]?.string == "1.0")
        #expect(update.body.position == 0)
        #expect(update.body.paused == false)
    }

    @Test("nothing more is sent until the answer comes, and then only what changed")
    func oneAtATime() throws {
        var bench = Bench()
        _ = bench.nodeReady(bench.near)
        _ = bench.want("1.0")
        let first = try #require(bench.joined().update)
        #expect(bench.want("1.1").update == nil)
        let next = bench.machine.updated(bench.player("1.0"), ticket: first.ticket, pool: bench.pool, now: bench.now)
        let second = try #require(next.update)
        #expect(second.body.voice == nil)
        #expect(second.body.track?.encoded == EncodedTrack("track-1.1"))
    }

    @Test("a late answer of another call says nothing")
    func lateAnswer() throws {
        var bench = Bench()
        _ = bench.nodeReady(bench.near)
        _ = bench.want("1.0")
        let first = try #require(bench.joined().update)
        let late = bench.machine.updated(
            bench.player("1.0"),
            ticket: first.ticket + 5,
            pool: bench.pool,
            now: bench.now
        )
        #expect(late == [])
    }

    @Test("pause and volume change nothing else")
    func pause() throws {
        var bench = Bench.playing()
        let update = try #require(bench.want("1.0", paused: true, volume: 40).update)
        #expect(update.body == PlayerUpdate(volume: 40, paused: true))
    }

    @Test("a stop is a null track")
    func stop() throws {
        var bench = Bench.playing()
        let update = try #require(bench.want(nil).update)
        #expect(update.body == PlayerUpdate(track: .init(encoded: nil)))
    }

    @Test("an older row changes nothing")
    func oldRow() {
        var bench = Bench.playing()
        let row = DesiredPlayer(key: Bench.key, channel: bench.lounge, generation: 0, entry: nil)
        #expect(bench.machine.want(row, pool: bench.pool, now: bench.now) == [])
    }

    @Test("the end of a track is reported once and the track is not started again")
    func ended() {
        var bench = Bench.playing()
        bench.pass(5000)
        let actions = bench.event(.trackEnd(bench.track("1.0"), .finished))
        #expect(actions.reports == [.trackEnd])
        #expect(actions.update == nil)
        #expect(
            bench.machine.observed(now: bench.now).ended
                == EndedEntry(entry: .init(rawValue: "1.0"), reason: "finished")
        )
        #expect(bench.event(.trackEnd(bench.track("1.0"), .finished)).reports == [])
    }

    @Test("our own stop and skip end tracks silently", arguments: [TrackEndReason.stopped, .replaced])
    func ownEnds(reason: TrackEndReason) {
        var bench = Bench.playing()
        #expect(bench.event(.trackEnd(bench.track("1.0"), reason)).reports == [])
    }

    @Test("the natural end of a track that has just been skipped is no end of the next")
    func endAfterSkip() throws {
        var bench = Bench.playing()
        let update = try #require(bench.want("1.1").update)
        #expect(bench.event(.trackEnd(bench.track("1.0"), .finished)).reports == [])
        _ = bench.machine.updated(bench.player("1.1"), ticket: update.ticket, pool: bench.pool, now: bench.now)
        #expect(bench.machine.observed(now: bench.now).ended == nil)
        #expect(bench.machine.observed(now: bench.now).entry?.rawValue == "1.1")
    }

    @Test("a track that fails before the answer comes is not started again")
    func failsAtOnce() throws {
        var bench = Bench()
        _ = bench.nodeReady(bench.near)
        _ = bench.want("1.0")
        let update = try #require(bench.joined().update)
        #expect(bench.event(.trackEnd(bench.track("1.0"), .loadFailed)).reports == [.trackEnd])
        let after = bench.machine.updated(bench.player(nil), ticket: update.ticket, pool: bench.pool, now: bench.now)
        #expect(after.update == nil)
    }

    @Test("one stuck track is skipped; the second in a row gets a new voice connection instead")
    func stuck() throws {
        var bench = Bench.playing()
        #expect(bench.event(.trackStuck(bench.track("1.0"), thresholdMs: 10_000)).reports == [.trackStuck])
        let update = try #require(bench.want("1.1").update)
        _ = bench.machine.updated(bench.player("1.1"), ticket: update.ticket, pool: bench.pool, now: bench.now)
        let second = bench.event(.trackStuck(bench.track("1.1"), thresholdMs: 10_000))
        #expect(second.reports == [])
        #expect(second.contains(.leave))
    }

    @Test("an event of another node, or of no entry of ours, says nothing")
    func foreignEvents() {
        var bench = Bench.playing()
        #expect(bench.event(.trackEnd(bench.track("1.0"), .finished), from: bench.far) == [])
        let info = TrackInfo(identifier: "x", title: "T", author: "A", length: 1, sourceName: "s")
        let foreign = LavalinkTrack(encoded: EncodedTrack("q"), info: info)
        #expect(bench.event(.trackEnd(foreign, .finished)) == [])
    }

    @Test("nothing wanted: the node's player goes, the bot leaves, the machine is done")
    func dismantle() {
        var bench = Bench.playing()
        let actions = bench.machine.want(nil, pool: bench.pool, now: bench.now)
        #expect(actions == [.leave, .destroy(bench.near), .finished])
    }
}

@Suite("A player when something breaks")
struct PlayerMachineRecoveryTests {
    @Test("a resumed session is looked at, and nothing is sent when all is as wanted")
    func resumed() throws {
        var bench = Bench.playing()
        bench.pass(10_000)
        bench.pool.sessionSuspect(Bench.key.bot, at: bench.near)
        _ = bench.machine.sessionLost(at: bench.near, pool: bench.pool, now: bench.now)
        let ticket = try #require(bench.nodeReady(bench.near, resumed: true).inspection)
        let after = bench.machine.inspected(
            bench.player("1.0", position: 12_000),
            ticket: ticket,
            pool: bench.pool,
            now: bench.now
        )
        #expect(after.update == nil)
        #expect(bench.machine.observed(now: bench.now).position == 12_000)
    }

    @Test("a track that ended while nobody listened is reported after the look")
    func endedMeanwhile() throws {
        var bench = Bench.playing()
        let ticket = try #require(bench.nodeReady(bench.near, resumed: true).inspection)
        let after = bench.machine.inspected(bench.player(nil), ticket: ticket, pool: bench.pool, now: bench.now)
        #expect(after.reports == [.trackEnd])
        #expect(after.update == nil)
    }

    @Test("a session that was not resumed gets everything again, at the position")
    func notResumed() throws {
        var bench = Bench.playing()
        bench.pass(10_000)
        bench.pool.sessionSuspect(Bench.key.bot, at: bench.near)
        _ = bench.machine.sessionLost(at: bench.near, pool: bench.pool, now: bench.now)
        bench.pass(2_000)
        let update = try #require(bench.nodeReady(bench.near).update)
        #expect(update.body.voice != nil)
        #expect(update.body.track?.encoded == EncodedTrack("track-1.0"))
        #expect(update.body.position == 10_000)
    }

    @Test("a dead node's player goes to another, at its position")
    func failover() throws {
        var bench = Bench.playing()
        _ = bench.nodeReady(bench.far)
        bench.pass(8_000)
        bench.pool.sessionSuspect(Bench.key.bot, at: bench.near)
        let suspect = bench.machine.sessionLost(at: bench.near, pool: bench.pool, now: bench.now)
        #expect(suspect.update == nil)
        bench.pool.sessionDown(Bench.key.bot, at: bench.near)
        let update = try #require(bench.machine.sessionLost(at: bench.near, pool: bench.pool, now: bench.now).update)
        #expect(update.node == bench.far)
        #expect(update.body.position == 8_000)
        #expect(update.body.voice != nil)
    }

    @Test("no other node: the player waits, and goes on when the node is back")
    func parked() throws {
        var bench = Bench.playing()
        bench.pass(3_000)
        bench.pool.sessionDown(Bench.key.bot, at: bench.near)
        #expect(bench.machine.sessionLost(at: bench.near, pool: bench.pool, now: bench.now).update == nil)
        bench.pass(60_000)
        let update = try #require(bench.nodeReady(bench.near).update)
        #expect(update.body.position == 3_000)
    }

    @Test("a call without an answer is followed by a look, never by a second start")
    func unanswered() throws {
        var bench = Bench()
        _ = bench.nodeReady(bench.near)
        _ = bench.want("1.0")
        let update = try #require(bench.joined().update)
        let failed = bench.machine.failed(.unreachable("x"), ticket: update.ticket, pool: bench.pool, now: bench.now)
        #expect(failed.update == nil)
        bench.pass(250)
        let ticket = try #require(bench.machine.tick(pool: bench.pool, now: bench.now).inspection)
        let after = bench.machine.inspected(
            bench.player("1.0", position: 200),
            ticket: ticket,
            pool: bench.pool,
            now: bench.now
        )
        #expect(after.update == nil)
    }

    @Test("a refused track counts as failed")
    func refusedTrack() throws {
        var bench = Bench()
        _ = bench.nodeReady(bench.near)
        _ = bench.want("1.0")
        let update = try #require(bench.joined().update)
        let failed = bench.machine.failed(.invalid("bad"), ticket: update.ticket, pool: bench.pool, now: bench.now)
        #expect(failed.reports == [.trackEnd])
        #expect(bench.machine.observed(now: bench.now).ended?.reason == "loadFailed")
    }

    @Test("a node that stays silent on an open socket is left for another")
    func silentNode() throws {
        var bench = Bench.playing()
        _ = bench.nodeReady(bench.far)
        var actions = bench.want("1.1")
        for _ in 0..<2 {
            let ticket = try #require(actions.update?.ticket ?? actions.inspection)
            _ = bench.machine.failed(.unreachable("x"), ticket: ticket, pool: bench.pool, now: bench.now)
            bench.pass(6000)
            actions = bench.machine.tick(pool: bench.pool, now: bench.now)
        }
        let ticket = try #require(actions.update?.ticket ?? actions.inspection)
        _ = bench.machine.failed(.unreachable("x"), ticket: ticket, pool: bench.pool, now: bench.now)
        bench.pass(6000)
        actions = bench.machine.tick(pool: bench.pool, now: bench.now)
        #expect(actions.contains(.destroy(bench.near)))
        #expect(actions.update?.node == bench.far)
    }

    @Test("4006: joins again and sends the new voice only; the track goes on")
    func voiceInvalid() throws {
        var bench = Bench.playing()
        let closed = bench.event(.webSocketClosed(code: 4006, reason: "", byRemote: true))
        #expect(closed.contains(.leave))
        _ = bench.machine.voiceState(sessionID: "s", channel: nil, pool: bench.pool, now: bench.now)
        let update = try #require(bench.joined(session: "s2", token: "t2").update)
        #expect(update.body.voice?.token == "t2")
        #expect(update.body.track == nil)
    }

    @Test("cleanup: the track is started again at its position, over a new voice connection")
    func cleanup() throws {
        var bench = Bench.playing()
        bench.pass(4_000)
        let actions = bench.event(.trackEnd(bench.track("1.0"), .cleanup))
        #expect(actions.reports == [])
        #expect(actions.contains(.leave))
        _ = bench.machine.voiceState(sessionID: "s", channel: nil, pool: bench.pool, now: bench.now)
        let update = try #require(bench.joined(session: "s2", token: "t2").update)
        #expect(update.body.track?.encoded == EncodedTrack("track-1.0"))
        #expect(update.body.position == 4_000)
    }

    @Test("a kick is reported, and what is wanted next brings the bot back")
    func kicked() {
        var bench = Bench.playing()
        _ = bench.machine.voiceState(sessionID: "s", channel: nil, pool: bench.pool, now: bench.now)
        bench.pass(1500)
        #expect(bench.machine.tick(pool: bench.pool, now: bench.now).reports == [.disconnected])
        #expect(bench.machine.observed(now: bench.now).lost == "kicked")
        #expect(bench.want("1.1").contains(.join(bench.lounge)))
        #expect(bench.machine.observed(now: bench.now).lost == "")
    }

    @Test("a node that cannot encrypt is left")
    func unfit() {
        var bench = Bench.playing()
        let actions = bench.event(.webSocketClosed(code: 4017, reason: "", byRemote: true))
        #expect(actions == [.nodeUnfit(bench.near)])
    }
}

@Suite("A player after the bridge was killed")
struct PlayerMachineRestartTests {
    private func restored(node: String = "near") -> Bench {
        var bench = Bench()
        let row = ObservedPlayer(
            key: Bench.key,
            generation: 0,
            node: node,
            channel: bench.lounge,
            entry: QueueEntryID(rawValue: "1.0"),
            position: 20_000
        )
        bench.machine = PlayerMachine(observed: row, now: bench.now)
        return bench
    }

    @Test("neither joins nor plays before the node was asked; what plays goes on untouched")
    func resumed() throws {
        var bench = restored()
        #expect(bench.want("1.0") == [])
        _ = bench.nodeReady(bench.far)
        #expect(bench.machine.node == bench.near)
        let ready = bench.nodeReady(bench.near, resumed: true)
        let ticket = try #require(ready.inspection)
        #expect(!ready.contains(.join(bench.lounge)))
        let after = bench.machine.inspected(
            bench.player("1.0", position: 25_000),
            ticket: ticket,
            pool: bench.pool,
            now: bench.now
        )
        #expect(after.update == nil)
        #expect(!after.contains(.leave) && !after.contains(.join(bench.lounge)))
        #expect(bench.machine.observed(now: bench.now).position == 25_000)
    }

    @Test("a skip that came meanwhile is carried out")
    func skippedMeanwhile() throws {
        var bench = restored()
        _ = bench.want("1.1")
        let ticket = try #require(bench.nodeReady(bench.near, resumed: true).inspection)
        let after = bench.machine.inspected(
            bench.player("1.0", position: 25_000),
            ticket: ticket,
            pool: bench.pool,
            now: bench.now
        )
        #expect(after.update?.body.track?.encoded == EncodedTrack("track-1.1"))
        #expect(after.update?.body.position == 0)
    }

    @Test("a node that has forgotten everything gets it again, over a fresh voice connection")
    func forgotten() throws {
        var bench = restored()
        _ = bench.want("1.0")
        #expect(bench.nodeReady(bench.near).contains(.leave))
        bench.pass(1000)
        #expect(bench.machine.tick(pool: bench.pool, now: bench.now).contains(.join(bench.lounge)))
        let update = try #require(bench.joined().update)
        #expect(update.body.position == 20_000)
    }

    @Test("a player that nobody wants any more is taken down")
    func unwanted() {
        var bench = restored()
        #expect(bench.machine.want(nil, pool: bench.pool, now: bench.now) == [.leave])
        #expect(bench.nodeReady(bench.near, resumed: true) == [.destroy(bench.near), .finished])
    }

    @Test("a node that is gone from the configuration is no reason to wait")
    func unknownNode() throws {
        var bench = restored(node: "removed")
        _ = bench.nodeReady(bench.near)
        #expect(bench.want("1.0").contains(.assigned(bench.near)))
    }
}
