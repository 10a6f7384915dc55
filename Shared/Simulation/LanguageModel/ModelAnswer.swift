/// What the local model answers, before a dialect puts it into its own shape.
package struct ModelAnswer: Sendable, Equatable {
    package enum StopReason: Sendable, Equatable {
        case finished
        case length
        case stopSequence(String)
        case toolCalls
    }

    /// The text in the pieces in which it is streamed; joined they are the whole text.
    package var pieces: [String]
    package var toolCalls: [ModelToolCall]
    package var stopReason: StopReason
    package var inputTokens: Int

    package var text: String { pieces.joined() }

    /// One token a piece of text; a tool call counts the pieces of its arguments.
    package var outputTokens: Int {
        pieces.count + toolCalls.reduce(0) { $0 + Tokenizer.count($1.arguments.text) + 1 }
    }
}
