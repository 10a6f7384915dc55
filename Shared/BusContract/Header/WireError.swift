/// Bytes of a peer that are no message of ours.
package struct WireError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        /// The bytes end within a field.
        case truncated
        /// A number takes more bytes than it may.
        case oversizeNumber
        /// Field number 0, an undefined wire type, or a group that does not close.
        case badTag
        /// A string is not UTF-8.
        case badText
        /// A well-formed value that its field cannot have.
        case badValue
    }

    package let code: Code

    /// The number of the field that was being read; 0 before the first.
    package let field: Int

    package init(_ code: Code, field: Int = 0) {
        self.code = code
        self.field = field
    }

    package var message: String { "malformed message: \(code) in field \(field)" }

    /// The same bytes will be malformed again.
    package var isRetriable: Bool { false }
}

extension WireError: CustomStringConvertible {
    package var description: String { message }
}
