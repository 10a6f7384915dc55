/// One thing that `doctor` looked at.
package struct Finding: Sendable, Equatable {
    /// How it stands.
    package enum Verdict: Sendable, Equatable {
        case good
        /// It works, but something will be missing.
        case warning
        /// It will not work.
        case bad
    }

    /// How it stands.
    package let verdict: Verdict
    /// What was looked at, and what was found.
    package let text: String
    /// How to put it right; nil where nothing is wrong.
    package let remedy: String?

    static func good(_ text: String) -> Self { Self(verdict: .good, text: text, remedy: nil) }
    static func warning(_ text: String, _ remedy: String) -> Self {
        Self(verdict: .warning, text: text, remedy: remedy)
    }
    static func bad(_ text: String, _ remedy: String) -> Self { Self(verdict: .bad, text: text, remedy: remedy) }
}
