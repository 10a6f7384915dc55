import DiscordModel

/// What goes wrong on purpose.
extension LavalinkDouble: FaultyDouble {
    package var faultTarget: FaultTarget { .lavalink }
    package var faultCatalogue: [JSONValue] { FaultBook<LavalinkFaultKind>.catalogue }

    package func order(_ order: FaultOrder) throws(FaultRefused) -> String {
        let id = try withFaults { faults throws(FaultRefused) in try faults.add(order, at: moment) }
        if isDead { drop(takeSockets(of: nil)) }
        strike()
        return id
    }

    /// Fails from now on in that way.
    package func inject(_ fault: LavalinkFault) {
        // Only a book that is full refuses one of these; no test orders so many.
        _ = try? order(fault.order)
    }

    package func faultReport() -> FaultReport { withFaults { $0.report(at: moment) } }
    package func endFault(_ id: String) -> Bool { withFaults { $0.end(id) } }
    package func clearFaults() { withFaults { $0.clear() } }

    private var moment: EpochMilliseconds { EpochMilliseconds(now) }

    var isDead: Bool { withFaults { $0.lasts(.dead, at: moment) } }

    // MARK: - Strikes

    /// Strikes where a fault is due and finds somebody.
    func strike() {
        for fault in withFaults({ $0.dueStrikes(at: moment) }) {
            let hit = strike(fault)
            guard hit > 0 else { continue }
            let what = "\(fault.kind.strikesSockets ? "sockets" : "players"): \(hit)"
            withFaults { $0.struck(fault.id, what, at: moment) }
        }
    }

    /// - Returns: how many sockets or players it found.
    private func strike(_ fault: Fault<LavalinkFaultKind>) -> Int {
        let bot = fault.bot?.id.rawValue
        switch fault.kind {
        case .stuck: return disturb(bot, where: \.isBusy) { $0.becomeStuck() }
        case .exception: return disturb(bot, where: \.isBusy) { $0.breakTrack() }
        case .voiceClosed:
            return disturb(bot, where: \.isConnected) { player in
                player.closeVoice(code: fault.code, reason: "Closed on purpose.", byRemote: true)
            }
        case .close:
            let sockets = takeSockets(of: bot)
            for socket in sockets { socket.close(code: UInt16(fault.code)) }
            return sockets.count
        default: return drop(takeSockets(of: bot, forgetting: fault.kind == .sessionLost))
        }
    }

    @discardableResult
    private func drop(_ sockets: [WebSocketConnection]) -> Int {
        for socket in sockets { socket.drop() }
        return sockets.count
    }

    private func disturb(
        _ bot: UInt64?,
        where fits: KeyPath<SimulatedPlayer, Bool>,
        _ body: (inout SimulatedPlayer) -> Void
    ) -> Int {
        withNode { node in
            var count = 0
            for session in node.sessions.values where bot == nil || session.user == bot {
                for (guild, player) in session.players where player[keyPath: fits] {
                    node.disturb(guild, of: session.id, body)
                    count += 1
                }
            }
            return count
        }
    }

    // MARK: - Requests

    /// What a request meets.
    enum Meeting: Sendable {
        case nothing
        case wait(Duration)
        case status(Int)
        /// The connection closes without an answer.
        case silence
    }

    /// - Parameter path: the request's; it names the session, and so the bot.
    func meetFault(_ path: String) -> Meeting {
        if withFaults({ $0.take([.dead], bot: nil, at: moment, path) }) != nil { return .silence }
        let parts = path.split(separator: "/")
        let session = parts.count > 2 && parts[1] == "sessions" ? String(parts[2]) : nil
        let bot = session.flatMap { user(of: $0) }.map { UserID(rawValue: $0) }
        let kinds: Set<LavalinkFaultKind> = [.status500, .status502, .status503, .delay]
        guard let fault = withFaults({ $0.take(kinds, bot: bot, at: moment, path) }) else { return .nothing }
        return fault.kind.status.map { .status($0) } ?? .wait(.milliseconds(Int64(fault.wait)))
    }

    /// Uses up one failing load, if one is due.
    func takeLoadError(_ identifier: String) -> Bool {
        withFaults { $0.take([.loadErrors], bot: nil, at: moment, identifier) } != nil
    }
}

extension SimulatedPlayer {
    fileprivate var isBusy: Bool { track != nil }
}

extension LavalinkFaultKind {
    fileprivate var strikesSockets: Bool {
        switch self {
        case .stuck, .exception, .voiceClosed: false
        default: true
        }
    }
}
