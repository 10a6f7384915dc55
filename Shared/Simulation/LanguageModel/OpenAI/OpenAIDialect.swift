/// The chat completions of OpenAI's API, as its reference describes them
/// (https://platform.openai.com/docs/api-reference/chat): requests read, answers and errors written.
enum OpenAIDialect {
    /// Reads the body of `POST /v1/chat/completions`.
    static func request(from body: JSONValue?) throws(ModelError) -> ModelRequest {
        guard let body, body.objectValue != nil else {
            throw ModelError(.invalidRequest, "We could not parse the JSON body of your request.")
        }
        guard let model = body["model"]?.stringValue, !model.isEmpty else {
            throw ModelError(.invalidRequest, "you must provide a model parameter", parameter: "model")
        }
        guard let messages = body["messages"]?.arrayValue, !messages.isEmpty else {
            throw ModelError(
                .invalidRequest,
                "Invalid 'messages': expected an array with at least one message.",
                parameter: "messages"
            )
        }
        if let temperature = body["temperature"]?.doubleValue, !(0...2).contains(temperature) {
            throw ModelError(
                .invalidRequest,
                "Invalid 'temperature': expected a value from 0 to 2.",
                parameter: "temperature"
            )
        }
        var request = ModelRequest(model: model, turns: [])
        var system: [String] = []
        for (index, message) in messages.enumerated() {
            let path = "messages[\(index)]"
            let text = try text(of: message["content"], path: "\(path).content")
            switch message["role"]?.stringValue {
            case "system", "developer": system.append(text)
            case "user": request.turns.append(.init(role: .user, text: text))
            case "assistant":
                request.turns.append(.init(role: .assistant, text: text, toolCalls: toolCalls(in: message)))
            case "tool":
                guard message["tool_call_id"]?.stringValue != nil else {
                    throw ModelError(
                        .invalidRequest,
                        "Missing parameter 'tool_call_id': messages with role 'tool' must have it.",
                        parameter: "\(path).tool_call_id"
                    )
                }
                request.turns.append(.init(role: .tool, text: text))
            default:
                throw ModelError(
                    .invalidRequest,
                    "Invalid value: '\(message["role"]?.stringValue ?? "")'. "
                        + "Supported values are: 'system', 'developer', 'assistant', 'user', and 'tool'.",
                    parameter: "\(path).role"
                )
            }
        }
        request.system = system.joined(separator: "\n\n")
        request.tools = try tools(in: body)
        request.toolChoice = toolChoice(body["tool_choice"])
        request.maximumTokens = (body["max_completion_tokens"] ?? body["max_tokens"])?.integerValue.map(Int.init)
        request.stopSequences = stops(body["stop"])
        request.wantsJSON = ["json_object", "json_schema"].contains(body["response_format"]?["type"]?.stringValue)
        request.streams = body["stream"]?.boolValue ?? false
        request.streamsUsage = body["stream_options"]?["include_usage"]?.boolValue ?? false
        return request
    }

    /// Text of a content that is a string, or an array of parts; pictures leave a note.
    private static func text(of content: JSONValue?, path: String) throws(ModelError) -> String {
        switch content {
        case nil, .null: return ""
        case .string(let text): return text
        case .array(let parts):
            return
                parts
                .map { $0["type"]?.stringValue == "image_url" ? "[picture]" : $0["text"]?.stringValue ?? "" }
                .joined(separator: "\n")
        default:
            throw ModelError(.invalidRequest, "Invalid type for '\(path)'.", parameter: path)
        }
    }

    private static func toolCalls(in message: JSONValue) -> [ModelToolCall] {
        (message["tool_calls"]?.arrayValue ?? [])
            .map { call in
                ModelToolCall(
                    id: call["id"]?.stringValue ?? "",
                    name: call["function"]?["name"]?.stringValue ?? "",
                    arguments: JSONValue(parsing: (call["function"]?["arguments"]?.stringValue ?? "").utf8) ?? [:]
                )
            }
    }

    private static func tools(in body: JSONValue) throws(ModelError) -> [ModelRequest.Tool] {
        var tools: [ModelRequest.Tool] = []
        for (index, tool) in (body["tools"]?.arrayValue ?? []).enumerated() {
            guard tool["type"]?.stringValue == "function", let name = tool["function"]?["name"]?.stringValue else {
                throw ModelError(
                    .invalidRequest,
                    "Missing required parameter: 'tools[\(index)].function.name'.",
                    parameter: "tools[\(index)].function.name"
                )
            }
            tools.append(
                .init(
                    name: name,
                    summary: tool["function"]?["description"]?.stringValue ?? "",
                    parameters: tool["function"]?["parameters"] ?? [:]
                )
            )
        }
        return tools
    }

    private static func toolChoice(_ value: JSONValue?) -> ModelRequest.ToolChoice {
        switch value {
        case "none": .none
        case "required": .required
        case .object: (value?["function"]?["name"]?.stringValue).map { .named($0) } ?? .automatic
        default: .automatic
        }
    }

    private static func stops(_ value: JSONValue?) -> [String] {
        value?.stringValue.map { [$0] } ?? value?.arrayValue?.compactMap(\.stringValue) ?? []
    }
}
