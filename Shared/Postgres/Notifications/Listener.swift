import Logging

/// One `withNotifications` block in the engine: which channels, where to, and its connection's state.
struct Listener {
    let channels: [String]
    let sink: NotificationSink
    var connection: ConnectionID?
    var failures = 0
    var retryAt: ContinuousClock.Instant?
    /// When the connection last proved alive.
    var lastContact: ContinuousClock.Instant?

    /// How often an idle connection is asked for a sign of life; a dead network path shows in no other way.
    static let pingInterval: Duration = .seconds(15)
}
