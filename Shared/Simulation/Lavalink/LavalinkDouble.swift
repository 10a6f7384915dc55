import DiscordModel
package import NIOHTTP1
import Synchronization

/// Lavalink: a local Lavalink v4 node that plays made-up tracks to nobody, but on time.
///
/// `Node` has the rules as value types that are told the time (``LavalinkNode``, ``SimulatedPlayer``); `Tracks` the
/// catalogue and the binary form of tracks; `REST` the routes; this type owns the node's state, its sockets, its faults
/// and the clock. Facts that are not documented follow the source of Lavalink 4.2.2. A new route is a line in `REST`; a
/// new rule belongs into `Node`.
package final class LavalinkDouble: SimulatedEndpoint {
    package struct Configuration: Sendable {
        package var password: String
        package var clock: any Clock<Duration>
        /// Milliseconds since 1970 at which the clock starts.
        package var start: EpochMilliseconds
        package var timing: SimulatedPlayer.Timing
        package var catalogue: TrackCatalogue

        package init(
            password: String = "youshallnotpass",
            clock: any Clock<Duration> = ContinuousClock(),
            start: EpochMilliseconds,
            timing: SimulatedPlayer.Timing = .init(),
            catalogue: TrackCatalogue = .init()
        ) {
            self.password = password
            self.clock = clock
            self.start = start
            self.timing = timing
            self.catalogue = catalogue
        }
    }

    /// How often players are looked at: ends of tracks come at most so late.
    private static let tick = Duration.milliseconds(100)
    /// How often the local Discord hears where a track is, in milliseconds.
    private static let reportInterval: Int64 = 1_000

    private struct State {
        var node: LavalinkNode
        var sockets: [String: WebSocketConnection] = [:]
        var faults = FaultBook<LavalinkFaultKind>()
        /// What Discord was told last, by session and guild.
        var reported: [Place: Report] = [:]
    }

    private struct Place: Hashable {
        let session: String
        let user: UInt64
        let guild: String
    }

    private struct Report {
        var playing: NowPlaying
        var at: Int64
    }

    let password: String
    let clock: any Clock<Duration>
    private let stopwatch: Stopwatch
    private let authority: (any VoiceAuthority)?
    private let state: Mutex<State>

    /// - Parameter authority: the local Discord that knows voice; nil lets every voice connection in.
    package init(configuration: Configuration, authority: (any VoiceAuthority)? = nil) {
        password = configuration.password
        clock = configuration.clock
        stopwatch = Stopwatch(configuration.clock, start: configuration.start)
        self.authority = authority
        let node = LavalinkNode(
            catalogue: configuration.catalogue,
            timing: configuration.timing,
            now: Int64(configuration.start)
        )
        state = Mutex(State(node: node))
    }

    /// Milliseconds since 1970 by the double's clock.
    package var now: Int64 { Int64(stopwatch.now) }

    /// The node as it is now, for tests.
    package var node: LavalinkNode { withNode { $0 } }

    package func addRoutes(to router: SimulationRouter) { addLavalinkRoutes(to: router) }

    package func listening(at baseURL: String) {
        state.withLock { state in
            if state.node.catalogue.artworkBase == nil { state.node.catalogue.artworkBase = "\(baseURL)/artwork/" }
        }
    }

    // MARK: - State, time and messages

    /// Does something to the node at the time that it is now, and sends what follows from it.
    func withNode<Result, Failure: Error>(
        _ body: (inout LavalinkNode) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let now = now
        let (result, reports) = try state.withLock { state throws(Failure) -> (Result, [(Place, NowPlaying?)]) in
            state.node.advance(to: now)
            let result = try body(&state.node)
            for (session, message) in state.node.takeMessages() {
                state.sockets[session]?.send(.text(message.text))
            }
            return (result, Self.reports(&state, now: now))
        }
        for (place, playing) in reports {
            guard let guild = UInt64(place.guild) else { continue }
            authority?.setPlaying(playing, bot: UserID(rawValue: place.user), guild: GuildID(rawValue: guild))
        }
        return result
    }

    /// What Discord does not know yet about what plays.
    private static func reports(_ state: inout State, now: Int64) -> [(Place, NowPlaying?)] {
        var news: [(Place, NowPlaying?)] = []
        var seen: Set<Place> = []
        for session in state.node.sessions.values {
            for player in session.players.values where player.isConnected {
                guard let track = player.track else { continue }
                let place = Place(session: session.id, user: session.user, guild: player.guild)
                seen.insert(place)
                let playing = NowPlaying(
                    title: track.title,
                    author: track.author,
                    position: UInt64(max(0, player.position)),
                    length: track.isStream ? 0 : UInt64(max(0, track.length)),
                    isPaused: player.isPaused
                )
                if let last = state.reported[place] {
                    var expected = last.playing
                    expected.position = playing.position
                    let drift = Int64(playing.position) - Int64(last.playing.position) - (now - last.at)
                    let isOld = now - last.at >= reportInterval && !playing.isPaused
                    if expected == playing, abs(drift) < 500 || playing.isPaused, !isOld { continue }
                }
                state.reported[place] = Report(playing: playing, at: now)
                news.append((place, playing))
            }
        }
        for place in state.reported.keys where !seen.contains(place) {
            state.reported[place] = nil
            news.append((place, nil))
        }
        return news
    }

    /// Whether Discord's voice server lets a bot in.
    func acceptsVoice(user: UInt64, guild: String, _ voice: PlayerChange.Voice) -> Bool {
        guard let authority else { return true }
        guard let number = UInt64(guild) else { return false }
        return authority.acceptsVoice(
            bot: UserID(rawValue: user),
            guild: GuildID(rawValue: number),
            sessionID: voice.sessionID,
            token: voice.token,
            endpoint: voice.endpoint
        )
    }

    /// Moves the time on, and closes voice connections that Discord has ended (disconnected, moved, new server).
    func look() {
        strike()
        guard authority != nil else { return withNode { _ in } }
        let connected = node.sessions.values.flatMap { session in
            session.players.values.compactMap { player in
                player.isConnected ? player.voice.map { (session.id, session.user, player.guild, $0) } : nil
            }
        }
        let ended = connected.filter { !acceptsVoice(user: $0.1, guild: $0.2, $0.3) }
        withNode { node in
            for (session, _, guild, voice) in ended {
                node.disturb(guild, of: session) { player in
                    // By now the client may have sent new credentials.
                    guard player.voice == voice else { return }
                    player.closeVoice(code: 4014, reason: "Disconnected.", byRemote: true)
                }
            }
        }
    }

    // MARK: - Sockets

    package func webSocketHandler(for request: WebSocketRequest) -> WebSocketHandler? {
        guard request.path == "/v4/websocket", handshakeError(request.headers) == nil,
            let user = request.headers.first(name: "user-id").flatMap({ UInt64($0) })
        else { return nil }
        let resuming = request.headers.first(name: "session-id")
        return { connection in await self.serve(connection, user: user, resuming: resuming) }
    }

    package func webSocketResponseHeaders(for request: WebSocketRequest) -> HTTPHeaders {
        let resumes = withNode { $0.canResume(request.headers.first(name: "session-id")) }
        return ["Session-Resumed": resumes ? "true" : "false", "Lavalink-Api-Version": "4"]
    }

    /// Why a handshake is refused; nil when it is not.
    func handshakeError(_ headers: HTTPHeaders) -> LavalinkError? {
        if isDead { return LavalinkError(503, "The node is dead") }
        if headers.first(name: "authorization") != password { return .unauthorized }
        guard let user = headers.first(name: "user-id").flatMap({ UInt64($0) }), user > 0 else {
            return LavalinkError(400, "User-Id header is missing or invalid")
        }
        return nil
    }

    private func serve(_ connection: WebSocketConnection, user: UInt64, resuming: String?) async {
        let session = state.withLock { state -> String? in
            state.node.advance(to: now)
            let session = state.node.connect(user: user, resuming: resuming)
            if let session { state.sockets[session] = connection }
            return session
        }
        guard let session else { return connection.close(code: 1013, reason: "Too many sessions") }
        withNode { _ in }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    self.look()
                    do { try await self.clock.sleep(for: Self.tick) } catch { return }
                }
            }
            // Clients have nothing to say here; the messages end with the connection.
            for await _ in connection.messages {}
            group.cancelAll()
        }
        state.withLock { state in
            state.node.advance(to: now)
            // A fault has done so before; by now the session can have a new connection.
            guard state.sockets[session] === connection else { return }
            state.sockets[session] = nil
            state.node.disconnect(session)
        }
        withNode { _ in }
    }

    // MARK: - For the faults

    func withFaults<Result, Failure: Error>(
        _ body: (inout FaultBook<LavalinkFaultKind>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try state.withLock { state throws(Failure) in try body(&state.faults) }
    }

    /// The bot of a session; nil when there is no such session.
    func user(of session: String) -> UInt64? { state.withLock { $0.node.sessions[session]?.user } }

    /// Takes the sockets of a bot, or of all, from their sessions, which then wait to be resumed, or end.
    ///
    /// At once, and not when the connections have ended: clients come back at once, too.
    ///
    /// - Parameter forgetting: whether the sessions end, resuming or not.
    func takeSockets(of bot: UInt64?, forgetting: Bool = false) -> [WebSocketConnection] {
        state.withLock { state in
            state.node.advance(to: now)
            let found = state.sockets.filter { bot == nil || state.node.sessions[$0.key]?.user == bot }
            for session in found.keys {
                state.sockets[session] = nil
                if forgetting { state.node.forget(session) } else { state.node.disconnect(session) }
            }
            return Array(found.values)
        }
    }
}
