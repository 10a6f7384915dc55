/// Whether the switchboard is there, without any I/O: hello until welcomed, a pulse now and then, lost after silence.
package struct BrokerLink: Sendable {
    package enum Action: Sendable, Equatable {
        case sendHello
        case sendPulse
        /// The switchboard counts as gone.
        case lost
    }

    private enum State {
        case greeting
        case up
    }

    private let pulse: Duration
    private let patience: Duration
    private var state = State.greeting
    private var lastSent: ContinuousClock.Instant?
    private var lastHeard: ContinuousClock.Instant

    package init(pulse: Duration, patience: Duration, now: ContinuousClock.Instant) {
        self.pulse = pulse
        self.patience = patience
        lastHeard = now
    }

    package var isUp: Bool { state == .up }

    /// What is due now.
    package mutating func tick(_ now: ContinuousClock.Instant) -> [Action] {
        var actions: [Action] = []
        if state == .up, now - lastHeard >= patience {
            state = .greeting
            lastSent = nil
            actions.append(.lost)
        }
        if let lastSent, now - lastSent < pulse { return actions }
        actions.append(state == .up ? .sendPulse : .sendHello)
        return actions
    }

    /// The socket took what `tick` asked for.
    package mutating func sent(_ now: ContinuousClock.Instant) {
        lastSent = now
    }

    /// Any message has come from the switchboard.
    package mutating func heard(_ now: ContinuousClock.Instant) {
        lastHeard = now
    }

    package mutating func welcomed() {
        state = .up
    }

    /// The switchboard does not know us (it restarted, or our connection did): hello is due at once.
    package mutating func forgotten() {
        state = .greeting
        lastSent = nil
    }

    /// When `tick` has something to do next.
    package func nextTick(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        guard let lastSent else { return now }
        let next = lastSent + pulse
        return state == .up ? min(next, lastHeard + patience) : next
    }
}
