/// A tool that a model may ask for.
package struct ToolDefinition: Sendable, Hashable {
    /// 1 to 64 of letters, digits, `_` and `-`, as the providers demand.
    package let name: String
    /// What the tool does and when to use it; the model reads it.
    package let description: String
    /// The JSON Schema of the arguments, as JSON text.
    package let parameters: String

    package init(name: String, description: String, parameters: String) {
        self.name = name
        self.description = description
        self.parameters = parameters
    }
}

/// A tool that a model asked for, complete.
package struct ToolCall: Sendable, Hashable {
    /// The provider's id of the call; the result refers to it.
    package let id: String
    package let name: String
    /// The arguments as JSON text, exactly as the model wrote them: they may be malformed.
    package let arguments: String

    package init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}
