/// The body and the answer of `PATCH /v4/sessions/{session}`.
package struct SessionUpdate: Hashable, Sendable, Codable {
    /// Whether the node keeps the session's players when the WebSocket is lost.
    package var resuming: Bool?
    /// Seconds for which it does.
    package var timeout: Int?

    package init(resuming: Bool?, timeout: Int?) {
        self.resuming = resuming
        self.timeout = timeout
    }
}
