/// What a model's stream brings.
package enum ChatEvent: Sendable, Hashable {
    /// The next piece of the answer; never empty.
    case text(String)
    /// A tool call, complete: providers send it in fragments, a caller can use it only whole.
    case toolCall(ToolCall)
    /// The answer is complete; always the last event, exactly once.
    case finished(ChatSummary)
}

/// How an answer ended and what it cost.
package struct ChatSummary: Sendable, Hashable {
    package var reason: FinishReason
    /// Nil when the provider does not say.
    package var usage: TokenUsage?

    package init(reason: FinishReason, usage: TokenUsage? = nil) {
        self.reason = reason
        self.usage = usage
    }
}

/// Why a model stopped.
package enum FinishReason: Sendable, Hashable {
    /// It had said everything.
    case stop
    /// The token limit cut it off.
    case length
    /// It waits for the results of tools.
    case toolCalls
    /// The provider withheld the rest.
    case contentFilter
    /// A reason that this version does not know.
    case other(String)
}

/// Tokens of one call, as the provider counted them.
package struct TokenUsage: Sendable, Hashable, Codable {
    package var input: Int
    package var output: Int

    package init(input: Int, output: Int) {
        self.input = input
        self.output = output
    }
}
