import Testing

@testable import Simulation

@Suite("Tool calls of the local model")
struct ToolCallerTests {
    private static let weather = ModelRequest.Tool(
        name: "get_weather",
        summary: "Current weather in a place",
        parameters: [
            "type": "object",
            "properties": [
                "place": ["type": "string"], "unit": ["type": "string", "enum": ["celsius", "fahrenheit"]],
                "days": ["type": "integer", "minimum": 1, "maximum": 7],
            ],
            "required": ["place", "days"],
        ]
    )

    private func request(
        _ text: String,
        choice: ModelRequest.ToolChoice = .automatic,
        turns: [ModelRequest.Turn] = []
    ) -> ModelRequest {
        ModelRequest(
            model: "m",
            turns: [.init(role: .user, text: text)] + turns,
            tools: [Self.weather],
            toolChoice: choice
        )
    }

    @Test("calls a tool that the message names, with arguments that satisfy its schema")
    func named() throws {
        let call = try #require(
            AnswerComposer.answer(to: request("weather for 9 days in fahrenheit in Kyiv?")).toolCalls.first
        )
        #expect(call.name == "get_weather")
        #expect(call.arguments == ["place": "Kyiv", "days": 7, "unit": "fahrenheit"])
    }

    @Test("does not call a tool that has nothing to do with the message, unless it must")
    func choice() {
        #expect(AnswerComposer.answer(to: request("tell me a joke")).toolCalls.isEmpty)
        #expect(AnswerComposer.answer(to: request("tell me a joke", choice: .required)).toolCalls.count == 1)
        #expect(AnswerComposer.answer(to: request("weather in Kyiv", choice: .none)).toolCalls.isEmpty)
        #expect(AnswerComposer.answer(to: request("a joke", choice: .named("get_weather"))).toolCalls.count == 1)
        #expect(AnswerComposer.answer(to: request("a joke", choice: .named("absent"))).toolCalls.isEmpty)
    }

    @Test("answers in words with what the tool returned")
    func result() {
        let answer = AnswerComposer.answer(
            to: request(
                "weather in Kyiv",
                turns: [
                    .init(role: .assistant, text: "", toolCalls: [.init(id: "1", name: "get_weather", arguments: [:])]),
                    .init(role: .tool, text: "21 degrees, sunny"),
                ]
            )
        )
        #expect(answer.toolCalls.isEmpty)
        #expect(answer.text.contains("21 degrees, sunny"))
    }
}
