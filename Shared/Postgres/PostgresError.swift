/// Why a statement, a transaction or a connection failed.
package struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// What happened, as far as a caller can act upon it.
    package enum Code: Sendable, Hashable {
        /// No connection could be had before the deadline: the server is down, refuses us, or all connections are busy.
        case unavailable
        /// The connection broke while the work was under way, and the work is certainly undone.
        case connectionLost
        /// The connection broke after a commit, or a statement that commits itself, had been sent: it may be done or
        /// not. Never repeat it blindly; look for its key.
        case outcomeUnknown
        /// The server refused the statement; the value is its SQLSTATE.
        case server(sqlState: String)
        /// The statement took longer than its time-out, and was undone.
        case timeout
        /// A value could not be read as the type that was asked for.
        case decoding
        /// A value could not be written as a parameter.
        case encoding
        /// The waiting task was cancelled. A statement that was already sent may have been carried out.
        case cancelled
        /// The client was closed.
        case closed
        /// A transaction was used after its end, or its statements failed and the failure was swallowed.
        case transactionEnded
        /// The configuration is unusable, a connection string that does not parse for example.
        case configuration
    }

    package let code: Code
    /// One line for an operator; it holds no parameter's value.
    package let message: String
    /// Where in the statement the server saw the fault, in characters from 1.
    package let position: Int?
    /// The violated constraint, when the server named one.
    package let constraint: String?

    package init(_ code: Code, _ message: String, position: Int? = nil, constraint: String? = nil) {
        self.code = code
        self.message = message
        self.position = position
        self.constraint = constraint
    }

    /// Whether the same work, tried again from its start, may succeed and cannot be done twice by that.
    package var isRetriable: Bool {
        switch code {
        case .unavailable, .connectionLost: true
        case .server(let state):
            // Serialization failure, deadlock, too many connections, server starting or stopping, a plan made stale.
            ["40001", "40P01", "53300", "57P01", "57P02", "57P03", "0A000"].contains(state)
        case .outcomeUnknown, .timeout, .decoding, .encoding, .cancelled, .closed, .transactionEnded, .configuration:
            false
        }
    }

    /// Whether the server refused the statement because a row with that key exists (SQLSTATE 23505).
    package var isUniqueViolation: Bool { sqlState == "23505" }

    /// Whether the database cannot be reached at present; waiting may help.
    package var isUnreachable: Bool {
        switch code {
        case .unavailable, .connectionLost: true
        case .server(let state): ["57P01", "57P02", "57P03", "53300"].contains(state)
        default: false
        }
    }

    /// The server's five-character code, if the server refused.
    package var sqlState: String? {
        if case .server(let state) = code { state } else { nil }
    }

    package var description: String {
        switch code {
        case .server(let state): "\(message) (SQLSTATE \(state))"
        default: message
        }
    }
}
