package import DiscordModel
package import LavalinkModel

/// Brings one bot into one guild's voice channel and keeps its credentials right: a pure state machine.
///
/// A join is one request to the gateway (opcode 4) and two answers in either order: the bot's own
/// `VOICE_STATE_UPDATE` (session and channel) and `VOICE_SERVER_UPDATE` (token and endpoint). Only both together are
/// worth sending to a node. A token paired with another channel's session is refused by Discord (4006), so a change
/// while connected waits a moment for its other half.
///
/// Every input returns the actions that follow from it; `deadline` says when `tick` is due. Times are the caller's.
package struct VoiceHandshake: Hashable, Sendable {
    package typealias Instant = ContinuousClock.Instant

    package enum Action: Hashable, Sendable {
        /// Opcode 4 with this channel.
        case join(ChannelID)
        /// Opcode 4 with no channel.
        case leave
        /// The credentials are new and belong together: a node may have them.
        case ready(VoiceCredentials, generation: Int)
        /// A moderator moved the bot; it stays where it was put.
        case moved(ChannelID)
        /// The node cannot encrypt as Discord requires: another node, or none.
        case nodeUnfit
        /// The bot is out and does not come back by itself.
        case lost(Loss)
    }

    package enum Loss: String, Hashable, Sendable {
        /// A moderator disconnected it.
        case kicked
        /// The channel is gone or the call was ended by Discord.
        case callEnded
        /// Discord did not answer, or refused again and again.
        case unanswered
    }

    package enum Phase: Hashable, Sendable {
        /// Neither wanted nor there.
        case out
        /// Asked to join; `attempt` counts from 1.
        case joining(until: Instant, attempt: Int)
        /// Both halves are there and may still change.
        case settling(until: Instant)
        case connected
        /// Asked to leave in order to join anew; the join follows the confirmation, at the latest then.
        case rejoining(until: Instant)
        /// Out of the channel without our doing; by then it is known whether the gateway's session was the reason.
        case dropped(until: Instant)
        /// Waits for what Discord may send by itself; joins anew then.
        case waiting(until: Instant)
        case lost(Loss)
    }

    private struct Session: Hashable, Sendable {
        var id: String
        var channel: ChannelID
    }

    private struct Server: Hashable, Sendable {
        var token: String
        var endpoint: String
    }

    /// How long each thing is waited for.
    package struct Patience: Hashable, Sendable {
        package var join: Duration = .seconds(5)
        package var settle: Duration = .milliseconds(300)
        package var leave: Duration = .seconds(1)
        /// Between a drop and the conclusion that a moderator did it.
        package var drop: Duration = .milliseconds(1500)
        /// After 4014, for a new voice state or server.
        package var state: Duration = .seconds(2)
        /// After a lost voice server, for a new one.
        package var server: Duration = .seconds(3)
        /// After an opcode 4 that did not reach the gateway.
        package var gateway: Duration = .seconds(1)
        /// For how long a drop is put down to a gateway session that was lost or resumed.
        package var disturbance: Duration = .seconds(10)
        package var joinAttempts = 3
        /// Rejoins within a minute before it gives up.
        package var rejoins = 5

        package init() {}
    }

    package private(set) var wanted: ChannelID?
    package private(set) var phase = Phase.out
    /// Counts the credentials that were given out; 0 = none yet.
    package private(set) var generation = 0
    /// What was given out last, while it is believed to be valid.
    package private(set) var credentials: VoiceCredentials?

    private let patience: Patience
    private var session: Session?
    private var server: Server?
    private var sessionIsFresh = false
    private var serverIsFresh = false
    private var disturbedAt: Instant?
    private var rejoinTimes: [Instant] = []

    package init(patience: Patience = Patience()) {
        self.patience = patience
    }

    /// When `tick` is due; nil = nothing is waited for.
    package var deadline: Instant? {
        switch phase {
        case .joining(let until, _), .settling(let until), .rejoining(let until), .dropped(let until),
            .waiting(let until):
            until
        case .out, .connected, .lost: nil
        }
    }

    /// The voice channel that the bot was last seen in.
    package var channel: ChannelID? { session?.channel }
}

// MARK: - Inputs

extension VoiceHandshake {
    /// The bot shall be in that channel; nil = in none.
    package mutating func want(_ channel: ChannelID?, now: Instant) -> [Action] {
        wanted = channel
        guard let channel else {
            defer { forget() }
            switch phase {
            case .out, .lost(.kicked), .lost(.callEnded):
                phase = .out
                return []
            default:
                phase = .out
                return [.leave]
            }
        }
        switch phase {
        case .connected, .settling:
            if session?.channel == channel { return [] }
            // A move keeps the session; the server may stay the same.
            return join(channel, now: now, keeping: true)
        case .joining, .rejoining, .out, .dropped, .waiting, .lost:
            return join(channel, now: now, keeping: false)
        }
    }

    /// Like `want`, when it is not known whether an earlier process has left the bot in a channel: Discord sends the
    /// server's half only to a bot that was not there.
    package mutating func wantAnew(_ channel: ChannelID, now: Instant) -> [Action] {
        wanted = channel
        forget()
        phase = .rejoining(until: now + patience.leave)
        return [.leave]
    }

    /// A player that a node has kept is still connected with these; nothing has to be asked for.
    package mutating func adopt(_ credentials: VoiceCredentials) {
        guard let channel = credentials.channelId, credentials.isComplete else { return }
        wanted = channel
        session = Session(id: credentials.sessionId, channel: channel)
        server = Server(token: credentials.token, endpoint: credentials.endpoint)
        self.credentials = credentials
        generation += 1
        phase = .connected
    }

    /// The bot's own `VOICE_STATE_UPDATE`.
    package mutating func voiceState(sessionID: String, channel: ChannelID?, now: Instant) -> [Action] {
        guard let channel else { return leftChannel(now: now) }
        switch phase {
        case .out, .lost, .rejoining: return []
        case .joining: break
        case .connected, .settling, .dropped, .waiting:
            if channel != wanted {
                wanted = channel
                session = Session(id: sessionID, channel: channel)
                return [.moved(channel)] + pair(now: now)
            }
        }
        session = Session(id: sessionID, channel: channel)
        sessionIsFresh = true
        return pair(now: now)
    }

    /// `VOICE_SERVER_UPDATE`; no endpoint means that a new server is being looked for.
    package mutating func voiceServer(token: String, endpoint: String?, now: Instant) -> [Action] {
        switch phase {
        case .out, .lost, .rejoining: return []
        case .joining, .settling, .connected, .dropped, .waiting: break
        }
        guard let endpoint, !endpoint.isEmpty else {
            server = nil
            serverIsFresh = false
            if case .joining = phase { return [] }
            phase = .waiting(until: now + patience.join)
            return []
        }
        server = Server(token: token, endpoint: endpoint)
        serverIsFresh = true
        return pair(now: now)
    }

    /// A node's voice connection closed. `generation` is of the credentials that the node had.
    package mutating func closed(code: VoiceCloseCode, generation: Int, now: Instant) -> [Action] {
        // A late word about a connection that has been replaced, or that we are replacing.
        guard phase == .connected, generation == self.generation else { return [] }
        switch code.remedy {
        case .nothing: return []
        case .rejoin: return rejoin(limit: patience.rejoins, now: now)
        case .rejoinOnce: return rejoin(limit: 1, now: now)
        case .awaitServer:
            phase = .waiting(until: now + patience.server)
            return []
        case .awaitState:
            phase = .waiting(until: now + patience.state)
            return []
        case .nodeUnfit: return [.nodeUnfit]
        case .giveUp: return lose(.callEnded)
        }
    }

    /// The node could not connect with these credentials.
    package mutating func refused(generation: Int, now: Instant) -> [Action] {
        guard phase == .connected, generation == self.generation else { return [] }
        return rejoin(limit: patience.rejoins, now: now)
    }

    /// The bot's gateway session was lost and made anew: its voice is gone with it.
    package mutating func gatewayIdentified(now: Instant) -> [Action] {
        disturbedAt = now
        guard let wanted else { return [] }
        switch phase {
        case .out, .lost: return []
        case .joining, .settling, .connected, .rejoining, .dropped, .waiting:
            return join(wanted, now: now, keeping: false)
        }
    }

    /// The bot's gateway session was resumed: its voice may have dropped, and what Discord says next shows it.
    package mutating func gatewayResumed(now: Instant) -> [Action] {
        disturbedAt = now
        guard let wanted, case .dropped = phase else { return [] }
        return join(wanted, now: now, keeping: false)
    }

    /// An opcode 4 did not reach the gateway; that is nobody's refusal, so it is tried for as long as it takes.
    package mutating func requestFailed(now: Instant) -> [Action] {
        switch phase {
        case .joining, .rejoining: phase = .waiting(until: now + patience.gateway)
        case .out, .settling, .connected, .dropped, .waiting, .lost: break
        }
        return []
    }

    /// Time has passed.
    package mutating func tick(now: Instant) -> [Action] {
        guard let deadline, now >= deadline else { return [] }
        switch phase {
        case .joining(_, let attempt): return joinUnanswered(attempt: attempt, now: now)
        case .settling: return publish()
        case .dropped: return lose(.kicked)
        case .rejoining:
            guard let wanted else { return [] }
            return join(wanted, now: now, keeping: false)
        case .waiting:
            return rejoin(limit: patience.rejoins, now: now)
        case .out, .connected, .lost: return []
        }
    }
}

// MARK: - Steps

extension VoiceHandshake {
    private mutating func forget() {
        session = nil
        server = nil
        sessionIsFresh = false
        serverIsFresh = false
        credentials = nil
    }

    private mutating func join(_ channel: ChannelID, now: Instant, keeping: Bool, attempt: Int = 1) -> [Action] {
        if keeping {
            sessionIsFresh = false
            serverIsFresh = false
        } else {
            forget()
        }
        wanted = channel
        phase = .joining(until: now + patience.join, attempt: attempt)
        return [.join(channel)]
    }

    private mutating func joinUnanswered(attempt: Int, now: Instant) -> [Action] {
        guard let wanted else { return [] }
        guard attempt < patience.joinAttempts else { return [.leave] + lose(.unanswered) }
        if session != nil {
            // Already there, so Discord saw no change and sent no server: only leaving makes it send one.
            forget()
            phase = .rejoining(until: now + patience.leave)
            return [.leave]
        }
        return join(wanted, now: now, keeping: false, attempt: attempt + 1)
    }

    private mutating func leftChannel(now: Instant) -> [Action] {
        switch phase {
        // The echo of an earlier leave.
        case .out, .lost, .joining: return []
        case .rejoining:
            guard let wanted else { return [] }
            return join(wanted, now: now, keeping: false)
        case .connected, .settling, .waiting, .dropped:
            forget()
            if let wanted, let disturbedAt, now - disturbedAt <= patience.disturbance {
                return join(wanted, now: now, keeping: false)
            }
            phase = .dropped(until: now + patience.drop)
            return []
        }
    }

    private mutating func rejoin(limit: Int, now: Instant) -> [Action] {
        rejoinTimes.removeAll { now - $0 > .seconds(60) }
        guard rejoinTimes.count < limit else { return [.leave] + lose(.unanswered) }
        rejoinTimes.append(now)
        forget()
        phase = .rejoining(until: now + patience.leave)
        return [.leave]
    }

    private mutating func lose(_ loss: Loss) -> [Action] {
        forget()
        phase = .lost(loss)
        return [.lost(loss)]
    }

    /// Looks whether both halves are there and belong together.
    private mutating func pair(now: Instant) -> [Action] {
        guard let session, let server, session.channel == wanted else { return [] }
        let candidate = VoiceCredentials(
            token: server.token,
            endpoint: server.endpoint,
            sessionId: session.id,
            channelId: session.channel
        )
        switch phase {
        case .joining where sessionIsFresh && serverIsFresh:
            return publish()
        case .connected where candidate == credentials:
            return []
        case .waiting where candidate == credentials:
            // Discord repeats what we have: the connection may be broken all the same, so the wait goes on.
            return []
        default:
            phase = .settling(until: now + patience.settle)
            return []
        }
    }

    private mutating func publish() -> [Action] {
        guard let session, let server else { return [] }
        let ready = VoiceCredentials(
            token: server.token,
            endpoint: server.endpoint,
            sessionId: session.id,
            channelId: session.channel
        )
        credentials = ready
        generation += 1
        phase = .connected
        return [.ready(ready, generation: generation)]
    }
}
