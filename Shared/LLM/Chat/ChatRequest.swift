/// What a model is asked: the conversation so far and how to answer it.
package struct ChatRequest: Sendable, Hashable {
    /// The conversation, oldest first. System messages come first.
    package var messages: [ChatMessage]
    /// 0 (always the likeliest word) to 2; nil leaves it to the provider.
    package var temperature: Double?
    /// The longest answer in tokens; nil leaves it to the provider, where it has a default.
    package var maximumTokens: Int?
    /// The tools that the model may ask for.
    package var tools: [ToolDefinition]

    package init(
        messages: [ChatMessage],
        temperature: Double? = nil,
        maximumTokens: Int? = nil,
        tools: [ToolDefinition] = []
    ) {
        self.messages = messages
        self.temperature = temperature
        self.maximumTokens = maximumTokens
        self.tools = tools
    }
}
