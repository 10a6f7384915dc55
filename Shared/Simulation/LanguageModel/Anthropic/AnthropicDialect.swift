/// The messages of Anthropic's API, as its reference describes them (https://docs.anthropic.com/en/api/messages):
/// requests read, answers and errors written.
enum AnthropicDialect {
    /// Reads the body of `POST /v1/messages`.
    static func request(from body: JSONValue?) throws(ModelError) -> ModelRequest {
        guard let body, body.objectValue != nil else {
            throw ModelError(.invalidRequest, "The request body is not valid JSON")
        }
        guard let model = body["model"]?.stringValue, !model.isEmpty else {
            throw ModelError(.invalidRequest, "model: Field required")
        }
        guard let maximum = body["max_tokens"]?.integerValue else {
            throw ModelError(.invalidRequest, "max_tokens: Field required")
        }
        guard maximum > 0 else {
            throw ModelError(.invalidRequest, "max_tokens: Input should be greater than or equal to 1")
        }
        var request = try conversation(body, model: model)
        request.maximumTokens = Int(maximum)
        request.streams = body["stream"]?.boolValue ?? false
        return request
    }

    /// Reads what a request and a count of tokens have in common.
    static func conversation(_ body: JSONValue, model: String) throws(ModelError) -> ModelRequest {
        guard let messages = body["messages"]?.arrayValue, !messages.isEmpty else {
            throw ModelError(.invalidRequest, "messages: at least one message is required")
        }
        if let temperature = body["temperature"]?.doubleValue, !(0...1).contains(temperature) {
            throw ModelError(.invalidRequest, "temperature: range: 0..1")
        }
        var request = ModelRequest(model: model, system: text(of: body["system"]), turns: [])
        for (index, message) in messages.enumerated() {
            switch message["role"]?.stringValue {
            case "user": request.turns += userTurns(message["content"])
            case "assistant":
                request.turns.append(
                    .init(
                        role: .assistant,
                        text: text(of: message["content"]),
                        toolCalls: toolCalls(in: message["content"])
                    )
                )
            default:
                throw ModelError(.invalidRequest, "messages.\(index).role: Input should be 'user' or 'assistant'")
            }
        }
        for (index, tool) in (body["tools"]?.arrayValue ?? []).enumerated() {
            guard let name = tool["name"]?.stringValue else {
                throw ModelError(.invalidRequest, "tools.\(index).name: Field required")
            }
            guard let schema = tool["input_schema"], schema.objectValue != nil else {
                throw ModelError(.invalidRequest, "tools.\(index).input_schema: Field required")
            }
            request.tools.append(
                .init(name: name, summary: tool["description"]?.stringValue ?? "", parameters: schema)
            )
        }
        switch body["tool_choice"]?["type"]?.stringValue {
        case "none": request.toolChoice = .none
        case "any": request.toolChoice = .required
        case "tool": request.toolChoice = (body["tool_choice"]?["name"]?.stringValue).map { .named($0) } ?? .automatic
        default: request.toolChoice = .automatic
        }
        request.stopSequences = body["stop_sequences"]?.arrayValue?.compactMap(\.stringValue) ?? []
        return request
    }

    private static func text(of content: JSONValue?) -> String {
        if let text = content?.stringValue { return text }
        return (content?.arrayValue ?? [])
            .compactMap { $0["type"]?.stringValue == "image" ? "[picture]" : $0["text"]?.stringValue }
            .joined(separator: "\n")
    }

    /// A user's message may carry results of tools beside its text.
    private static func userTurns(_ content: JSONValue?) -> [ModelRequest.Turn] {
        let results = (content?.arrayValue ?? []).filter { $0["type"]?.stringValue == "tool_result" }
        var turns = results.map { ModelRequest.Turn(role: .tool, text: text(of: $0["content"])) }
        let said = text(of: content)
        if !said.isEmpty || results.isEmpty {
            turns.insert(ModelRequest.Turn(role: .user, text: said), at: 0)
        }
        return turns
    }

    private static func toolCalls(in content: JSONValue?) -> [ModelToolCall] {
        (content?.arrayValue ?? [])
            .filter { $0["type"]?.stringValue == "tool_use" }
            .map { block in
                ModelToolCall(
                    id: block["id"]?.stringValue ?? "",
                    name: block["name"]?.stringValue ?? "",
                    arguments: block["input"] ?? [:]
                )
            }
    }
}
