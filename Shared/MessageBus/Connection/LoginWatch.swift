package import ZeroMQ

/// Whether the log-ins of one socket come through, without any I/O: what to tell the operator when, and when to connect
/// anew after a refusal, which libzmq takes for the end.
package struct LoginWatch: Sendable {
    package enum Trouble: Sendable, Equatable {
        /// Nothing has answered yet.
        case silent
        case refused
        case misunderstood
        case cutOff
    }

    package enum Action: Sendable, Equatable {
        case complain(Trouble)
        case reconnect
    }

    /// Between two complaints, in patiences.
    private static let pause = 6

    private let patience: Duration
    private var trouble: Trouble? = .silent
    private var nextComplaint: ContinuousClock.Instant
    private var nextConnection: ContinuousClock.Instant?

    /// - Parameter patience: how long a failure must last before it is told, and the wait before connecting anew.
    package init(patience: Duration, now: ContinuousClock.Instant) {
        self.patience = patience
        nextComplaint = now + patience
    }

    /// What is wrong now; nil when the last log-in came through.
    package var current: Trouble? { trouble }

    package mutating func heard(_ report: LoginMonitor.Report, now: ContinuousClock.Instant) {
        let before = trouble
        switch report {
        case .succeeded:
            trouble = nil
            nextConnection = nil
        case .refused:
            trouble = .refused
            nextConnection = now + patience
            // That is an answer: there is nothing to wait for.
            if before != .refused { nextComplaint = now }
        case .misunderstood: trouble = .misunderstood
        case .cutOff: trouble = .cutOff
        }
        // One that begins may be a bus that is just stopping.
        if before == nil, trouble != nil, trouble != .refused { nextComplaint = now + patience }
    }

    /// What is due now.
    package mutating func tick(_ now: ContinuousClock.Instant) -> [Action] {
        var actions: [Action] = []
        if let trouble, nextComplaint <= now {
            nextComplaint = now + patience * Self.pause
            actions.append(.complain(trouble))
        }
        if let due = nextConnection, due <= now {
            nextConnection = nil
            actions.append(.reconnect)
        }
        return actions
    }
}
