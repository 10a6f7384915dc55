/// The body of an answer that is not 2xx.
package struct LavalinkErrorBody: Hashable, Sendable {
    /// Milliseconds since the Unix epoch.
    package var timestamp: Int64
    package var status: Int
    /// The status in words, `Not Found`.
    package var error: String
    /// What was wrong, for people: `Session not found`.
    package var message: String
    package var path: String

    package init(timestamp: Int64, status: Int, error: String, message: String, path: String) {
        self.timestamp = timestamp
        self.status = status
        self.error = error
        self.message = message
        self.path = path
    }
}

extension LavalinkErrorBody: Codable {
    private enum CodingKeys: String, CodingKey {
        case timestamp, status, error, message, path
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        timestamp = container.lenientInt64(.timestamp) ?? 0
        status = container.lenientInt(.status) ?? 0
        error = container.lenientString(.error) ?? ""
        message = container.lenientString(.message) ?? ""
        path = container.lenientString(.path) ?? ""
    }
}
