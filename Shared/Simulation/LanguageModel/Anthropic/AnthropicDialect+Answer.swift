extension AnthropicDialect {
    /// The whole answer as one object.
    static func message(_ answer: ModelAnswer, id: String, model: String) -> JSONValue {
        var blocks: [JSONValue] = []
        if !answer.pieces.isEmpty { blocks.append(["type": "text", "text": .string(answer.text), "citations": nil]) }
        blocks += answer.toolCalls.map { toolUse($0, input: $0.arguments) }
        return envelope(
            id: id,
            model: model,
            content: .array(blocks),
            stop: answer.stopReason,
            usage: usage(input: answer.inputTokens, output: answer.outputTokens)
        )
    }

    /// The answer as the events of a stream, in order.
    static func events(_ answer: ModelAnswer, id: String, model: String) -> [ServerEvent] {
        func event(_ name: String, _ members: [String: JSONValue], isPaced: Bool = false) -> ServerEvent {
            var event = ServerEvent(name: name, data: .object(members.merging(["type": .string(name)]) { $1 }))
            event.isPaced = isPaced
            return event
        }
        let opening = envelope(
            id: id,
            model: model,
            content: [],
            stop: nil,
            usage: usage(input: answer.inputTokens, output: 1)
        )
        var events = [event("message_start", ["message": opening])]
        var index: Int64 = 0
        func block(_ start: JSONValue, _ deltas: [JSONValue]) {
            events.append(event("content_block_start", ["index": .integer(index), "content_block": start]))
            if index == 0 { events.append(event("ping", [:])) }
            events += deltas.map {
                event("content_block_delta", ["index": .integer(index), "delta": $0], isPaced: true)
            }
            events.append(event("content_block_stop", ["index": .integer(index)]))
            index += 1
        }
        if !answer.pieces.isEmpty {
            block(
                ["type": "text", "text": ""],
                answer.pieces.map { ["type": "text_delta", "text": .string($0)] }
            )
        }
        for call in answer.toolCalls {
            block(
                toolUse(call, input: [:]),
                Tokenizer.pieces(of: call.arguments.text)
                    .map { ["type": "input_json_delta", "partial_json": .string($0)] }
            )
        }
        let (reason, sequence) = stop(answer.stopReason)
        events.append(
            event(
                "message_delta",
                [
                    "delta": ["stop_reason": .string(reason), "stop_sequence": sequence],
                    "usage": ["output_tokens": .integer(Int64(answer.outputTokens))],
                ]
            )
        )
        events.append(event("message_stop", [:]))
        return events
    }

    /// Status and body of a refusal.
    static func refusal(_ error: ModelError, requestID: String) -> (status: Int, body: JSONValue) {
        let (status, type): (Int, String) =
            switch error.code {
            case .unauthorized: (401, "authentication_error")
            case .invalidRequest: (400, "invalid_request_error")
            case .modelNotFound: (404, "not_found_error")
            case .rateLimited: (429, "rate_limit_error")
            case .serverError: (500, "api_error")
            case .overloaded: (529, "overloaded_error")
            }
        return (
            status,
            [
                "type": "error", "error": ["type": .string(type), "message": .string(error.message)],
                "request_id": .string(requestID),
            ]
        )
    }

    private static func toolUse(_ call: ModelToolCall, input: JSONValue) -> JSONValue {
        ["type": "tool_use", "id": .string("toolu_" + call.id), "name": .string(call.name), "input": input]
    }

    private static func envelope(
        id: String,
        model: String,
        content: JSONValue,
        stop reason: ModelAnswer.StopReason?,
        usage: JSONValue
    ) -> JSONValue {
        let stopped = reason.map(stop)
        return [
            "id": .string(id), "type": "message", "role": "assistant", "model": .string(model), "content": content,
            "stop_reason": stopped.map { .string($0.reason) } ?? .null, "stop_sequence": stopped?.sequence ?? .null,
            "usage": usage,
        ]
    }

    private static func usage(input: Int, output: Int) -> JSONValue {
        [
            "input_tokens": .integer(Int64(input)), "output_tokens": .integer(Int64(output)),
            "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        ]
    }

    private static func stop(_ reason: ModelAnswer.StopReason) -> (reason: String, sequence: JSONValue) {
        switch reason {
        case .finished: ("end_turn", nil)
        case .length: ("max_tokens", nil)
        case .stopSequence(let text): ("stop_sequence", .string(text))
        case .toolCalls: ("tool_use", nil)
        }
    }
}
