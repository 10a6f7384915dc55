import Simulation
import TestSupport
import Testing

/// The SDKs of OpenAI and Anthropic chat with the local model: whole and streamed answers, tools, errors, faults.
@Suite("SDKs of language models")
struct LanguageModelSDKTests {
    @Test("the openai SDK chats with the local model", .timeLimit(.minutes(6)))
    func openAI() async throws {
        let model = LanguageModelDouble()
        let discord = SimulatedDiscord(configuration: .unlimited)
        discord.takeOrders(for: [model])
        try await SimulationServer([discord, model]).withRunning { url in
            let output = try await PythonClient.run("openai_chat.py", environment: ["MODEL_URL": "\(url)/v1"])
            #expect(output.contains("done"))
            try await PythonClient.run(
                "openai_chat.py",
                arguments: ["faults"],
                environment: ["MODEL_URL": "\(url)/v1", "CONTROL_URL": url]
            )
        }
        #expect(model.requests.contains { $0.system.contains("Iris") })
    }

    @Test("the anthropic SDK chats with the local model", .timeLimit(.minutes(6)))
    func anthropic() async throws {
        let model = LanguageModelDouble()
        let discord = SimulatedDiscord(configuration: .unlimited)
        discord.takeOrders(for: [model])
        try await SimulationServer([discord, model]).withRunning { url in
            let output = try await PythonClient.run(
                "anthropic_chat.py",
                environment: ["MODEL_URL": "\(url)/anthropic"]
            )
            #expect(output.contains("done"))
            try await PythonClient.run(
                "anthropic_chat.py",
                arguments: ["faults"],
                environment: ["MODEL_URL": "\(url)/anthropic", "CONTROL_URL": url]
            )
        }
    }
}
