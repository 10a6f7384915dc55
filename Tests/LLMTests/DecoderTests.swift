import Testing

@testable import LLM

/// What a decoder gives for a list of events.
private func decode(_ initial: some ChatStreamDecoder, _ events: [ServerSentEvent]) throws -> [ChatEvent] {
    var decoder = initial
    var given: [ChatEvent] = []
    for event in events {
        given += try decoder.decode(event)
        if case .finished = given.last { return given }
    }
    return given + (try decoder.end())
}

private func openAI(_ data: String...) throws -> [ChatEvent] {
    try decode(OpenAIStreamDecoder(), data.map { ServerSentEvent(data: $0) })
}

@Suite("OpenAI's stream")
struct OpenAIStreamDecoderTests {
    @Test("Text, reason, usage")
    func complete() throws {
        let events = try openAI(
            #"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            #"{"choices":[{"index":0,"delta":{"content":"Hel"}}]}"#,
            #"{"choices":[{"index":0,"delta":{"content":"lo"}}],"usage":null}"#,
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
            #"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}"#,
            "[DONE]"
        )
        let end = ChatEvent.finished(ChatSummary(reason: .stop, usage: TokenUsage(input: 7, output: 2)))
        #expect(events == [.text("Hel"), .text("lo"), end])
    }

    @Test("A reason is enough where a server ends without [DONE]")
    func withoutDone() throws {
        let events = try openAI(#"{"choices":[{"delta":{"content":"x"},"finish_reason":"length"}]}"#)
        #expect(events == [.text("x"), .finished(ChatSummary(reason: .length))])
    }

    @Test("An end without a reason is a cut-off answer, with and without [DONE]")
    func cutOff() {
        for tail in [[], ["[DONE]"]] {
            let data = [#"{"choices":[{"delta":{"content":"x"}}]}"#] + tail
            let error = #expect(throws: LanguageModelError.self) {
                try decode(OpenAIStreamDecoder(), data.map { ServerSentEvent(data: $0) })
            }
            #expect(error?.code == .badResponse)
            #expect(error?.isRetriable == true)
        }
    }

    @Test("Tool calls are put together from their fragments")
    func toolCalls() throws {
        let events = try openAI(
            #"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"look","arguments":""}}]}}]}"#,
            #"{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"now"}}]}}]}"#,
            #"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"q\":"}}]}}]}"#,
            #"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}"#,
            #"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#,
            "[DONE]"
        )
        let expected: [ChatEvent] = [
            .toolCall(ToolCall(id: "a", name: "look", arguments: #"{"q":1}"#)),
            .toolCall(ToolCall(id: "b", name: "now", arguments: "{}")),
            .finished(ChatSummary(reason: .toolCalls)),
        ]
        #expect(events == expected)
    }

    @Test(
        "Errors in the stream",
        arguments: [
            (#"{"error":{"message":"slow down","type":"rate_limit_exceeded"}}"#, LanguageModelError.Code.rateLimited),
            (#"{"error":{"message":"boom","type":"server_error","code":500}}"#, .overloaded),
            (#"{"error":"context window exceeded"}"#, .contextTooLong),
            (#"{"choices": [}"#, .badResponse),
            ("<html>", .badResponse),
            (#"{"choices":"many"}"#, .badResponse),
        ]
    )
    func errors(data: String, code: LanguageModelError.Code) {
        let error = #expect(throws: LanguageModelError.self) { try openAI(data) }
        #expect(error?.code == code)
    }

    @Test("A server that does not stream is understood")
    func whole() throws {
        var decoder = OpenAIStreamDecoder()
        let body = #"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#
        let end = ChatEvent.finished(ChatSummary(reason: .stop, usage: TokenUsage(input: 1, output: 0)))
        #expect(try decoder.decode(whole: Array(body.utf8)) == [.text("Hi"), end])
    }
}

@Suite("Anthropic's stream")
struct AnthropicStreamDecoderTests {
    private func events(_ data: String...) throws -> [ChatEvent] {
        try decode(AnthropicStreamDecoder(), data.map { ServerSentEvent(name: "x", data: $0) })
    }

    @Test("Text, tool, unknown events, usage")
    func complete() throws {
        let given = try events(
            #"{"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}"#,
            #"{"type":"ping"}"#,
            #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Well."}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
            #"{"type":"content_block_stop","index":0}"#,
            #"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"look"}}"#,
            #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
            #"{"type":"something_new"}"#,
            #"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}"#,
            #"{"type":"message_stop"}"#
        )
        let expected: [ChatEvent] = [
            .text("Well."),
            .toolCall(ToolCall(id: "t", name: "look", arguments: "{}")),
            .finished(ChatSummary(reason: .toolCalls, usage: TokenUsage(input: 9, output: 5))),
        ]
        #expect(given == expected)
    }

    @Test("An overloaded provider says so in the stream")
    func overloaded() {
        let error = #expect(throws: LanguageModelError.self) {
            try events(#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#)
        }
        #expect(error?.code == .overloaded)
    }

    @Test("A stream without its stop is cut off")
    func cutOff() {
        #expect(throws: LanguageModelError.cutOff) {
            try events(#"{"type":"content_block_delta","delta":{"text":"We"}}"#)
        }
    }
}
