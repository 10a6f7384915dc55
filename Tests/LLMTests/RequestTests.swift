import FoundationEssentials
import Testing

@testable import LLM

@Suite("What providers are sent")
struct RequestTests {
    private func json(_ value: some Encodable) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
    }

    private func json(_ text: String) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    }

    private let conversation = ChatRequest(
        messages: [
            .system("Be kind."), .user("alice: hi"), .user("bob: ho"), .assistant("hey"),
            ChatMessage(role: .user, parts: [.text("what is it?"), .image(url: "data:image/png;base64,QUJD")]),
            ChatMessage(
                role: .assistant,
                parts: [],
                toolCalls: [ToolCall(id: "t1", name: "look", arguments: #"{"q":1}"#)]
            ),
            ChatMessage(role: .tool, parts: [.text("found")], toolCallID: "t1"),
        ],
        temperature: 1.5,
        maximumTokens: 50,
        tools: [ToolDefinition(name: "look", description: "Looks.", parameters: #"{"type":"object"}"#)]
    )

    @Test("OpenAI's form")
    func openAI() throws {
        let body = try json(try OpenAIRequest(conversation, model: "m", namesLimitAnew: false))
        let expected = try json(
            #"""
            {"model":"m","stream":true,"stream_options":{"include_usage":true},"temperature":1.5,"max_tokens":50,
             "messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"alice: hi"},
              {"role":"user","content":"bob: ho"},{"role":"assistant","content":"hey"},
              {"role":"user","content":[{"type":"text","text":"what is it?"},
               {"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}]},
              {"role":"assistant","tool_calls":[{"id":"t1","type":"function",
               "function":{"name":"look","arguments":"{\"q\":1}"}}]},
              {"role":"tool","content":"found","tool_call_id":"t1"}],
             "tools":[{"type":"function","function":{"name":"look","description":"Looks.",
              "parameters":{"type":"object"}}}]}
            """#
        )
        #expect(body == expected)
    }

    @Test("OpenAI itself has renamed the limit")
    func renamedLimit() throws {
        let request = ChatRequest(messages: [.user("x")], maximumTokens: 5)
        let body = try json(try OpenAIRequest(request, model: "m", namesLimitAnew: true))
        guard case .object(let fields) = body else { throw LanguageModelError(.badResponse, "no object") }
        #expect(fields["max_completion_tokens"] == .integer(5))
        #expect(fields["max_tokens"] == nil)
    }

    @Test("Anthropic's form: rules apart, neighbours of one role joined")
    func anthropic() throws {
        let body = try json(try AnthropicRequest(conversation, model: "m"))
        let expected = try json(
            #"""
            {"model":"m","stream":true,"system":"Be kind.","max_tokens":50,"temperature":1,
             "messages":[{"role":"user","content":[{"type":"text","text":"alice: hi"},{"type":"text","text":"bob: ho"}]},
              {"role":"assistant","content":[{"type":"text","text":"hey"}]},
              {"role":"user","content":[{"type":"text","text":"what is it?"},
               {"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}}]},
              {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"look","input":{"q":1}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"found"}]}],
             "tools":[{"name":"look","description":"Looks.","input_schema":{"type":"object"}}]}
            """#
        )
        #expect(body == expected)
    }

    @Test("A tool whose schema is no JSON is refused before anything is sent")
    func badSchema() {
        let request = ChatRequest(
            messages: [.user("x")],
            tools: [ToolDefinition(name: "t", description: "", parameters: "{")]
        )
        #expect(throws: LanguageModelError.self) { try OpenAIRequest(request, model: "m", namesLimitAnew: false) }
        #expect(throws: LanguageModelError.self) { try AnthropicRequest(request, model: "m") }
    }
}
