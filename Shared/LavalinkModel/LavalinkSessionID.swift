/// The name of one bot's session at one node.
///
/// It is a capability: a node does not check that the caller's user id owns the session. So it has no description, and
/// nothing logs it.
package struct LavalinkSessionID: Hashable, Sendable, Codable, CustomStringConvertible, CustomDebugStringConvertible {
    private let value: String

    package init(_ value: String) {
        self.value = value
    }

    /// The text itself, for a path, a header or the table of sessions.
    package func reveal() -> String {
        value
    }

    package var description: String { "<session>" }
    package var debugDescription: String { "<session>" }

    package init(from decoder: any Decoder) throws {
        value = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
