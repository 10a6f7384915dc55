import FoundationEssentials

/// The body of a chat completion request.
struct OpenAIRequest: Encodable {
    let model: String
    let messages: [Message]
    let stream = true
    let stream_options = StreamOptions()
    let temperature: Double?
    let max_tokens: Int?
    let max_completion_tokens: Int?
    let tools: [Tool]?

    /// Asks for the token count, which comes in one more chunk after the last.
    struct StreamOptions: Encodable {
        let include_usage = true
    }

    struct Message: Encodable {
        let role: String
        let content: Content?
        let tool_calls: [Call]?
        let tool_call_id: String?
    }

    /// A text alone goes as a string: small servers know no parts.
    enum Content: Encodable {
        case text(String)
        case parts([Part])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .parts(let parts): try container.encode(parts)
            }
        }
    }

    struct Part: Encodable {
        struct Image: Encodable { let url: String }
        let type: String
        let text: String?
        let image_url: Image?
    }

    struct Call: Encodable {
        struct Function: Encodable {
            let name: String
            let arguments: String
        }
        let id: String
        let type = "function"
        let function: Function
    }

    struct Tool: Encodable {
        struct Function: Encodable {
            let name: String
            let description: String
            let parameters: JSONValue
        }
        let type = "function"
        let function: Function
    }

    /// - Throws: `.refusedRequest` when a tool's schema is no JSON.
    init(_ request: ChatRequest, model: String, namesLimitAnew: Bool) throws(LanguageModelError) {
        self.model = model
        messages = request.messages.map(Message.init)
        temperature = request.temperature
        max_tokens = namesLimitAnew ? nil : request.maximumTokens
        max_completion_tokens = namesLimitAnew ? request.maximumTokens : nil
        var tools: [Tool] = []
        for tool in request.tools {
            tools.append(
                Tool(
                    function: .init(
                        name: tool.name,
                        description: tool.description,
                        parameters: try tool.schema()
                    )
                )
            )
        }
        self.tools = tools.isEmpty ? nil : tools
    }
}

extension OpenAIRequest.Message {
    init(_ message: ChatMessage) {
        role = message.role.rawValue
        tool_call_id = message.toolCallID
        tool_calls =
            message.toolCalls.isEmpty
            ? nil
            : message.toolCalls.map { .init(id: $0.id, function: .init(name: $0.name, arguments: $0.arguments)) }
        let hasImages = message.parts.contains { if case .image = $0 { true } else { false } }
        if hasImages {
            content = .parts(
                message.parts.map { part in
                    switch part {
                    case .text(let text): .init(type: "text", text: text, image_url: nil)
                    case .image(let url): .init(type: "image_url", text: nil, image_url: .init(url: url))
                    }
                }
            )
        } else {
            content = message.parts.isEmpty ? nil : .text(message.text)
        }
    }
}

extension ToolDefinition {
    /// The schema as JSON.
    func schema() throws(LanguageModelError) -> JSONValue {
        do {
            return try JSONDecoder().decode(JSONValue.self, from: Data(parameters.utf8))
        } catch {
            throw LanguageModelError(.refusedRequest, "the schema of the tool \(name) is no JSON")
        }
    }
}
