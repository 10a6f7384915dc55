internal import AsyncHTTPClient
internal import DiscordModel
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1
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

extension LimitReport {
    /// Reads the headers of an answer, and for 429 its body.
    init(_ headers: HTTPHeaders, status: Int, body: some Collection<UInt8>) {
        self.init()
        bucket = headers.first(name: "X-RateLimit-Bucket")
        limit = headers.first(name: "X-RateLimit-Limit").flatMap { Int($0) }
        remaining = headers.first(name: "X-RateLimit-Remaining").flatMap { Int($0) }
        // Relative to now: the absolute X-RateLimit-Reset would be read against a clock that may differ from Discord's.
        resetAfter = headers.first(name: "X-RateLimit-Reset-After").flatMap(Self.seconds)
        guard status == 429 else { return }
        let parsed = try? JSONDecoder().decode(RESTErrorBody.self, from: Data(body))
        let retryAfter =
            parsed?.retryAfter.flatMap { Self.seconds($0) } ?? headers.first(name: "Retry-After").flatMap(Self.seconds)
            // A 429 that names no time comes from Cloudflare; asking again soon makes it worse.
            ?? .seconds(60)
        let scope: Scope
        switch headers.first(name: "X-RateLimit-Scope") {
        case "global": scope = .global
        case "shared": scope = .shared
        default: scope = parsed?.global == true || headers.contains(name: "X-RateLimit-Global") ? .global : .user
        }
        rejection = Rejection(retryAfter: retryAfter, scope: scope)
    }

    /// Seconds as text, 0 to an hour; anything else is nil.
    private static func seconds(_ text: String) -> Duration? {
        Double(text).flatMap { seconds($0) }
    }

    private static func seconds(_ value: Double) -> Duration? {
        guard value.isFinite, value >= 0 else { return nil }
        return .milliseconds(Int64((min(value, 3600) * 1000).rounded(.up)))
    }
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
