/// Why bytes could not be compressed or inflated.
package struct CompressionError: Error, Equatable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The bytes are not what the algorithm expects there.
        case corrupt
        /// More than the limit came out.
        case tooLarge
        case outOfMemory
    }

    package let code: Code
    package let message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// Never on the same stream: its context is lost.
    package var isRetriable: Bool { false }

    package var description: String { message }
}
