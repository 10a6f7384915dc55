/// What a client asked the local model for, in the terms that both dialects share.
package struct ModelRequest: Sendable {
    /// One message of the conversation.
    package struct Turn: Sendable, Equatable {
        package enum Role: String, Sendable { case user, assistant, tool }

        package var role: Role
        package var text: String
        /// Calls that the assistant made in this turn.
        package var toolCalls: [ModelToolCall]

        package init(role: Role, text: String, toolCalls: [ModelToolCall] = []) {
            self.role = role
            self.text = text
            self.toolCalls = toolCalls
        }
    }

    /// A function that the model may call.
    package struct Tool: Sendable, Equatable {
        package var name: String
        package var summary: String
        /// JSON Schema of the arguments.
        package var parameters: JSONValue

        package init(name: String, summary: String, parameters: JSONValue) {
            self.name = name
            self.summary = summary
            self.parameters = parameters
        }
    }

    package enum ToolChoice: Sendable, Equatable {
        case automatic
        case none
        case required
        case named(String)
    }

    package var model: String
    /// All system messages, in order, parted by blank lines.
    package var system: String
    package var turns: [Turn]
    package var tools: [Tool]
    package var toolChoice: ToolChoice
    /// Tokens that the answer may have; nil for no limit.
    package var maximumTokens: Int?
    package var stopSequences: [String]
    /// The answer must be one JSON object.
    package var wantsJSON: Bool
    package var streams: Bool
    /// The stream ends with a chunk of token counts (OpenAI's `stream_options.include_usage`).
    package var streamsUsage: Bool

    package init(
        model: String,
        system: String = "",
        turns: [Turn],
        tools: [Tool] = [],
        toolChoice: ToolChoice = .automatic,
        maximumTokens: Int? = nil,
        stopSequences: [String] = [],
        wantsJSON: Bool = false,
        streams: Bool = false,
        streamsUsage: Bool = false
    ) {
        self.model = model
        self.system = system
        self.turns = turns
        self.tools = tools
        self.toolChoice = toolChoice
        self.maximumTokens = maximumTokens
        self.stopSequences = stopSequences
        self.wantsJSON = wantsJSON
        self.streams = streams
        self.streamsUsage = streamsUsage
    }
}

/// A call of a tool, made by the model.
package struct ModelToolCall: Sendable, Equatable {
    package var id: String
    package var name: String
    package var arguments: JSONValue

    package init(id: String, name: String, arguments: JSONValue) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}
