/// The local Lavalink node itself: sessions, players and rules, without I/O and without a clock.
///
/// Times are milliseconds since 1970 and are told to it. What clients are to be sent waits in the sessions until
/// ``takeMessages()``.
package struct LavalinkNode: Sendable {
    /// Sessions that may exist at once; a real node ends with its memory.
    private static let sessionLimit = 1_024
    private static let statsInterval: Int64 = 60_000

    package private(set) var sessions: [String: NodeSession] = [:]
    package var catalogue: TrackCatalogue
    package var timing: SimulatedPlayer.Timing
    package var disabledFilters: Set<String> = []
    package private(set) var now: Int64
    private let startedAt: Int64
    private var choice = SeededChoice(seed: "sessions")

    package init(
        catalogue: TrackCatalogue = TrackCatalogue(),
        timing: SimulatedPlayer.Timing = .init(),
        now: Int64
    ) {
        self.catalogue = catalogue
        self.timing = timing
        self.now = now
        startedAt = now
    }

    // MARK: - Sessions

    /// Whether a connection with this `Session-Id` takes up an old session.
    package func canResume(_ id: String?) -> Bool {
        guard let session = id.flatMap({ sessions[$0] }), case .paused(let until) = session.link else { return false }
        return until > now
    }

    /// A client has connected; its `ready` and what follows it wait in the session.
    ///
    /// - Returns: the session's id; nil when there are too many.
    package mutating func connect(user: UInt64, resuming id: String?) -> String? {
        if let id, canResume(id), var session = sessions[id] {
            session.link = .connected
            // First that it is resumed, then what it missed, then where its players are.
            session.outgoing.insert(ready(id, resumed: true), at: 0)
            for player in session.players.values.sorted(by: { $0.guild < $1.guild }) {
                session.outgoing.append(player.message(for: .state, now: now))
            }
            session.nextStats = now + Self.statsInterval
            sessions[id] = session
            return id
        }
        guard sessions.count < Self.sessionLimit else { return nil }
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        let new = String((0..<16).map { _ in alphabet[Int(choice.next() % 36)] })
        var session = NodeSession(id: new, user: user, nextStats: now + Self.statsInterval)
        session.outgoing = [ready(new, resumed: false), statsMessage(of: session)]
        sessions[new] = session
        return new
    }

    private func ready(_ id: String, resumed: Bool) -> JSONValue {
        ["op": "ready", "resumed": .bool(resumed), "sessionId": .string(id)]
    }

    /// The connection of a session is gone: the session waits if it was told to, else it dies with its players.
    package mutating func disconnect(_ id: String) {
        guard var session = sessions[id], session.link == .connected else { return }
        guard session.isResuming else {
            sessions[id] = nil
            return
        }
        session.link = .paused(until: now + session.timeout * 1_000)
        sessions[id] = session
    }

    /// Ends a session, whether it was to be resumed or not.
    package mutating func forget(_ id: String) { sessions[id] = nil }

    /// `PATCH /v4/sessions/{session}`.
    package mutating func configure(_ id: String, _ body: JSONValue?) throws(LavalinkError) -> JSONValue {
        var session = try session(id)
        guard let body, body.objectValue != nil else { throw LavalinkError(400, "Failed to read request") }
        if let resuming = body["resuming"], !resuming.isNull {
            guard let value = resuming.boolValue else { throw LavalinkError(400, "resuming must be a boolean") }
            session.isResuming = value
        }
        if let timeout = body["timeout"], !timeout.isNull {
            guard let seconds = timeout.integerValue, seconds >= 0 else {
                throw LavalinkError(400, "timeout must be a number of seconds")
            }
            session.timeout = min(seconds, 86_400)
        }
        sessions[id] = session
        return ["resuming": .bool(session.isResuming), "timeout": .integer(session.timeout)]
    }

    /// A session that can be spoken to: one whose client is away cannot.
    private func session(_ id: String) throws(LavalinkError) -> NodeSession {
        guard let session = sessions[id], session.link == .connected else { throw .sessionNotFound }
        return session
    }

    // MARK: - Players

    package func players(of id: String) throws(LavalinkError) -> JSONValue {
        let players = try session(id).players.values.sorted { $0.guild < $1.guild }
        return .array(players.map { $0.json(now: now) })
    }

    package func player(_ guild: String, of id: String) throws(LavalinkError) -> JSONValue {
        guard let player = try session(id).players[guild] else { throw .playerNotFound }
        return player.json(now: now)
    }

    /// `PATCH …/players/{guild}`: creates the player where there is none.
    ///
    /// - Parameter acceptsVoice: whether Discord's voice server lets this bot in with those credentials.
    package mutating func update(
        _ guild: String,
        of id: String,
        _ change: PlayerChange,
        noReplace: Bool = false,
        acceptsVoice: (_ user: UInt64, _ voice: PlayerChange.Voice) -> Bool = { _, _ in true }
    ) throws(LavalinkError) -> JSONValue {
        var session = try session(id)
        guard let number = UInt64(guild), number > 0 else { throw LavalinkError(400, "Invalid guild id") }
        var player = session.players[guild] ?? SimulatedPlayer(guild: guild, timing: timing, now: now)
        var next: SimulatedTrack?
        let isBusy = noReplace && player.track != nil
        if !isBusy { next = try track(for: change) }
        var change = change
        if isBusy {
            change.encoded = .absent
            change.identifier = nil
            change.userData = nil
        }
        var voiceFailed = false
        if let voice = change.voice {
            if acceptsVoice(session.user, voice) {
                player.connect(voice)
            } else {
                player.closeVoice(code: 4006, reason: "Session is no longer valid.", byRemote: true)
                voiceFailed = true
            }
        }
        if !voiceFailed {
            player.apply(change)
            if let next {
                player.play(next, change)
            } else if change.encoded == .null {
                player.stop()
            }
        }
        session.players[guild] = player
        session.collect(from: guild, now: now)
        sessions[id] = session
        if voiceFailed { throw .voiceFailed }
        return player.json(now: now)
    }

    /// The track that a change names; nil when it names none.
    private mutating func track(for change: PlayerChange) throws(LavalinkError) -> SimulatedTrack? {
        if case .value(let encoded) = change.encoded {
            guard let track = TrackEncoding.decode(encoded) else { throw LavalinkError(500, "Failed to decode track") }
            return track
        }
        guard let identifier = change.identifier else { return nil }
        guard case .track(let track) = catalogue.load(identifier) else {
            throw LavalinkError(400, "The identifier does not lead to exactly one track")
        }
        return track
    }

    package mutating func destroy(_ guild: String, of id: String) throws(LavalinkError) {
        var session = try session(id)
        if var player = session.players[guild] {
            player.stop()
            session.players[guild] = player
            session.collect(from: guild, now: now)
            session.players[guild] = nil
        }
        sessions[id] = session
    }

    /// Does something to a player, as if from outside: faults, and what Discord does to voice.
    package mutating func disturb(
        _ guild: String,
        of id: String,
        _ body: (inout SimulatedPlayer) -> Void
    ) {
        guard var session = sessions[id], var player = session.players[guild] else { return }
        body(&player)
        session.players[guild] = player
        session.collect(from: guild, now: now)
        sessions[id] = session
    }

    // MARK: - Time and messages

    /// Moves the time on and does what falls due: ends of tracks, reports, statistics, ends of sessions.
    package mutating func advance(to instant: Int64) {
        now = max(now, instant)
        for (id, var session) in sessions {
            if case .paused(let until) = session.link, until <= now {
                sessions[id] = nil
                continue
            }
            for guild in session.players.keys {
                session.players[guild]?.advance(to: now)
                session.collect(from: guild, now: now)
            }
            sessions[id] = session
        }
        for (id, session) in sessions where session.link == .connected && session.nextStats <= now {
            let message = statsMessage(of: session)
            sessions[id]?.nextStats = now + Self.statsInterval
            sessions[id]?.outgoing.append(message)
        }
    }

    /// When something will happen by itself, milliseconds since 1970.
    package var deadline: Int64? {
        sessions.values
            .flatMap { session in
                session.players.values.compactMap(\.deadline)
                    + (session.link == .connected ? [session.nextStats] : [])
            }
            .min()
    }

    /// What connected clients are to be sent, each client's messages in order.
    package mutating func takeMessages() -> [(session: String, message: JSONValue)] {
        var messages: [(session: String, message: JSONValue)] = []
        for (id, session) in sessions where session.link == .connected && !session.outgoing.isEmpty {
            messages += session.outgoing.map { (id, $0) }
            sessions[id]?.outgoing = []
        }
        return messages
    }

    // MARK: - Statistics

    /// The statistics of the whole node, as `GET /v4/stats` gives them.
    package var stats: [String: JSONValue] {
        let players = sessions.values.flatMap(\.players.values)
        let playing = players.count { $0.track != nil && !$0.isPaused }
        let used = 96 << 20 + Int64(playing) * (6 << 20)
        return [
            "players": .integer(Int64(players.count)), "playingPlayers": .integer(Int64(playing)),
            "uptime": .integer(now - startedAt),
            "memory": [
                "free": .integer(512 << 20 - used), "used": .integer(used), "allocated": .integer(512 << 20),
                "reservable": .integer(1 << 30),
            ],
            "cpu": [
                "cores": 2, "systemLoad": .number(min(1, 0.05 + 0.02 * Double(playing))),
                "lavalinkLoad": .number(min(1, 0.01 + 0.015 * Double(playing))),
            ],
        ]
    }

    /// With the frames of this session, which are known once one of its players has played for a minute.
    private func statsMessage(of session: NodeSession) -> JSONValue {
        var members = stats
        members["op"] = "stats"
        let hasFrames = session.players.values.contains { ($0.playingSince.map { now - $0 } ?? 0) >= 60_000 }
        members["frameStats"] = hasFrames ? ["sent": 3_000, "nulled": 0, "deficit": 0] : nil as JSONValue
        return .object(members)
    }
}
