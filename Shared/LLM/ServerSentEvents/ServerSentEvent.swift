/// One event of an event stream.
package struct ServerSentEvent: Sendable, Hashable {
    /// The `event:` field; empty when the server gave none, which means `message`.
    package var name: String
    /// The `data:` fields, joined by line feeds.
    package var data: String

    package init(name: String = "", data: String) {
        self.name = name
        self.data = data
    }
}
