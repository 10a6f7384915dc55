import FoundationEssentials

/// Reads the chunks of a streamed chat completion.
///
/// The finish reason, the token count and `[DONE]` come in this order from OpenAI, but other servers leave out the
/// second or the third: the answer is complete at `[DONE]`, or at the end of the connection if a reason was given.
struct OpenAIStreamDecoder: ChatStreamDecoder {
    private var reason: FinishReason?
    private var usage: TokenUsage?
    private var calls = ToolCallAssembly()

    mutating func decode(_ event: ServerSentEvent) throws(LanguageModelError) -> [ChatEvent] {
        let data = event.data
        guard data != "[DONE]" else { return try end() }
        guard !data.isEmpty else { return [] }
        if event.name == "error" {
            throw ProviderFailure.error(inStream: data)
        }
        let chunk = try read(Chunk.self, data)
        guard chunk.error == nil else { throw ProviderFailure.error(inStream: data) }
        return take(chunk)
    }

    mutating func decode(whole body: [UInt8]) throws(LanguageModelError) -> [ChatEvent] {
        let text = String(decoding: body, as: UTF8.self)
        let chunk = try read(Chunk.self, text)
        guard chunk.error == nil else { throw ProviderFailure.error(inStream: text) }
        guard chunk.choices?.isEmpty == false else {
            throw .undecodable("the answer", text)
        }
        let events = take(chunk)
        return events + (try end())
    }

    mutating func end() throws(LanguageModelError) -> [ChatEvent] {
        guard let reason else { throw .cutOff }
        return calls.take().map(ChatEvent.toolCall) + [.finished(ChatSummary(reason: reason, usage: usage))]
    }

    private mutating func take(_ chunk: Chunk) -> [ChatEvent] {
        if let counted = chunk.usage {
            usage = TokenUsage(input: counted.prompt_tokens ?? 0, output: counted.completion_tokens ?? 0)
        }
        // We ask for one choice; a server that sends more is read as if it had sent one.
        guard let choice = chunk.choices?.first(where: { ($0.index ?? 0) == 0 }) else { return [] }
        if let word = choice.finish_reason {
            reason = FinishReason(openAI: word)
        }
        guard let delta = choice.delta ?? choice.message else { return [] }
        for (position, call) in (delta.tool_calls ?? []).enumerated() {
            calls.add(
                index: call.index ?? position,
                id: call.id,
                name: call.function?.name,
                arguments: call.function?.arguments
            )
        }
        return [delta.content, delta.refusal].compactMap { text in
            guard let text, !text.isEmpty else { return nil }
            return .text(text)
        }
    }

    private func read<Value: Decodable>(_ type: Value.Type, _ data: String) throws(LanguageModelError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(data.utf8))
        } catch {
            throw .undecodable("a chunk of the answer", data)
        }
    }
}

extension OpenAIStreamDecoder {
    /// Streamed chunk and whole answer in one: they differ in `delta` and `message` only.
    private struct Chunk: Decodable {
        struct Choice: Decodable {
            let index: Int?
            let delta: Delta?
            let message: Delta?
            let finish_reason: String?
        }
        struct Delta: Decodable {
            let content: String?
            /// OpenAI's own words of refusal come apart from the content.
            let refusal: String?
            let tool_calls: [Call]?
        }
        struct Call: Decodable {
            struct Function: Decodable {
                let name: String?
                let arguments: String?
            }
            let index: Int?
            let id: String?
            let function: Function?
        }
        struct Usage: Decodable {
            let prompt_tokens: Int?
            let completion_tokens: Int?
        }
        let choices: [Choice]?
        let usage: Usage?
        let error: JSONValue?
    }
}

extension FinishReason {
    init(openAI word: String) {
        switch word {
        case "stop": self = .stop
        case "length": self = .length
        case "tool_calls", "function_call": self = .toolCalls
        case "content_filter": self = .contentFilter
        default: self = .other(word)
        }
    }
}
