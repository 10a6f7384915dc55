/// How a client stands with its database, for health pages.
package struct PostgresStatus: Sendable {
    /// Connections that can work.
    package internal(set) var openConnections = 0
    /// Requests that wait for one.
    package internal(set) var waitingRequests = 0
    /// Since when there is no connection; nil while there is one, and before the first attempt.
    package internal(set) var unreachableSince: ContinuousClock.Instant?
    /// Why, in one line.
    package internal(set) var failure: String?

    /// Whether there is a connection.
    package var isReachable: Bool { openConnections > 0 }
}
