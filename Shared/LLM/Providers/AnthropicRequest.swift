import FoundationEssentials

/// The body of a Messages request.
///
/// It differs from OpenAI's in three ways: the system text stands apart, user and assistant take turns (neighbours of
/// one role are joined here), and the length limit is mandatory.
struct AnthropicRequest: Encodable {
    let model: String
    let system: String?
    let messages: [Message]
    let max_tokens: Int
    let temperature: Double?
    let stream = true
    let tools: [Tool]?

    struct Message: Encodable {
        let role: String
        var content: [Block]
    }

    struct Tool: Encodable {
        let name: String
        let description: String
        let input_schema: JSONValue
    }

    enum Block: Encodable {
        case text(String)
        case image(url: String)
        case toolUse(id: String, name: String, input: JSONValue)
        case toolResult(id: String, text: String)

        private enum Keys: String, CodingKey {
            case type, text, source, url, data, id, name, input, content
            case mediaType = "media_type"
            case toolUseID = "tool_use_id"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            switch self {
            case .text(let text):
                try container.encode("text", forKey: .type)
                try container.encode(text, forKey: .text)
            case .image(let url):
                try container.encode("image", forKey: .type)
                var source = container.nestedContainer(keyedBy: Keys.self, forKey: .source)
                if let data = DataURL(url) {
                    try source.encode("base64", forKey: .type)
                    try source.encode(data.mediaType, forKey: .mediaType)
                    try source.encode(data.base64, forKey: .data)
                } else {
                    try source.encode("url", forKey: .type)
                    try source.encode(url, forKey: .url)
                }
            case .toolUse(let id, let name, let input):
                try container.encode("tool_use", forKey: .type)
                try container.encode(id, forKey: .id)
                try container.encode(name, forKey: .name)
                try container.encode(input, forKey: .input)
            case .toolResult(let id, let text):
                try container.encode("tool_result", forKey: .type)
                try container.encode(id, forKey: .toolUseID)
                try container.encode(text, forKey: .content)
            }
        }
    }

    /// The limit when the request names none: the API demands one.
    private static let defaultLimit = 1024

    /// - Throws: `.refusedRequest` when a tool's schema is no JSON.
    init(_ request: ChatRequest, model: String) throws(LanguageModelError) {
        self.model = model
        let rules = request.messages.filter { $0.role == .system }.map(\.text)
        system = rules.isEmpty ? nil : rules.joined(separator: "\n\n")
        max_tokens = request.maximumTokens ?? Self.defaultLimit
        // Anthropic's scale ends at 1.
        temperature = request.temperature.map { min($0, 1) }
        var joined: [Message] = []
        for message in request.messages where message.role != .system {
            let role = message.role == .assistant ? "assistant" : "user"
            let blocks = Self.blocks(of: message)
            guard !blocks.isEmpty else { continue }
            if joined.last?.role == role {
                joined[joined.count - 1].content += blocks
            } else {
                joined.append(Message(role: role, content: blocks))
            }
        }
        messages = joined
        var tools: [Tool] = []
        for tool in request.tools {
            tools.append(Tool(name: tool.name, description: tool.description, input_schema: try tool.schema()))
        }
        self.tools = tools.isEmpty ? nil : tools
    }

    private static func blocks(of message: ChatMessage) -> [Block] {
        if message.role == .tool, let id = message.toolCallID {
            return [.toolResult(id: id, text: message.text)]
        }
        let parts: [Block] = message.parts.compactMap { part in
            switch part {
            // The API refuses empty texts.
            case .text(let text): text.isEmpty ? nil : .text(text)
            case .image(let url): .image(url: url)
            }
        }
        let calls: [Block] = message.toolCalls.map { call in
            let input = try? JSONDecoder().decode(JSONValue.self, from: Data(call.arguments.utf8))
            return .toolUse(id: call.id, name: call.name, input: input ?? .object([:]))
        }
        return parts + calls
    }
}

/// The two halves of `data:image/png;base64,…`.
private struct DataURL {
    let mediaType: String
    let base64: String

    init?(_ url: String) {
        guard url.hasPrefix("data:"), let comma = url.firstIndex(of: ",") else { return nil }
        let head = url[url.index(url.startIndex, offsetBy: 5)..<comma]
        guard head.hasSuffix(";base64") else { return nil }
        mediaType = String(head.dropLast(";base64".count))
        base64 = String(url[url.index(after: comma)...])
    }
}
