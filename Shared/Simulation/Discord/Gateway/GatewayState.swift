import Compression
import DequeModule
package import DiscordModel

/// The gateway as a state machine: connections and sessions, without sockets.
///
/// What arrives is handed in with the world and the time; what must be done comes back as ``Action``s, to be performed
/// in order. Source: gateway documentation, "Connection Lifecycle" and "Gateway Close Event Codes".
package struct GatewayState: Sendable {
    package typealias ConnectionID = UInt64

    package enum Action: Sendable, Equatable {
        case send(ConnectionID, [UInt8])
        case close(ConnectionID, GatewayCloseCode)
        /// Cuts the connection without a close frame.
        case drop(ConnectionID)
        /// Sends bytes that continue no compressed stream and are no JSON.
        case damage(ConnectionID)
        /// Sends half of a frame, then cuts the connection.
        case cut(ConnectionID, [UInt8])
    }

    package struct Settings: Sendable {
        package var heartbeatInterval: EpochMilliseconds = 41_250
        /// The least time between two IDENTIFYs of one bot's bucket.
        package var identifyInterval: EpochMilliseconds = 5000
        package var maxConcurrency = 1
        package var identifiesPerDay = 1000
        /// What `/gateway/bot` recommends.
        package var recommendedShards = 1
        /// IDENTIFYs with fewer are closed with 4011.
        package var fewestShards = 1
        /// Frames that a connection may send in 60 s.
        package var sendLimit = 120
        /// A client that does not identify within that time is closed.
        package var identifyDeadline: EpochMilliseconds = 60_000

        package init() {}
    }

    struct Connection {
        let version: Int
        let compression: TransportCompression
        let openedAt: EpochMilliseconds
        var session: String?
        var lastHeartbeat: EpochMilliseconds
        var isClosing = false
        var sent: [EpochMilliseconds] = []
    }

    /// A frame that a fault makes late.
    struct HeldFrame {
        let due: EpochMilliseconds
        let bytes: [UInt8]
    }

    struct IdentifyBucket: Hashable {
        let application: ApplicationID
        let index: Int
    }

    package var settings: Settings
    /// What READY gives for resuming (`ws://127.0.0.1:8090`).
    package var resumeURL = ""
    var connections: [ConnectionID: Connection] = [:]
    var sessions: [String: GatewaySession] = [:]
    var lastIdentify: [IdentifyBucket: EpochMilliseconds] = [:]
    var identifies: [ApplicationID: [EpochMilliseconds]] = [:]
    package var faults = FaultBook<GatewayFaultKind>()
    /// What connections are to be sent later, in order.
    var held: [ConnectionID: Deque<HeldFrame>] = [:]
    /// The time of the latest call.
    var now: EpochMilliseconds = 0
    var nextConnection: ConnectionID = 1
    var nextSession: UInt64 = 1

    package init(settings: Settings = Settings()) {
        self.settings = settings
    }

    // MARK: - Connections

    /// A client has connected with the query of its URL.
    ///
    /// For a `compress` that is no transport compression Discord documents no code; it is refused like an encoding.
    package mutating func open(
        version: Int?,
        encoding: String?,
        compress: String? = nil,
        at now: EpochMilliseconds
    ) -> (ConnectionID, [Action]) {
        let id = nextConnection
        nextConnection += 1
        self.now = now
        let compression = TransportCompression(query: compress)
        connections[id] = Connection(
            version: version ?? 10,
            compression: compression ?? .plain,
            openedAt: now,
            lastHeartbeat: now
        )
        if let version, version != 9, version != 10 { return (id, [close(id, .invalidVersion)]) }
        if encoding ?? "json" != "json" || compression == nil { return (id, [close(id, .decodeError)]) }
        return (id, hello(id))
    }

    /// The connection is gone. Codes 1000 and 1001 end the session; everything else leaves it to be resumed.
    package mutating func closed(_ id: ConnectionID, peerCode: UInt16?, world: inout World) {
        held[id] = nil
        guard let connection = connections.removeValue(forKey: id), let session = connection.session,
            sessions[session]?.connection == id
        else { return }
        sessions[session]?.connection = nil
        sessions[session]?.detachedAt = world.now
        if peerCode == 1000 || peerCode == 1001 { end(session, world: &world) }
    }

    mutating func close(_ id: ConnectionID, _ code: GatewayCloseCode) -> Action {
        connections[id]?.isClosing = true
        return .close(id, code)
    }

    /// Forgets a session for good; a bot without sessions goes offline and leaves voice.
    mutating func end(_ session: String, world: inout World) {
        guard let ended = sessions.removeValue(forKey: session)?.identity else { return }
        guard !sessions.values.contains(where: { $0.identity.application == ended.application }) else { return }
        for guild in world.guilds.keys { world.leaveVoice(ended.bot, in: guild) }
        world.setOnline(ended.bot, false)
    }

    // MARK: - Time

    /// Closes zombies and forgets sessions that nobody resumed.
    package mutating func tick(world: inout World) -> [Action] {
        now = world.now
        var actions: [Action] = []
        for (id, connection) in connections where !connection.isClosing {
            if connection.session == nil, connection.openedAt + settings.identifyDeadline < now {
                actions.append(close(id, .sessionTimedOut))
            } else if connection.lastHeartbeat + settings.heartbeatInterval * 2 < now {
                actions.append(close(id, .unknownError))
            }
        }
        for (id, session) in sessions {
            if let since = session.detachedAt, since + GatewaySession.lifetime < now { end(id, world: &world) }
        }
        return actions
    }

    /// The bot's state for `GET /gateway/bot`.
    package mutating func sessionStartLimit(of application: ApplicationID, at now: EpochMilliseconds) -> JSONValue {
        let day: EpochMilliseconds = 86_400_000
        let recent = (identifies[application] ?? []).filter { $0 + day > now }
        let reset = recent.first.map { $0 + day - now } ?? 0
        return [
            "total": .int(settings.identifiesPerDay),
            "remaining": .int(max(settings.identifiesPerDay - recent.count, 0)),
            "reset_after": .integer(Int64(reset)), "max_concurrency": .int(settings.maxConcurrency),
        ]
    }

    // MARK: - Events

    /// Hands events to the sessions that may hear them; each payload is serialised once a shape.
    package mutating func dispatch(_ events: [WorldEvent], world: World) -> [Action] {
        now = world.now
        var actions: [Action] = []
        for event in reordered(events) {
            var full: [UInt8]?
            var stripped: [UInt8]?
            for id in sessions.keys {
                guard let identity = sessions[id]?.identity, hears(identity, event, world) else { continue }
                let payload: [UInt8]
                if let visible = event.contentVisibleTo, !identity.intents.contains(.messageContent),
                    !visible.contains(identity.bot)
                {
                    payload = stripped ?? event.strippedPayload.bytes
                    stripped = payload
                } else {
                    payload = full ?? event.payload.bytes
                    full = payload
                }
                let frame = sessions[id]?.frame(name: event.name, payload: payload)
                if let connection = sessions[id]?.connection, let frame {
                    actions += deliver(frame, event.name, of: identity.bot, on: connection)
                }
            }
        }
        return actions
    }

    private func hears(_ session: GatewayIdentity, _ event: WorldEvent, _ world: World) -> Bool {
        let bot = session.bot
        let wanted =
            event.intents.isEmpty || !session.intents.isDisjoint(with: event.intents) || event.alsoFor.contains(bot)
        guard wanted else { return false }
        switch event.audience {
        case .guild(let guild):
            return session.covers(guild) && world.guilds[guild]?.members[bot] != nil
        case .channel(let guild, let channel):
            guard session.covers(guild), let channel = world.channels[channel] else { return false }
            return world.permissions(of: bot, in: channel).contains(.viewChannel)
        case .permitted(let guild, let any):
            return session.covers(guild) && !world.permissions(of: bot, in: guild).isDisjoint(with: any)
        case .users(let users, let guild):
            return users.contains(bot) && session.covers(guild)
        }
    }

    /// One event for one session.
    mutating func emit(_ name: String, _ payload: JSONValue, to session: String) -> [Action] {
        guard let frame = sessions[session]?.frame(name: name, payload: payload.bytes),
            let connection = sessions[session]?.connection, let bot = sessions[session]?.identity.bot
        else { return [] }
        return deliver(frame, name, of: bot, on: connection)
    }

    static func control(_ op: Int, _ data: JSONValue) -> [UInt8] {
        Array("{\"t\":null,\"s\":null,\"op\":\(op),\"d\":\(data.text)}".utf8)
    }

    /// The sessions that are connected, and how.
    package func connectionSummary(_ world: World) -> JSONValue {
        let rows = sessions.values.compactMap { session -> (String, JSONValue)? in
            guard let connection = session.connection.flatMap({ connections[$0] }) else { return nil }
            let name = world.applications[session.identity.application]?.name ?? ""
            return (name, ["bot": .string(name), "compress": .string(connection.compression.rawValue)])
        }
        return .array(rows.sorted { $0.0 < $1.0 }.map(\.1))
    }
}
