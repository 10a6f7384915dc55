/// A refusal of the local node, with the HTTP status that Lavalink gives it.
package struct LavalinkError: Error, Sendable, Equatable {
    package let status: Int
    package let message: String

    package init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    package static let unauthorized = LavalinkError(401, "Unauthorized")
    package static let forbidden = LavalinkError(403, "Forbidden")
    package static let sessionNotFound = LavalinkError(404, "Session not found")
    package static let playerNotFound = LavalinkError(404, "Player not found")
    package static let voiceFailed = LavalinkError(500, "Failed to connect to voice server")

    /// Whether the same request may succeed later.
    package var isRetriable: Bool { status >= 500 }

    /// Lavalink's error body (Spring's, in fact).
    func body(path: String, now: Int64) -> JSONValue {
        let names = [
            400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
            500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
        ]
        return [
            "timestamp": .integer(now), "status": .integer(Int64(status)),
            "error": .string(names[status] ?? "Error"), "message": .string(message), "path": .string(path),
        ]
    }
}
