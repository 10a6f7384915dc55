internal import AsyncHTTPClient
internal import NIOCore
internal import NIOPosix

/// One time a request was sent, or tried to be.
struct Attempt: Sendable {
    enum Outcome: Sendable {
        case answered(Int, [UInt8])
        /// Nothing reached Discord.
        case unsent(String)
        /// It may have reached Discord; no answer came.
        case lost(String)
    }

    var outcome: Outcome
    var report: LimitReport
    var duration: Duration
}

extension Error {
    /// Whether the request cannot have left: there was no connection to send it on.
    var happenedBeforeSending: Bool {
        if self is NIOConnectionError { return true }
        if let error = self as? ChannelError, case .connectTimeout = error { return true }
        guard let error = self as? HTTPClientError else { return false }
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout, .httpProxyHandshakeTimeout,
            .socksHandshakeTimeout, .invalidURL, .emptyHost, .emptyScheme, .alreadyShutdown:
            return true
        default:
            return false
        }
    }
}

extension Duration {
    var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
