/// A token, key or password. It has no description: a log line or an error that interpolates one shows `<secret>`.
package struct Secret: Sendable, Hashable, ExpressibleByStringLiteral {
    private let value: String

    /// Wraps a secret that was read from a setting or a file.
    package init(_ value: String) {
        self.value = value
    }

    /// For tests; a secret is never written in code.
    package init(stringLiteral value: String) {
        self.value = value
    }

    /// The secret itself. Call it where the bytes leave the process, nowhere else.
    package func reveal() -> String {
        value
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<secret>" }
    package var debugDescription: String { "<secret>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
