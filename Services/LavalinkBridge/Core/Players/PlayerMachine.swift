package import BusContract
package import DiscordModel
package import LavalinkModel
package import Store

/// Makes one player be as music wants it: voice, node, track, volume. Pure.
///
/// It compares what is wanted (`desired`) with what its node is known to have (`applied`), and asks for one REST call at
/// a time until both agree. After every doubt (a lost connection, an answer that did not come) it looks at the node
/// before it acts, so that a track is never started twice. Every input returns the actions that follow.
///
/// Inputs are grouped by where they come from: `+Node`, `+Answers`, `+Voice`; the plan itself is in `+Plan`.
package struct PlayerMachine: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package enum Action: Hashable, Sendable {
        case join(ChannelID)
        case leave
        /// `PATCH …/players/{guild}`; the result comes back with the ticket.
        case update(NodeName, PlayerUpdate, ticket: Int)
        /// `GET …/players/{guild}`.
        case inspect(NodeName, ticket: Int)
        /// `DELETE …/players/{guild}`, whatever comes of it.
        case destroy(NodeName)
        /// The node got one more player.
        case assigned(NodeName)
        case nodeUnfit(NodeName)
        /// `observed` has changed.
        case save
        case report(PlayerReportKind, entry: QueueEntryID?, reason: String, position: Int64)
        /// Nothing is wanted and nothing is left: the machine and its row can go.
        case finished
    }

    /// Why a REST call failed, as far as the machine cares.
    package enum Failure: Hashable, Sendable {
        /// 404 for the session: the socket is down, or the node has started anew.
        case sessionGone
        /// The node could not connect to Discord's voice server.
        case voiceRefused
        /// 400: it does not take what we sent.
        case invalid(String)
        /// No answer, or the node's own trouble.
        case unreachable(String)
    }

    /// What the node is known to have.
    struct Applied: Hashable, Sendable {
        var voiceGeneration: Int
        var entry: QueueEntryID?
        var paused: Bool
        var volume: Int
    }

    /// The REST call under way.
    enum Flight: Hashable, Sendable {
        /// `position` is set when the call starts a track.
        case update(ticket: Int, result: Applied, generation: Int64, position: Int64?)
        case inspect(ticket: Int)
    }

    package let key: PlayerKey
    package internal(set) var desired: DesiredPlayer?
    package internal(set) var voice: VoiceHandshake
    package internal(set) var node: NodeName?
    package internal(set) var clock: PositionClock?

    var applied: Applied?
    var flight: Flight?
    var epoch: Int?
    var needsInspection = false
    /// An earlier process may have left the bot in a channel.
    var voiceIsUnknown = false
    var ended: EndedEntry?
    var lost = ""
    var lostGeneration: Int64 = 0
    var observedGeneration: Int64 = 0
    var lastTicket = 0
    var failures = 0
    var stuckInARow = 0
    var retryAt: Instant?

    /// A player that is new.
    package init(key: PlayerKey, patience: VoiceHandshake.Patience = .init()) {
        self.key = key
        voice = VoiceHandshake(patience: patience)
    }

    /// A player that an earlier process left behind.
    package init(observed: ObservedPlayer, patience: VoiceHandshake.Patience = .init(), now: Instant) {
        self.init(key: observed.key, patience: patience)
        voiceIsUnknown = true
        observedGeneration = observed.generation
        ended = observed.ended
        if !observed.node.isEmpty {
            node = NodeName(rawValue: observed.node)
            needsInspection = true
        }
        if let entry = observed.entry {
            clock = PositionClock(entry: entry, position: observed.position, now: now, isRunning: false)
        }
    }

    /// When `tick` is due.
    package var deadline: Instant? {
        [voice.deadline, flight == nil ? retryAt : nil].compactMap { $0 }.min()
    }

    /// The row for `player_observed`. The instant of the position is the caller's to add.
    package func observed(now: Instant) -> ObservedPlayer {
        ObservedPlayer(
            key: key,
            generation: observedGeneration,
            node: node?.rawValue ?? "",
            channel: voice.channel,
            entry: clock?.entry,
            position: clock?.position(now: now) ?? 0,
            isPlaying: clock?.isRunning ?? false,
            ended: ended,
            lost: lost,
            lostGeneration: lostGeneration
        )
    }

    /// The entry to play: a wanted one that has already ended waits for music to name the next.
    var wantedEntry: QueueEntryID? {
        guard let entry = desired?.entry, entry != ended?.entry else { return nil }
        return entry
    }

    /// Music's row, read again; nil = there is none.
    package mutating func want(_ row: DesiredPlayer?, pool: NodePool, now: Instant) -> [Action] {
        let before = desired
        if let row, let before, row.generation <= before.generation { return [] }
        desired = row
        var actions: [Action] = []
        if let row {
            retryAt = nil
            failures = 0
            let isLost = if case .lost = voice.phase { true } else { false }
            let insists = before.map { $0.channel != row.channel || $0.voiceRevision != row.voiceRevision } ?? true
            if isLost || (insists && voice.phase != .out && voice.wanted != row.channel) {
                lost = ""
                actions += perform(voice.want(row.channel, now: now), now: now)
            }
        } else {
            let leaving = voice.want(nil, now: now)
            actions += voiceIsUnknown && leaving.isEmpty ? [.leave] : perform(leaving, now: now)
            voiceIsUnknown = false
        }
        return actions + plan(pool: pool, now: now)
    }

    /// A deadline has come.
    package mutating func tick(pool: NodePool, now: Instant) -> [Action] {
        perform(voice.tick(now: now), now: now) + plan(pool: pool, now: now)
    }
}
