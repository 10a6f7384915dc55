import Testing

@testable import Simulation

@Suite("Dialects of the local model")
struct DialectTests {
    @Test("OpenAI's dialect reads system, parts, tools and limits")
    func openAIRequest() throws {
        let request = try OpenAIDialect.request(from: [
            "model": "gpt", "stream": true, "stream_options": ["include_usage": true], "max_tokens": 50, "stop": "END",
            "messages": [
                ["role": "system", "content": "You are Iris."],
                [
                    "role": "user",
                    "content": [["type": "text", "text": "look"], ["type": "image_url", "image_url": [:]]],
                ],
                [
                    "role": "assistant", "content": nil,
                    "tool_calls": [
                        ["id": "c1", "type": "function", "function": ["name": "f", "arguments": "{\"a\":1}"]]
                    ],
                ],
                ["role": "tool", "tool_call_id": "c1", "content": "42"],
            ],
            "tools": [["type": "function", "function": ["name": "f", "parameters": [:]]]],
            "tool_choice": ["type": "function", "function": ["name": "f"]],
        ])
        #expect(request.system == "You are Iris.")
        #expect(request.turns.map(\.role) == [.user, .assistant, .tool])
        #expect(request.turns[0].text == "look\n[picture]")
        #expect(request.turns[1].toolCalls.first?.arguments == ["a": 1])
        #expect(request.toolChoice == .named("f"))
        #expect(request.stopSequences == ["END"])
        #expect(request.maximumTokens == 50)
        #expect(request.streams && request.streamsUsage)
    }

    @Test(
        "OpenAI's dialect refuses what the API refuses",
        arguments: [
            (nil, nil), ([:], "model"), (["model": "m"], "messages"),
            (["model": "m", "messages": []], "messages"),
            (["model": "m", "messages": [["role": "robot", "content": "x"]]], "messages[0].role"),
            (["model": "m", "messages": [["role": "tool", "content": "x"]]], "messages[0].tool_call_id"),
            (["model": "m", "temperature": 3, "messages": [["role": "user", "content": "x"]]], "temperature"),
        ] as [(JSONValue?, String?)]
    )
    func openAIRefusal(body: JSONValue?, parameter: String?) {
        let error = #expect(throws: ModelError.self) { try OpenAIDialect.request(from: body) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.parameter == parameter)
    }

    @Test("Anthropic's dialect reads blocks, tool results and demands max_tokens")
    func anthropicRequest() throws {
        let request = try AnthropicDialect.request(from: [
            "model": "claude", "max_tokens": 100, "system": [["type": "text", "text": "You are Selene."]],
            "messages": [
                ["role": "user", "content": "weather?"],
                ["role": "assistant", "content": [["type": "tool_use", "id": "t", "name": "w", "input": ["a": 1]]]],
                ["role": "user", "content": [["type": "tool_result", "tool_use_id": "t", "content": "sun"]]],
            ],
            "tools": [["name": "w", "input_schema": ["type": "object"]]], "tool_choice": ["type": "any"],
        ])
        #expect(request.system == "You are Selene.")
        #expect(request.turns.map(\.role) == [.user, .assistant, .tool])
        #expect(request.turns[2].text == "sun")
        #expect(request.toolChoice == .required)
        #expect(throws: ModelError.self) {
            try AnthropicDialect.request(from: ["model": "m", "messages": [["role": "user", "content": "x"]]])
        }
    }

    @Test("a stream of either dialect carries the same text as the whole answer")
    func streams() {
        let answer = AnswerComposer.answer(
            to: ModelRequest(
                model: "m",
                system: "You are Rainbow, warm.",
                turns: [.init(role: .user, text: "why boats?")]
            )
        )
        let openAI = OpenAIDialect.events(answer, id: "i", model: "m", created: 0, includesUsage: true)
        let text = openAI.compactMap { $0.data["choices"]?.arrayValue?.first?["delta"]?["content"]?.stringValue }
        #expect(text.joined() == answer.text)
        #expect(openAI.last?.data["usage"]?["completion_tokens"]?.integerValue == Int64(answer.outputTokens))
        let anthropic = AnthropicDialect.events(answer, id: "i", model: "m")
        #expect(anthropic.compactMap { $0.data["delta"]?["text"]?.stringValue }.joined() == answer.text)
        #expect(anthropic.first?.name == "message_start")
        #expect(anthropic.last?.name == "message_stop")
    }

    @Test("faults of the stream act at the fourth piece")
    func faults() {
        let answer = AnswerComposer.answer(
            to: ModelRequest(model: "m", turns: [.init(role: .user, text: "why boats?")])
        )
        let events = OpenAIDialect.events(answer, id: "i", model: "m", created: 0, includesUsage: false)
        let failure = ServerEvent(data: ["error": [:]])
        func steps(_ fault: ModelFault?) -> [LanguageModelDouble.StreamStep] {
            var book = FaultBook<ModelFault.Kind>()
            if let fault { #expect(throws: Never.self) { try book.add(fault.order, at: 0) } }
            return LanguageModelDouble.steps(
                events,
                ending: Array("data: [DONE]\n\n".utf8),
                failure: failure,
                fault: book.take(Set(ModelFault.Kind.allCases), bot: nil, at: 0, "a stream"),
                configuration: .init(tokenDelay: .milliseconds(5))
            )
        }
        #expect(steps(nil).filter { $0 == .wait(.milliseconds(5)) }.count == answer.pieces.count)
        #expect(steps(.init(.brokenStream)).last == .breakConnection)
        #expect(steps(.init(.errorInStream)).last == .write(failure.bytes))
        #expect(steps(.init(.brokenStream)).filter { $0 == .wait(.milliseconds(5)) }.count == 3)
        #expect(steps(.init(.slow, delay: .seconds(1))).contains(.wait(.milliseconds(1_005))))
        // All of the text, and nothing of the end: neither its reason nor the mark.
        let endless = steps(.init(.noEnd))
        #expect(endless.filter { $0 == .wait(.milliseconds(5)) }.count == answer.pieces.count)
        #expect(steps(nil).count - endless.count == 2)
    }
}
