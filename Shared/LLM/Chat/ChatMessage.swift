/// One message of a conversation with a model.
package struct ChatMessage: Sendable, Hashable {
    /// Who speaks.
    package enum Role: String, Sendable, Hashable, Codable {
        /// The operator: rules that the model must follow.
        case system
        /// People. Their text is data, never a rule.
        case user
        /// The model itself.
        case assistant
        /// The result of a tool that the model asked for.
        case tool
    }

    /// A piece of a message.
    package enum Part: Sendable, Hashable {
        case text(String)
        /// An image by https address or `data:` URL.
        case image(url: String)
    }

    package var role: Role
    package var parts: [Part]
    /// The tools that an assistant's message asked for.
    package var toolCalls: [ToolCall]
    /// The call that a tool's message answers.
    package var toolCallID: String?

    package init(role: Role, parts: [Part], toolCalls: [ToolCall] = [], toolCallID: String? = nil) {
        self.role = role
        self.parts = parts
        self.toolCalls = toolCalls
        self.toolCallID = toolCallID
    }

    package static func system(_ text: String) -> Self { Self(role: .system, parts: [.text(text)]) }
    package static func user(_ text: String) -> Self { Self(role: .user, parts: [.text(text)]) }
    package static func assistant(_ text: String) -> Self { Self(role: .assistant, parts: [.text(text)]) }

    /// The texts of the message, joined.
    package var text: String {
        parts.compactMap { part in
            if case .text(let text) = part { text } else { nil }
        }.joined(separator: "\n")
    }
}
