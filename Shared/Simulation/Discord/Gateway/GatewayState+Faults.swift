import DequeModule
import DiscordModel

/// What goes wrong on purpose.
extension GatewayState {
    /// Dispatches before the asked one that an overlapping replay repeats.
    static let overlap = 10

    // MARK: - Dispatches

    /// Sends an event to a connection, unless a fault holds it back or cuts it.
    mutating func deliver(_ frame: [UInt8], _ name: String, of bot: UserID, on id: ConnectionID) -> [Action] {
        // What is sent to a connection that is about to end reaches nobody, and meets no fault.
        if faults.isEmpty && held.isEmpty || connections[id]?.isClosing == true { return [.send(id, frame)] }
        let fault = faults.take([.delay, .cutFrame], bot: bot, at: now, "\(name) for \(bot)")
        if let fault, fault.kind == .cutFrame {
            connections[id]?.isClosing = true
            held[id] = nil
            return [.cut(id, frame)]
        }
        // What follows a late event stays behind it: Discord keeps the order of a session.
        guard fault != nil || held[id] != nil else { return [.send(id, frame)] }
        if let count = held[id]?.count, count >= GatewaySession.replayLimit {
            // As with a client that does not read: it can resume.
            connections[id]?.isClosing = true
            held[id] = nil
            return [.drop(id)]
        }
        let due = max(now + (fault?.wait ?? 0), held[id]?.last?.due ?? 0)
        held[id, default: []].append(HeldFrame(due: due, bytes: frame))
        return []
    }

    /// The HELLO of a new connection, now, later or never.
    mutating func hello(_ id: ConnectionID) -> [Action] {
        let frame = Self.control(10, ["heartbeat_interval": .integer(Int64(settings.heartbeatInterval))])
        guard let fault = faults.take([.slowHello, .noHello], bot: nil, at: now, "connection \(id)") else {
            return [.send(id, frame)]
        }
        if fault.kind == .slowHello { held[id] = [HeldFrame(due: now + fault.wait, bytes: frame)] }
        return []
    }

    /// Puts VOICE_SERVER_UPDATE before the VOICE_STATE_UPDATE that it belongs to, where a fault wants it so.
    mutating func reordered(_ events: [WorldEvent]) -> [WorldEvent] {
        guard !faults.isEmpty else { return events }
        var events = events
        for index in events.indices where events[index].name == "VOICE_SERVER_UPDATE" {
            guard case .users(let users, _) = events[index].audience, let bot = users.first else { continue }
            let state = events[..<index].lastIndex {
                $0.name == "VOICE_STATE_UPDATE" && $0.payload["user_id"]?.snowflake(UserID.self) == bot
            }
            guard let state,
                faults.take([.voiceServerFirst], bot: bot, at: now, "voice of \(bot)") != nil
            else { continue }
            events.insert(events.remove(at: index), at: state)
        }
        return events
    }

    // MARK: - By itself

    /// Whether something waits for its time.
    var waits: Bool { !held.isEmpty || faults.hasStrikes }

    /// Sends what was held back long enough, and strikes where a fault is due.
    package mutating func pulse(world: inout World) -> [Action] {
        now = world.now
        var actions: [Action] = []
        for id in held.keys.sorted() {
            while let first = held[id]?.first, first.due <= now {
                actions.append(.send(id, first.bytes))
                held[id]?.removeFirst()
            }
            if held[id]?.isEmpty == true { held[id] = nil }
        }
        for fault in faults.dueStrikes(at: now) {
            guard let struck = strike(fault, world: &world) else { continue }
            actions += struck.actions
            faults.struck(fault.id, struck.what, at: now)
        }
        return actions
    }

    /// What a strike does; nil when there is nobody for it.
    private mutating func strike(
        _ fault: Fault<GatewayFaultKind>,
        world: inout World
    ) -> (actions: [Action], what: String)? {
        let application = fault.bot.map { ApplicationID($0.id.rawValue) }
        switch fault.kind {
        case .voiceServer, .voiceDrop:
            let home = world.home
            let present = world.guilds[home]?.voiceStates.keys.filter { world.users[$0]?.isBot == true } ?? []
            let bots = present.filter(fault.concerns).sorted()
            guard !bots.isEmpty else { return nil }
            for bot in bots {
                if fault.kind == .voiceDrop {
                    world.leaveVoice(bot, in: home)
                } else {
                    world.renewVoiceServer(of: bot, in: home)
                }
            }
            return ([], "bots in voice: \(bots.count)")
        default:
            let struck = connections(of: application)
            guard !struck.isEmpty else { return nil }
            let what = "connections: \(struck.count)"
            switch fault.kind {
            case .reconnect: return (struck.map { .send($0.connection, Self.control(7, nil)) }, what)
            case .drop: return (struck.map { .drop($0.connection) }, what)
            case .damage: return (struck.map { .damage($0.connection) }, what)
            case .close:
                let code = GatewayCloseCode(rawValue: UInt16(fault.code))
                return (struck.map { close($0.connection, code) }, "\(what), code \(fault.code)")
            default:
                let resumable = fault.kind == .resumableSession
                return (struck.flatMap { invalidate($0, resumable: resumable, world: &world) }, what)
            }
        }
    }

    /// Connections of a bot, or of all, that have a session and are not about to end.
    private func connections(of application: ApplicationID?) -> [(connection: ConnectionID, session: String)] {
        let found = sessions.values.compactMap { session -> (connection: ConnectionID, session: String)? in
            guard application == nil || session.identity.application == application else { return nil }
            guard let id = session.connection, connections[id]?.isClosing == false else { return nil }
            return (id, session.identity.id)
        }
        return found.sorted { $0.connection < $1.connection }
    }

    /// Opcode 9.
    private mutating func invalidate(
        _ target: (connection: ConnectionID, session: String),
        resumable: Bool,
        world: inout World
    ) -> [Action] {
        connections[target.connection]?.session = nil
        if resumable {
            sessions[target.session]?.connection = nil
            sessions[target.session]?.detachedAt = world.now
        } else {
            end(target.session, world: &world)
        }
        return [.send(target.connection, Self.control(9, .bool(resumable)))]
    }
}
