/// Why a WebSocket connection did not come about or broke.
package struct WebSocketError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The address is not a WebSocket URL.
        case invalidURL
        /// Plain text to a host other than this one.
        case insecure
        /// No name, no route, no listener, or TLS failed.
        case unreachable
        /// The server answered, but did not upgrade.
        case refused
        case timeout
        /// The peer broke the protocol; the connection was closed with 1002.
        case protocolViolation
        /// The peer sent a message past the limit; the connection was closed with 1009.
        case tooLarge
        /// The connection is closed.
        case closed
        /// The peer reads too slowly: what was sent before has not left yet.
        case congested
    }

    package let code: Code
    package let message: String
    /// The status of an HTTP answer that was no WebSocket.
    package let status: Int?

    package init(code: Code, message: String, status: Int? = nil) {
        self.code = code
        self.message = message
        self.status = status
    }

    /// Whether another connection may do better.
    package var isRetriable: Bool {
        switch code {
        case .invalidURL, .insecure: return false
        default: return true
        }
    }

    package var description: String { message }
}
