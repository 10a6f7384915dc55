import LLM
import ServiceKit
import TestSupport
import Testing

@Suite("Answers over HTTP", .timeLimit(.minutes(1)))
struct TransportTests {
    private let question = ChatRequest(messages: [.user("Hello?")])

    /// Asks an OpenAI-compatible server that answers as scripted.
    private func answer(
        _ steps: [ScriptedHTTPServer.Step],
        limits: StreamLimits = StreamLimits()
    ) async throws -> (events: [ChatEvent], requests: [String]) {
        let (events, requests) = try await ScriptedHTTPServer.run(steps) { url in
            try await withTransport(limits) { transport in
                let model = OpenAICompatibleModel(
                    .init(provider: "scripted", baseURL: url + "/v1", key: "sk-test", model: "m"),
                    transport: transport
                )
                return try await model.withAnswer(to: question) { stream in
                    var events: [ChatEvent] = []
                    for try await event in stream { events.append(event) }
                    return events
                }
            }
        }
        return (events, requests)
    }

    private func failure(
        _ steps: [ScriptedHTTPServer.Step],
        limits: StreamLimits = StreamLimits()
    ) async -> LanguageModelError? {
        await #expect(throws: LanguageModelError.self) { _ = try await answer(steps, limits: limits) }
    }

    private let word = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n"
    private let stop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"

    @Test("An answer in awkward pieces, with the key in its header")
    func pieces() async throws {
        let bytes = Array((": warming up\r\n\r\n" + word + stop + "data: [DONE]\n\n").utf8)
        let steps = [ScriptedHTTPServer.head()] + bytes.map { .bytes([$0]) } + [.hang]
        let (events, requests) = try await answer(steps)
        #expect(events == [.text("Hi"), .finished(ChatSummary(reason: .stop))])
        #expect(requests.count == 1)
        #expect(requests[0].hasPrefix("POST /v1/chat/completions HTTP/1.1"))
        #expect(requests[0].lowercased().contains("authorization: bearer sk-test"))
    }

    @Test("A stream that ends in the middle is an error, not a short answer")
    func cutOff() async {
        let error = await failure([ScriptedHTTPServer.head(), .send(word)])
        #expect(error?.code == .badResponse)
    }

    @Test("A chunked stream that breaks is a broken connection")
    func broken() async {
        let head = ScriptedHTTPServer.Step.send(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        let error = await failure([head, .send("\(String(word.utf8.count, radix: 16))\r\n\(word)\r\n")])
        #expect(error?.code == .connection)
    }

    @Test("Status, wait and words of a refusal are kept")
    func rateLimited() async {
        let error = await failure([
            ScriptedHTTPServer.head("429 Too Many Requests", type: "application/json", "retry-after: 7\r\n"),
            .send(#"{"error":{"message":"slow down"}}"#),
        ])
        #expect(error?.code == .rateLimited)
        #expect(error?.retryAfter == .seconds(7))
        #expect(error?.message.contains("slow down") == true)
    }

    @Test("A web page instead of a stream")
    func webPage() async {
        let error = await failure([ScriptedHTTPServer.head(type: "text/html; charset=utf-8"), .send("<html>")])
        #expect(error?.code == .badResponse)
        #expect(error?.message.contains("base URL") == true)
    }

    @Test("A redirect is not followed: the key stays here")
    func redirect() async {
        let elsewhere = "location: http://127.0.0.1:1/\r\n"
        let error = await failure([ScriptedHTTPServer.head("302 Found", type: "text/plain", elsewhere)])
        #expect(error?.code == .refusedRequest)
    }

    @Test("A server that does not speak HTTP")
    func notHTTP() async {
        let error = await failure([.send("SSH-2.0-OpenSSH_9.2\r\n")])
        #expect(error?.code == .connection)
    }

    @Test("A server that never answers, and one that only keeps the line open")
    func firstToken() async {
        let limits = StreamLimits(connect: .milliseconds(100), firstToken: .milliseconds(150))
        for steps in [[.hang], [ScriptedHTTPServer.head(), .send(": wait\n\n"), .hang]] {
            let error = await failure(steps, limits: limits)
            #expect(error?.code == .timeout)
        }
    }

    @Test("A server that stops in the middle")
    func idle() async {
        let limits = StreamLimits(idle: .milliseconds(100))
        let start = ContinuousClock.now
        let error = await failure([ScriptedHTTPServer.head(), .send(word), .hang], limits: limits)
        #expect(error?.code == .timeout)
        #expect(error?.message.contains("middle") == true)
        // Not only at the deadline of the first token, 45 seconds.
        #expect(start.duration(to: .now) < .seconds(20))
    }

    @Test("An answer without end is cut at the limit")
    func tooLarge() async {
        let flood = String(repeating: word, count: 100)
        let limits = StreamLimits(maximumBytes: 1000)
        let error = await failure([ScriptedHTTPServer.head(), .send(flood), .hang], limits: limits)
        #expect(error?.code == .badResponse)
    }

    @Test("Lines that are no events are read over, whatever bytes they hold")
    func garbageLines() async throws {
        let garbage = [UInt8](0...255).filter { $0 != 0x0A && $0 != 0x0D } + Array("\n\nwhat: ever\ndata\n\n\r\r".utf8)
        let steps: [ScriptedHTTPServer.Step] = [
            ScriptedHTTPServer.head(), .bytes(garbage), .send(word), .bytes(garbage), .send(stop),
            .send("data: [DONE]\n\n"),
        ]
        let (events, _) = try await answer(steps)
        #expect(events == [.text("Hi"), .finished(ChatSummary(reason: .stop))])
    }

    @Test("An event that is no JSON, behind half an answer")
    func garbageEvent() async {
        let error = await failure([ScriptedHTTPServer.head(), .send(word), .send("data: {\"cho\n\n"), .hang])
        #expect(error?.code == .badResponse)
        #expect(error?.isRetriable == true)
    }

    @Test("An error event behind half an answer")
    func errorEvent() async {
        let event = "event: error\ndata: {\"error\":{\"message\":\"boom\",\"type\":\"server_error\"}}\n\n"
        let error = await failure([ScriptedHTTPServer.head(), .send(word), .send(event), .hang])
        #expect(error?.code == .overloaded)
        #expect(error?.message.contains("boom") == true)
    }

    @Test("An event larger than any answer, without a line's end")
    func oversizeEvent() async {
        let error = await failure([
            ScriptedHTTPServer.head(), .send("data: "), .bytes([UInt8](repeating: 0x61, count: 1 << 21)), .hang,
        ])
        #expect(error?.code == .badResponse)
        #expect(error?.message.contains("larger") == true)
    }

    @Test("A stream that drips for ever ends with the time that a whole answer may take")
    func endless() async {
        let limits = StreamLimits(idle: .seconds(5), total: .milliseconds(300))
        let drips = [ScriptedHTTPServer.Step](repeating: .send(word), count: 200)
        let error = await failure([ScriptedHTTPServer.head()] + drips + [.hang], limits: limits)
        #expect(error?.code == .timeout)
        #expect(error?.message.contains("not complete") == true)
    }

    @Test(
        "Error answers that are no JSON: a page, nothing, megabytes",
        arguments: ["<html><body>502 Bad Gateway</body></html>", "", String(repeating: "x", count: 3 << 20)]
    )
    func errorBodies(body: String) async {
        let error = await failure([ScriptedHTTPServer.head("502 Bad Gateway", type: "text/html"), .send(body)])
        #expect(error?.code == .overloaded)
        #expect(error?.status == 502)
        #expect((error?.message.utf8.count ?? 0) < 600)
    }

    @Test("An answer of 200 with nothing in it, and a JSON document that is no answer")
    func emptyAnswer() async {
        for (type, body) in [("text/event-stream", ""), ("application/json", ""), ("application/json", "{}")] {
            let error = await failure([ScriptedHTTPServer.head(type: type), .send(body)])
            #expect(error?.code == .badResponse)
        }
    }

    @Test("Nobody listens on that port")
    func refused() async throws {
        try await withTransport { transport in
            let model = OpenAICompatibleModel(
                .init(provider: "none", baseURL: "http://127.0.0.1:1/v1", key: nil, model: "m"),
                transport: transport
            )
            let error = await #expect(throws: LanguageModelError.self) {
                try await model.withAnswer(to: question) { stream in
                    for try await _ in stream {}
                }
            }
            #expect(error?.code == .connection)
            #expect(error?.message.contains("127.0.0.1") == true)
        }
    }

    @Test("Leaving early closes the connection and does not wait for the model")
    func leaveEarly() async throws {
        let first = try await ScriptedHTTPServer.run([ScriptedHTTPServer.head(), .send(word), .hang]) { url in
            try await withTransport { transport in
                let model = OpenAICompatibleModel(
                    .init(provider: "scripted", baseURL: url + "/v1", key: nil, model: "m"),
                    transport: transport
                )
                return try await model.withAnswer(to: question) { stream in
                    for try await event in stream { return event }
                    throw LanguageModelError(.badResponse, "no event")
                }
            }
        }
        #expect(first.result == ChatEvent.text("Hi"))
        #expect(!first.requests[0].lowercased().contains("authorization"))
    }

    @Test("Anthropic's address and headers")
    func anthropic() async throws {
        let events = """
            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hm."}}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}

            event: message_stop
            data: {"type":"message_stop"}


            """
        let (result, requests) = try await ScriptedHTTPServer.run([ScriptedHTTPServer.head(), .send(events)]) { url in
            try await withTransport { transport in
                let model = AnthropicModel(
                    .init(baseURL: url, key: "key-1", model: "m"),
                    transport: transport
                )
                return try await model.withAnswer(to: question) { stream in
                    var events: [ChatEvent] = []
                    for try await event in stream { events.append(event) }
                    return events
                }
            }
        }
        let end = ChatEvent.finished(ChatSummary(reason: .stop, usage: TokenUsage(input: 0, output: 3)))
        #expect(result == [.text("Hm."), end])
        #expect(requests[0].hasPrefix("POST /v1/messages HTTP/1.1"))
        #expect(requests[0].lowercased().contains("x-api-key: key-1"))
    }
}

@Suite("Which model")
struct ModelSettingsTests {
    @Test("The first provider with a key is taken; a base URL alone is enough for a server of one's own")
    func choice() throws {
        let groq = try ModelSettings(Settings(environment: ["GROQ_API_KEY": "k"]))
        #expect(groq.provider.name == "groq")
        #expect(groq.model == "llama-3.3-70b-versatile")
        let own = try ModelSettings(
            Settings(environment: ["OPENAI_BASE_URL": "http://127.0.0.1:8090/v1", "OPENAI_MODEL": "tiny"])
        )
        #expect(own.baseURL == "http://127.0.0.1:8090/v1")
        #expect(own.key == nil)
        #expect(own.model == "tiny")
    }

    @Test(
        "What is missing or wrong is named",
        arguments: [
            ([:], "OPENAI_API_KEY"),
            (["PERSONA_PROVIDER": "skynet"], "PERSONA_PROVIDER"),
            (["PERSONA_PROVIDER": "anthropic"], "ANTHROPIC_API_KEY"),
            (["OPENAI_BASE_URL": "localhost:80"], "OPENAI_BASE_URL"),
        ]
    )
    func mistakes(environment: [String: String], key: String) {
        let error = #expect(throws: ConfigurationError.self) { try ModelSettings(Settings(environment: environment)) }
        #expect(error?.key == key)
    }
}
