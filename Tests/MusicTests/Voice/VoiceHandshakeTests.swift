import DiscordModel
import LavalinkBridgeCore
import LavalinkModel
import Testing

@Suite("Voice handshake")
struct VoiceHandshakeTests {
    private let start = ContinuousClock.now
    private let lounge = ChannelID(10)
    private let attic = ChannelID(11)

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant {
        start + .milliseconds(milliseconds)
    }

    private func credentials(_ channel: ChannelID, session: String = "s1", token: String = "t1") -> VoiceCredentials {
        VoiceCredentials(token: token, endpoint: "eu", sessionId: session, channelId: channel)
    }

    /// In the lounge with session s1 and token t1.
    private func connected() -> VoiceHandshake {
        var voice = VoiceHandshake()
        _ = voice.want(lounge, now: at(0))
        _ = voice.voiceState(sessionID: "s1", channel: lounge, now: at(10))
        _ = voice.voiceServer(token: "t1", endpoint: "eu", now: at(20))
        return voice
    }

    @Test("both halves in either order give credentials at once", arguments: [true, false])
    func eitherOrder(stateFirst: Bool) {
        var voice = VoiceHandshake()
        #expect(voice.want(lounge, now: at(0)) == [.join(lounge)])
        let ready = [VoiceHandshake.Action.ready(credentials(lounge), generation: 1)]
        if stateFirst {
            #expect(voice.voiceState(sessionID: "s1", channel: lounge, now: at(1)) == [])
            #expect(voice.voiceServer(token: "t1", endpoint: "eu", now: at(2)) == ready)
        } else {
            #expect(voice.voiceServer(token: "t1", endpoint: "eu", now: at(1)) == [])
            #expect(voice.voiceState(sessionID: "s1", channel: lounge, now: at(2)) == ready)
        }
        #expect(voice.phase == .connected)
        #expect(voice.deadline == nil)
    }

    @Test("no endpoint means wait, and the next server completes it")
    func endpointNull() {
        var voice = VoiceHandshake()
        _ = voice.want(lounge, now: at(0))
        _ = voice.voiceState(sessionID: "s1", channel: lounge, now: at(1))
        #expect(voice.voiceServer(token: "t0", endpoint: nil, now: at(2)) == [])
        #expect(
            voice.voiceServer(token: "t1", endpoint: "eu", now: at(3)) == [
                .ready(credentials(lounge), generation: 1)
            ]
        )
    }

    @Test("a region that moves while connected waits for the new server, then settles")
    func regionMove() {
        var voice = connected()
        #expect(voice.voiceServer(token: "t1", endpoint: nil, now: at(1000)) == [])
        #expect(voice.voiceServer(token: "t2", endpoint: "us", now: at(1500)) == [])
        #expect(voice.tick(now: at(1700)) == [])
        var moved = credentials(lounge, token: "t2")
        moved.endpoint = "us"
        #expect(voice.tick(now: at(1800)) == [.ready(moved, generation: 2)])
    }

    @Test("a moderator's move is kept, and old token and new channel are not paired before the new token had time")
    func moved() {
        var voice = connected()
        #expect(voice.voiceState(sessionID: "s1", channel: attic, now: at(1000)) == [.moved(attic)])
        #expect(voice.wanted == attic)
        #expect(voice.voiceServer(token: "t2", endpoint: "eu", now: at(1200)) == [])
        #expect(voice.tick(now: at(1300)) == [])
        #expect(voice.tick(now: at(1500)) == [.ready(credentials(attic, token: "t2"), generation: 2)])
    }

    @Test("a move that brings no new server goes on with the old one")
    func movedWithoutServer() {
        var voice = connected()
        _ = voice.voiceState(sessionID: "s1", channel: attic, now: at(1000))
        #expect(voice.tick(now: at(1300)) == [.ready(credentials(attic), generation: 2)])
    }

    @Test("our own move asks, waits for the channel that was asked for, and settles")
    func ownMove() {
        var voice = connected()
        #expect(voice.want(attic, now: at(1000)) == [.join(attic)])
        #expect(voice.voiceState(sessionID: "s1", channel: lounge, now: at(1010)) == [])
        #expect(voice.voiceState(sessionID: "s1", channel: attic, now: at(1020)) == [])
        #expect(voice.tick(now: at(1320)) == [.ready(credentials(attic), generation: 2)])
    }

    @Test("leaving leaves once, and its echo says nothing")
    func leave() {
        var voice = connected()
        #expect(voice.want(nil, now: at(100)) == [.leave])
        #expect(voice.voiceState(sessionID: "s1", channel: nil, now: at(110)) == [])
        #expect(voice.want(nil, now: at(120)) == [])
        #expect(voice.phase == .out)
    }

    @Test("disconnected by a moderator: known after a moment, and no way back by itself")
    func kicked() {
        var voice = connected()
        #expect(voice.voiceState(sessionID: "s1", channel: nil, now: at(1000)) == [])
        #expect(voice.tick(now: at(2400)) == [])
        #expect(voice.tick(now: at(2500)) == [.lost(.kicked)])
        #expect(voice.voiceServer(token: "t9", endpoint: "eu", now: at(2600)) == [])
        #expect(voice.deadline == nil)
    }

    @Test(
        "a drop with a resumed gateway session is joined again at once, whichever comes first",
        arguments: [true, false]
    )
    func resumedGateway(resumedFirst: Bool) {
        var voice = connected()
        if resumedFirst {
            #expect(voice.gatewayResumed(now: at(1000)) == [])
            #expect(voice.voiceState(sessionID: "s1", channel: nil, now: at(1100)) == [.join(lounge)])
        } else {
            #expect(voice.voiceState(sessionID: "s1", channel: nil, now: at(1000)) == [])
            #expect(voice.gatewayResumed(now: at(1100)) == [.join(lounge)])
        }
        _ = voice.voiceState(sessionID: "s2", channel: lounge, now: at(1200))
        #expect(
            voice.voiceServer(token: "t2", endpoint: "eu", now: at(1210)) == [
                .ready(credentials(lounge, session: "s2", token: "t2"), generation: 2)
            ]
        )
    }

    @Test("a new gateway session joins anew without waiting for a drop")
    func identifiedGateway() {
        var voice = connected()
        #expect(voice.gatewayIdentified(now: at(1000)) == [.join(lounge)])
        var out = VoiceHandshake()
        #expect(out.gatewayIdentified(now: at(1000)) == [])
    }

    @Test("4006 and 4009 leave and join again", arguments: [4006, 4009])
    func invalidSession(code: Int) {
        var voice = connected()
        #expect(voice.closed(code: VoiceCloseCode(rawValue: code), generation: 1, now: at(1000)) == [.leave])
        #expect(voice.voiceState(sessionID: "s1", channel: nil, now: at(1100)) == [.join(lounge)])
        _ = voice.voiceState(sessionID: "s2", channel: lounge, now: at(1200))
        #expect(
            voice.voiceServer(token: "t2", endpoint: "eu", now: at(1210)) == [
                .ready(credentials(lounge, session: "s2", token: "t2"), generation: 2)
            ]
        )
    }

    @Test("a leave that is not confirmed is followed by the join all the same")
    func rejoinUnconfirmed() {
        var voice = connected()
        _ = voice.closed(code: VoiceCloseCode(rawValue: 4006), generation: 1, now: at(1000))
        #expect(voice.tick(now: at(2000)) == [.join(lounge)])
    }

    @Test("a close of an older connection says nothing")
    func lateClose() {
        var voice = connected()
        #expect(voice.closed(code: VoiceCloseCode(rawValue: 4006), generation: 0, now: at(1000)) == [])
        #expect(voice.phase == .connected)
    }

    @Test("4014 waits for what Discord sends; without a word it joins again; with no channel it was a kick")
    func awaitState() {
        var silent = connected()
        #expect(silent.closed(code: VoiceCloseCode(rawValue: 4014), generation: 1, now: at(1000)) == [])
        #expect(silent.tick(now: at(3000)) == [.leave])

        var moved = connected()
        _ = moved.closed(code: VoiceCloseCode(rawValue: 4014), generation: 1, now: at(1000))
        #expect(moved.voiceState(sessionID: "s1", channel: attic, now: at(1100)) == [.moved(attic)])
        _ = moved.voiceServer(token: "t2", endpoint: "eu", now: at(1200))
        #expect(moved.tick(now: at(1500)) == [.ready(credentials(attic, token: "t2"), generation: 2)])

        var kicked = connected()
        _ = kicked.closed(code: VoiceCloseCode(rawValue: 4014), generation: 1, now: at(1000))
        _ = kicked.voiceState(sessionID: "s1", channel: nil, now: at(1100))
        #expect(kicked.tick(now: at(2600)) == [.lost(.kicked)])
    }

    @Test("a lost voice server is waited for, then joined again")
    func awaitServer() {
        var voice = connected()
        #expect(voice.closed(code: VoiceCloseCode(rawValue: 4015), generation: 1, now: at(1000)) == [])
        #expect(voice.voiceServer(token: "t2", endpoint: "us", now: at(2000)) == [])
        var fresh = credentials(lounge, token: "t2")
        fresh.endpoint = "us"
        #expect(voice.tick(now: at(2300)) == [.ready(fresh, generation: 2)])

        var silent = connected()
        _ = silent.closed(code: VoiceCloseCode(rawValue: 4015), generation: 1, now: at(1000))
        #expect(silent.tick(now: at(4000)) == [.leave])
    }

    @Test("4021 and 4022 end it", arguments: [4021, 4022])
    func callEnded(code: Int) {
        var voice = connected()
        #expect(
            voice.closed(code: VoiceCloseCode(rawValue: code), generation: 1, now: at(1000)) == [.lost(.callEnded)]
        )
    }

    @Test("4017 is the node's fault, and the bot stays")
    func nodeUnfit() {
        var voice = connected()
        #expect(voice.closed(code: VoiceCloseCode(rawValue: 4017), generation: 1, now: at(1000)) == [.nodeUnfit])
        #expect(voice.phase == .connected)
    }

    @Test("bad data is tried once more, then given up")
    func rejoinOnce() {
        var voice = connected()
        let code = VoiceCloseCode(rawValue: 4004)
        #expect(voice.closed(code: code, generation: 1, now: at(1000)) == [.leave])
        _ = voice.tick(now: at(2000))
        _ = voice.voiceState(sessionID: "s2", channel: lounge, now: at(2100))
        _ = voice.voiceServer(token: "t2", endpoint: "eu", now: at(2110))
        #expect(voice.closed(code: code, generation: 2, now: at(3000)) == [.leave, .lost(.unanswered)])
    }

    @Test("rejoins have a budget")
    func rejoinBudget() {
        var voice = connected()
        var now = 1000
        for round in 1...5 {
            let code = VoiceCloseCode(rawValue: 4006)
            #expect(voice.closed(code: code, generation: round, now: at(now)) == [.leave])
            _ = voice.tick(now: at(now + 1000))
            _ = voice.voiceState(sessionID: "s\(round)", channel: lounge, now: at(now + 1100))
            _ = voice.voiceServer(token: "u\(round)", endpoint: "eu", now: at(now + 1110))
            now += 2000
        }
        let last = voice.closed(code: VoiceCloseCode(rawValue: 4006), generation: 6, now: at(now))
        #expect(last == [.leave, .lost(.unanswered)])
    }

    @Test("an unanswered join is asked three times, then given up")
    func unanswered() {
        var voice = VoiceHandshake()
        #expect(voice.want(lounge, now: at(0)) == [.join(lounge)])
        #expect(voice.tick(now: at(5000)) == [.join(lounge)])
        #expect(voice.tick(now: at(10_000)) == [.join(lounge)])
        #expect(voice.tick(now: at(15_000)) == [.leave, .lost(.unanswered)])
    }

    @Test("a state without its server leaves first, so that Discord sends one")
    func stateWithoutServer() {
        var voice = VoiceHandshake()
        _ = voice.want(lounge, now: at(0))
        _ = voice.voiceState(sessionID: "s1", channel: lounge, now: at(10))
        #expect(voice.tick(now: at(5000)) == [.leave])
        #expect(voice.voiceState(sessionID: "s1", channel: nil, now: at(5100)) == [.join(lounge)])
    }

    @Test("a gateway that is away is waited for without counting")
    func gatewayAway() {
        var voice = VoiceHandshake()
        _ = voice.want(lounge, now: at(0))
        for second in 1...5 {
            #expect(voice.requestFailed(now: at(second * 3000)) == [])
            let actions = voice.tick(now: at(second * 3000 + 1000))
            #expect(actions.last == .join(lounge) || actions == [.leave])
            if actions == [.leave] { _ = voice.tick(now: at(second * 3000 + 2000)) }
        }
        #expect(voice.wanted == lounge)
        if case .lost = voice.phase { Issue.record("given up") }
    }

    @Test("what a node has kept needs no join")
    func adopt() {
        var voice = VoiceHandshake()
        voice.adopt(credentials(lounge))
        #expect(voice.phase == .connected)
        #expect(voice.generation == 1)
        #expect(voice.want(lounge, now: at(0)) == [])
    }
}

@Suite("Voice handshake, any order of events")
struct VoiceHandshakePropertyTests {
    private enum Input: CaseIterable {
        case wantLounge, wantAttic, wantNothing, stateLounge, stateAttic, stateNone, server, serverNone, closed4006,
            closed4014, identified, resumed, failed, tick
    }

    /// Every sequence of four inputs, each followed by time: credentials are only ever given out for the wanted
    /// channel, generations grow, and a machine that waits always says until when.
    @Test("holds its promises through every sequence of four inputs")
    func exhaustive() {
        let inputs = Input.allCases
        var sequences = 0
        for first in inputs {
            for second in inputs {
                for third in inputs {
                    for fourth in inputs {
                        run([.wantLounge, first, second, third, fourth])
                        sequences += 1
                    }
                }
            }
        }
        #expect(sequences == inputs.count * inputs.count * inputs.count * inputs.count)
    }

    private func run(_ inputs: [Input]) {
        let (lounge, attic) = (ChannelID(1), ChannelID(2))
        var voice = VoiceHandshake()
        var now = ContinuousClock.now
        var generation = 0
        var number = 0
        for input in inputs {
            now += .milliseconds(200)
            number += 1
            let actions: [VoiceHandshake.Action] =
                switch input {
                case .wantLounge: voice.want(lounge, now: now)
                case .wantAttic: voice.want(attic, now: now)
                case .wantNothing: voice.want(nil, now: now)
                case .stateLounge: voice.voiceState(sessionID: "s", channel: lounge, now: now)
                case .stateAttic: voice.voiceState(sessionID: "s", channel: attic, now: now)
                case .stateNone: voice.voiceState(sessionID: "s", channel: nil, now: now)
                case .server: voice.voiceServer(token: "t\(number)", endpoint: "e", now: now)
                case .serverNone: voice.voiceServer(token: "t", endpoint: nil, now: now)
                case .closed4006: voice.closed(code: .init(rawValue: 4006), generation: voice.generation, now: now)
                case .closed4014: voice.closed(code: .init(rawValue: 4014), generation: voice.generation, now: now)
                case .identified: voice.gatewayIdentified(now: now)
                case .resumed: voice.gatewayResumed(now: now)
                case .failed: voice.requestFailed(now: now)
                case .tick: voice.tick(now: now)
                }
            check(actions, voice, &generation)
        }
        // Left alone, it comes to rest: connected, lost, out, and never waits for ever.
        for _ in 0..<40 {
            guard let deadline = voice.deadline else { break }
            now = max(now, deadline)
            check(voice.tick(now: now), voice, &generation)
        }
        #expect(voice.deadline == nil, "still waiting after \(inputs)")
    }

    private func check(_ actions: [VoiceHandshake.Action], _ voice: VoiceHandshake, _ generation: inout Int) {
        for case .ready(let credentials, let next) in actions {
            #expect(next == generation + 1)
            generation = next
            #expect(credentials.isComplete)
            #expect(credentials.channelId == voice.wanted)
        }
        if voice.phase == .connected { #expect(voice.credentials?.channelId == voice.wanted) }
        if voice.phase == .out { #expect(voice.wanted == nil) }
    }
}
