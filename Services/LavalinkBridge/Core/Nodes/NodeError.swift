/// Why a call to a node failed.
package struct NodeError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// 404: the node does not know the session, or keeps it for a connection that is away.
        case sessionGone
        /// 404: there is no such player.
        case playerGone
        /// 401 or 403: the password is wrong.
        case refused
        /// 400: it does not take what we sent.
        case invalid
        /// The node could not connect to Discord's voice server.
        case voiceRefused
        /// 5xx, or an answer that cannot be read.
        case nodeFailed
        /// No connection, or no answer in time.
        case unreachable
    }

    package let code: Code
    /// One line for an operator, without session or token.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same call may succeed later or at another node.
    package var isRetriable: Bool {
        switch code {
        case .sessionGone, .voiceRefused, .nodeFailed, .unreachable: true
        case .playerGone, .refused, .invalid: false
        }
    }

    package var description: String { message }
}
