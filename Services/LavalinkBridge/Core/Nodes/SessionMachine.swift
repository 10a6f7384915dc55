package import LavalinkModel

/// The life of one bot's WebSocket at one node: connect, resume, suspect, down. Pure; the shell holds the socket.
package struct SessionMachine: Sendable {
    package enum State: Hashable, Sendable {
        case disconnected
        case connecting
        /// Connected; the node's `ready` has not come.
        case opening
        case ready
    }

    package enum Action: Hashable, Sendable {
        /// The session has a new id: keep it for a restart, and switch resuming on.
        case opened(LavalinkSessionID, resumed: Bool)
        /// Lost, but players may still be there: hold what concerns them.
        case suspect
        /// Not coming back soon: players look for another node.
        case down
    }

    /// What to do before the next attempt.
    package enum Next: Hashable, Sendable {
        case connect(after: Duration, session: LavalinkSessionID?)
        /// The node refused our password: an operator has to act, so we ask rarely.
        case refused(after: Duration)
    }

    package private(set) var state = State.disconnected
    /// Attempts since the session last stood.
    package private(set) var failures = 0
    private var session: LavalinkSessionID?
    private var isDown = false
    private let downAfter: Int

    /// - Parameters:
    ///   - session: The id that an earlier process left behind.
    ///   - downAfter: Failed attempts after which players go elsewhere. Two are made within half a second, for a node
    ///     that is restarted or a connection that was cut refuses or answers at once.
    package init(session: LavalinkSessionID?, downAfter: Int = 2) {
        self.session = session
        self.downAfter = downAfter
    }

    /// - Parameter jitter: 0..<1, drawn by the caller.
    package mutating func next(jitter: Double, refusedPassword: Bool = false) -> Next {
        state = .connecting
        if refusedPassword { return .refused(after: .seconds(30)) }
        return .connect(after: delay(jitter: jitter), session: session)
    }

    private func delay(jitter: Double) -> Duration {
        switch failures {
        case 0: .zero
        case 1: .milliseconds(250)
        default: .milliseconds(Int(500 + jitter * Double(min(1000 << min(failures - 2, 4), 15_000))))
        }
    }

    package mutating func connected() {
        state = .opening
    }

    package mutating func ready(_ session: LavalinkSessionID, resumed: Bool) -> [Action] {
        self.session = session
        state = .ready
        failures = 0
        isDown = false
        return [.opened(session, resumed: resumed)]
    }

    /// The connection ended, or the attempt failed.
    package mutating func disconnected() -> [Action] {
        let before = state
        state = .disconnected
        if before == .ready {
            failures = 0
            return [.suspect]
        }
        failures += 1
        guard failures >= downAfter, !isDown else { return [] }
        isDown = true
        return [.down]
    }
}
