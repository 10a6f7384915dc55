import Hummingbird
import NIOCore

extension LanguageModelDouble {
    /// The largest request that it reads.
    static let bodyLimit = 8 << 20
    /// When the listed models were made: a fixed instant, seconds since 1970.
    private static let modelsCreated: Int64 = 1_760_000_000

    func addOpenAIRoutes(to router: SimulationRouter) {
        router.post("/v1/chat/completions") { request, context in
            try await self.openAIResponse { try await self.complete(request, context) }
        }
        router.get("/v1/models") { request, _ in
            try await self.openAIResponse {
                try Self.check(key: Self.bearer(request))
                return Self.jsonResponse(200, ["object": "list", "data": .array(Self.models.map(Self.openAIModel))])
            }
        }
        router.get("/v1/models/:model") { request, context in
            try await self.openAIResponse {
                try Self.check(key: Self.bearer(request))
                let model = context.parameters.get("model") ?? ""
                guard Self.models.contains(model) else {
                    throw ModelError(.modelNotFound, "The model '\(model)' does not exist", parameter: "model")
                }
                return Self.jsonResponse(200, Self.openAIModel(model))
            }
        }
    }

    private func complete(_ request: Request, _ context: SimulationContext) async throws -> Response {
        try Self.check(key: Self.bearer(request))
        let body = try await request.body.collect(upTo: Self.bodyLimit)
        let asked = try OpenAIDialect.request(from: JSONValue(parsing: body.readableBytesView))
        try Self.check(model: asked.model)
        let fault = takeFault(isStream: asked.streams, model: asked.model)
        if let refusal = Self.refusal(for: fault) { throw refusal }
        let number = record(asked)
        var answer = AnswerComposer.answer(to: asked)
        if fault?.kind == .empty { (answer.pieces, answer.toolCalls) = ([], []) }
        let id = "chatcmpl-\(String(number, radix: 36))"
        let created = Self.modelsCreated + Int64(number)
        guard asked.streams else {
            let whole = OpenAIDialect.completion(answer, id: id, model: asked.model, created: created)
            return try await self.whole(whole, fault: fault, context)
        }
        let failure = OpenAIDialect.refusal(ModelError(.serverError, "The server had an error while streaming."))
        return stream(
            OpenAIDialect.events(
                answer,
                id: id,
                model: asked.model,
                created: created,
                includesUsage: asked.streamsUsage
            ),
            ending: Array("data: [DONE]\n\n".utf8),
            failure: ServerEvent(data: failure.body),
            fault: fault
        )
    }

    private func openAIResponse(_ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let error as ModelError {
            let (status, json) = OpenAIDialect.refusal(error)
            return Self.jsonResponse(status, json, headers: Self.retryHeaders(error))
        }
    }

    static func retryHeaders(_ error: ModelError) -> HTTPFields {
        error.code == .rateLimited ? [.retryAfter: String((error.retryAfter.milliseconds + 999) / 1_000)] : [:]
    }

    static func bearer(_ request: Request) -> String? {
        guard let value = request.headers[.authorization], value.lowercased().hasPrefix("bearer ") else { return nil }
        return String(value.dropFirst("bearer ".count))
    }

    private static func openAIModel(_ name: String) -> JSONValue {
        ["id": .string(name), "object": "model", "created": .integer(modelsCreated), "owned_by": "ensemble"]
    }
}
