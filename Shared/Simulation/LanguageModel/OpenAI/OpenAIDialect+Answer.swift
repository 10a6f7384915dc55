extension OpenAIDialect {
    /// The whole answer as one object.
    static func completion(_ answer: ModelAnswer, id: String, model: String, created: Int64) -> JSONValue {
        var message: [String: JSONValue] = ["role": "assistant", "refusal": nil]
        if answer.toolCalls.isEmpty {
            message["content"] = .string(answer.text)
        } else {
            message["content"] = nil as JSONValue
            message["tool_calls"] = .array(
                answer.toolCalls.map { call in
                    [
                        "id": .string("call_" + call.id), "type": "function",
                        "function": ["name": .string(call.name), "arguments": .string(call.arguments.text)],
                    ]
                }
            )
        }
        return [
            "id": .string(id), "object": "chat.completion", "created": .integer(created), "model": .string(model),
            "choices": [
                [
                    "index": 0, "message": .object(message), "logprobs": nil,
                    "finish_reason": .string(finishReason(answer.stopReason)),
                ]
            ],
            "usage": usage(answer),
            "system_fingerprint": "fp_playground",
        ]
    }

    /// The answer as the events of a stream, in order, with the pause that precedes each.
    static func events(
        _ answer: ModelAnswer,
        id: String,
        model: String,
        created: Int64,
        includesUsage: Bool
    ) -> [ServerEvent] {
        func chunk(_ delta: JSONValue, finish: JSONValue = nil) -> ServerEvent {
            ServerEvent(
                data: [
                    "id": .string(id), "object": "chat.completion.chunk", "created": .integer(created),
                    "model": .string(model), "system_fingerprint": "fp_playground",
                    "choices": [["index": 0, "delta": delta, "logprobs": nil, "finish_reason": finish]],
                ])
        }
        var events = [chunk(["role": "assistant", "content": answer.toolCalls.isEmpty ? "" : nil])]
        events += answer.pieces.map { piece in
            var event = chunk(["content": .string(piece)])
            event.isPaced = true
            return event
        }
        for (index, call) in answer.toolCalls.enumerated() {
            let position = JSONValue.integer(Int64(index))
            events.append(
                chunk([
                    "tool_calls": [
                        [
                            "index": position, "id": .string("call_" + call.id), "type": "function",
                            "function": ["name": .string(call.name), "arguments": ""],
                        ]
                    ]
                ])
            )
            events += Tokenizer.pieces(of: call.arguments.text).map { piece in
                var event = chunk(["tool_calls": [["index": position, "function": ["arguments": .string(piece)]]]])
                event.isPaced = true
                return event
            }
        }
        events.append(chunk([:], finish: .string(finishReason(answer.stopReason))))
        if includesUsage {
            events.append(
                ServerEvent(
                    data: [
                        "id": .string(id), "object": "chat.completion.chunk", "created": .integer(created),
                        "model": .string(model), "choices": [], "usage": usage(answer),
                    ])
            )
        }
        return events
    }

    static func usage(_ answer: ModelAnswer) -> JSONValue {
        [
            "prompt_tokens": .integer(Int64(answer.inputTokens)),
            "completion_tokens": .integer(Int64(answer.outputTokens)),
            "total_tokens": .integer(Int64(answer.inputTokens + answer.outputTokens)),
        ]
    }

    private static func finishReason(_ reason: ModelAnswer.StopReason) -> String {
        switch reason {
        case .finished, .stopSequence: "stop"
        case .length: "length"
        case .toolCalls: "tool_calls"
        }
    }

    /// Status and body of a refusal.
    static func refusal(_ error: ModelError) -> (status: Int, body: JSONValue) {
        let (status, type, code): (Int, String, JSONValue) =
            switch error.code {
            case .unauthorized: (401, "invalid_request_error", "invalid_api_key")
            case .invalidRequest: (400, "invalid_request_error", nil)
            case .modelNotFound: (404, "invalid_request_error", "model_not_found")
            case .rateLimited: (429, "requests", "rate_limit_exceeded")
            case .serverError: (500, "server_error", nil)
            case .overloaded: (503, "server_error", nil)
            }
        let parameter = error.parameter.map { JSONValue.string($0) } ?? .null
        return (
            status,
            ["error": ["message": .string(error.message), "type": .string(type), "param": parameter, "code": code]]
        )
    }
}
