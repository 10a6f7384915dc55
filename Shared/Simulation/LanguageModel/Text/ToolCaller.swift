/// Decides whether the local model calls a tool, and with which arguments.
enum ToolCaller {
    /// The call with which the model answers; nil when it answers in words.
    ///
    /// It calls a tool when the request demands one, or when the last message is the user's and names the tool: at
    /// least one telling word of the tool's name, or two of its description, are in the message.
    static func call(for request: ModelRequest) -> ModelToolCall? {
        guard !request.tools.isEmpty, let last = request.turns.last, last.role == .user else { return nil }
        let message = MemberMessage(last.text)
        let tool: ModelRequest.Tool?
        switch request.toolChoice {
        case .none: return nil
        case .named(let name): tool = request.tools.first { $0.name == name }
        case .required: tool = best(request.tools, for: message)?.tool ?? request.tools.first
        case .automatic: tool = best(request.tools, for: message).flatMap { $0.score >= 2 ? $0.tool : nil }
        }
        guard let tool else { return nil }
        let arguments = arguments(by: tool.parameters, from: message)
        var seed = SeededChoice(seed: "\(tool.name)\u{0}\(last.text)\u{0}\(request.turns.count)")
        return ModelToolCall(id: String(seed.next(), radix: 36), name: tool.name, arguments: arguments)
    }

    private static func best(
        _ tools: [ModelRequest.Tool],
        for message: MemberMessage
    ) -> (tool: ModelRequest.Tool, score: Int)? {
        let said = Set(message.words.map(stem))
        return
            tools
            .map { tool in
                let named = words(of: tool.name).filter { !empty.contains($0) && said.contains(stem($0)) }
                let described = Set(words(of: tool.summary).filter { $0.count > 3 && said.contains(stem($0)) })
                return (tool, named.count * 2 + described.count)
            }
            .max { $0.1 < $1.1 }
    }

    private static func words(of text: String) -> [String] {
        text.lowercased().split(whereSeparator: { !$0.isLetter }).map(String.init)
    }

    private static func stem(_ word: String) -> String {
        word.count > 3 && word.hasSuffix("s") ? String(word.dropLast()) : word
    }

    /// Words of tool names that say nothing about when to call.
    private static let empty: Set<String> = [
        "get", "set", "the", "a", "by", "of", "list", "fetch", "look", "up", "run",
    ]

    // MARK: - Arguments

    /// An object that satisfies the schema: every required property, and every other one that the message mentions.
    static func arguments(by schema: JSONValue, from message: MemberMessage) -> JSONValue {
        let properties = schema["properties"]?.objectValue ?? [:]
        let required = Set(schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        var numbers = message.words.compactMap { Int64($0) }
        var values: [String: JSONValue] = [:]
        for name in properties.keys.sorted() {
            guard let property = properties[name] else { continue }
            let isMentioned = property["enum"]?.arrayValue?.contains { mentions(message, $0.stringValue) } ?? false
            guard required.contains(name) || isMentioned else { continue }
            values[name] = value(by: property, from: message, numbers: &numbers)
        }
        return .object(values)
    }

    private static func value(by schema: JSONValue, from message: MemberMessage, numbers: inout [Int64]) -> JSONValue {
        if let choices = schema["enum"]?.arrayValue, let first = choices.first {
            return choices.first { mentions(message, $0.stringValue) } ?? first
        }
        let type = schema["type"]?.stringValue ?? schema["type"]?.arrayValue?.first?.stringValue
        switch type {
        case "integer", "number":
            let given = numbers.isEmpty ? 1 : numbers.removeFirst()
            let minimum = schema["minimum"]?.integerValue ?? .min
            let maximum = schema["maximum"]?.integerValue ?? .max
            return .integer(min(max(given, minimum), max(minimum, maximum)))
        case "boolean": return true
        case "array":
            return .array([value(by: schema["items"] ?? ["type": "string"], from: message, numbers: &numbers)])
        case "object": return arguments(by: schema, from: message)
        case "null": return nil
        default: return .string(subject(of: message))
        }
    }

    /// What a text argument gets: what stands in quotation marks, or else what follows the last small word that leads
    /// to an object ("weather in Kyiv"), or else the whole message.
    private static func subject(of message: MemberMessage) -> String {
        let text = message.text
        let quoted = text.split(whereSeparator: { "\"“”«»".contains($0) })
        if quoted.count >= 2, text.contains(where: { "\"“”«»".contains($0) }) { return String(quoted[1]) }
        let words = text.split(separator: " ")
        let leads: Set<String> = ["for", "in", "about", "of", "on", "at", "в", "про", "о", "у", "до"]
        if let lead = words.lastIndex(where: { leads.contains($0.lowercased()) }), lead < words.count - 1 {
            return trimmed(words[(lead + 1)...].joined(separator: " "))
        }
        return trimmed(text)
    }

    private static func trimmed(_ text: String) -> String {
        var result = Substring(text)
        while let last = result.last, "?!.,，。？！".contains(last) { result.removeLast() }
        return String(result)
    }

    private static func mentions(_ message: MemberMessage, _ word: String?) -> Bool {
        guard let word = word?.lowercased() else { return false }
        return message.words.contains(word)
    }
}
