import FoundationEssentials

/// Reads the events of a streamed Messages answer; kinds of events and deltas that it does not know are passed over,
/// as Anthropic's versioning policy asks of clients.
struct AnthropicStreamDecoder: ChatStreamDecoder {
    private var reason: FinishReason?
    private var usage = TokenUsage(input: 0, output: 0)
    private var calls = ToolCallAssembly()

    mutating func decode(_ event: ServerSentEvent) throws(LanguageModelError) -> [ChatEvent] {
        let message: Event
        do {
            message = try JSONDecoder().decode(Event.self, from: Data(event.data.utf8))
        } catch {
            throw .undecodable("an event of the answer", event.data)
        }
        switch message.type ?? event.name {
        case "error":
            throw ProviderFailure.error(inStream: event.data)
        case "message_start":
            count(message.message?.usage)
        case "content_block_start":
            if message.content_block?.type == "tool_use" {
                calls.add(
                    index: message.index ?? 0,
                    id: message.content_block?.id,
                    name: message.content_block?.name,
                    arguments: nil
                )
            } else if let text = message.content_block?.text, !text.isEmpty {
                return [.text(text)]
            }
        case "content_block_delta":
            if let text = message.delta?.text, !text.isEmpty {
                return [.text(text)]
            }
            if let fragment = message.delta?.partial_json {
                calls.add(index: message.index ?? 0, id: nil, name: nil, arguments: fragment)
            }
        case "message_delta":
            count(message.usage)
            if let word = message.delta?.stop_reason {
                reason = FinishReason(anthropic: word)
            }
        case "message_stop":
            return try end()
        default:
            break
        }
        return []
    }

    mutating func decode(whole body: [UInt8]) throws(LanguageModelError) -> [ChatEvent] {
        let whole: Whole
        do {
            whole = try JSONDecoder().decode(Whole.self, from: Data(body))
        } catch {
            throw .undecodable("the answer", String(decoding: body, as: UTF8.self))
        }
        count(whole.usage)
        reason = whole.stop_reason.map(FinishReason.init(anthropic:))
        let texts: [ChatEvent] = whole.content.compactMap { block in
            guard let text = block.text, !text.isEmpty else { return nil }
            return .text(text)
        }
        return texts + (try end())
    }

    mutating func end() throws(LanguageModelError) -> [ChatEvent] {
        guard let reason else { throw .cutOff }
        return calls.take().map(ChatEvent.toolCall) + [.finished(ChatSummary(reason: reason, usage: usage))]
    }

    private mutating func count(_ counted: Usage?) {
        usage.input = counted?.input_tokens ?? usage.input
        // The count in `message_delta` is cumulative.
        usage.output = counted?.output_tokens ?? usage.output
    }
}

extension AnthropicStreamDecoder {
    private struct Usage: Decodable {
        let input_tokens: Int?
        let output_tokens: Int?
    }

    private struct Block: Decodable {
        let type: String?
        let text: String?
        let id: String?
        let name: String?
    }

    private struct Event: Decodable {
        struct Message: Decodable { let usage: Usage? }
        struct Delta: Decodable {
            let text: String?
            let partial_json: String?
            let stop_reason: String?
        }
        let type: String?
        let index: Int?
        let message: Message?
        let content_block: Block?
        let delta: Delta?
        let usage: Usage?
    }

    private struct Whole: Decodable {
        let content: [Block]
        let stop_reason: String?
        let usage: Usage?
    }
}

extension FinishReason {
    init(anthropic word: String) {
        switch word {
        case "end_turn", "stop_sequence": self = .stop
        case "max_tokens", "model_context_window_exceeded": self = .length
        case "tool_use": self = .toolCalls
        case "refusal": self = .contentFilter
        default: self = .other(word)
        }
    }
}
