import LLM
import ServiceKit
import Simulation
import Testing

/// Both providers against the playground's local model, which third-party clients have proven to speak the protocols.
@Suite("Against the local model", .timeLimit(.minutes(1)))
struct DoubleTests {
    private let question = ChatRequest(
        messages: [
            .system("You are Iris. Your traits: reserved, sarcastic."), .user("alice: What is a borrow checker?"),
        ]
    )

    /// Both ways to the same model.
    private func models(at url: String, _ transport: ModelTransport) -> [any LanguageModel] {
        [
            OpenAICompatibleModel(
                .init(provider: "openai", baseURL: url + "/v1", key: "playground", model: "ensemble-small"),
                transport: transport
            ),
            AnthropicModel(
                .init(baseURL: url + "/anthropic", key: "playground", model: "ensemble-small"),
                transport: transport
            ),
        ]
    }

    private func events(_ model: any LanguageModel, _ request: ChatRequest) async throws -> [ChatEvent] {
        try await model.withAnswer(to: request) { stream in
            var events: [ChatEvent] = []
            for try await event in stream { events.append(event) }
            return events
        }
    }

    @Test("An answer streams in pieces and ends with its cost")
    func answers() async throws {
        try await SimulationServer([LanguageModelDouble()]).withRunning { url in
            try await withTransport { transport in
                for model in models(at: url, transport) {
                    let events = try await events(model, question)
                    let pieces = events.filter { if case .text = $0 { true } else { false } }
                    #expect(pieces.count > 2, "\(model.name)")
                    guard case .finished(let summary) = events.last else {
                        Issue.record("\(model.name) has no end")
                        continue
                    }
                    #expect(summary.reason == .stop)
                    #expect(summary.usage?.input ?? 0 > 0)
                    #expect(summary.usage?.output ?? 0 > 0)
                }
            }
        }
    }

    @Test("A tool that fits is asked for, with whole arguments")
    func tools() async throws {
        let request = ChatRequest(
            messages: [.user("What is the weather in Kyiv?")],
            tools: [
                ToolDefinition(
                    name: "get_weather",
                    description: "The weather of a city.",
                    parameters: #"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#
                )
            ]
        )
        try await SimulationServer([LanguageModelDouble()]).withRunning { url in
            try await withTransport { transport in
                for model in models(at: url, transport) {
                    let events = try await events(model, request)
                    guard
                        case .toolCall(let call)? = events.first(where: {
                            if case .toolCall = $0 { true } else { false }
                        })
                    else {
                        Issue.record("\(model.name) asked for no tool: \(events)")
                        continue
                    }
                    #expect(call.name == "get_weather")
                    #expect(call.arguments.contains("Kyiv"))
                    #expect(!call.id.isEmpty)
                    guard case .finished(let summary) = events.last else { continue }
                    #expect(summary.reason == .toolCalls)
                }
            }
        }
    }

    @Test(
        "Every way in which the local model can fail has its error",
        arguments: [
            (ModelFault.Kind.unauthorized, [LanguageModelError.Code.authentication]),
            (.rateLimited, [.rateLimited]),
            (.serverError, [.overloaded]),
            (.overloaded, [.overloaded]),
            (.brokenStream, [.connection, .badResponse]),
            (.malformedChunk, [.badResponse]),
            (.errorInStream, [.overloaded, .badResponse, .rateLimited]),
            (.stalled, [.timeout]),
            (.noEnd, [.connection, .badResponse]),
        ]
    )
    func faults(kind: ModelFault.Kind, codes: [LanguageModelError.Code]) async throws {
        let double = LanguageModelDouble()
        let limits = StreamLimits(connect: .milliseconds(300), firstToken: .milliseconds(300), idle: .milliseconds(300))
        try await SimulationServer([double]).withRunning { url in
            try await withTransport(limits) { transport in
                for model in models(at: url, transport) {
                    double.inject(ModelFault(kind, delay: .seconds(2)))
                    let error = await #expect(throws: LanguageModelError.self) {
                        _ = try await events(model, question)
                    }
                    if let error { #expect(codes.contains(error.code), "\(model.name): \(error)") }
                    double.clearFaults()
                    _ = try await events(model, question)
                }
            }
        }
    }
}
