import Hummingbird
import NIOCore

extension LanguageModelDouble {
    private static let prefix = "/anthropic/v1"

    func addAnthropicRoutes(to router: SimulationRouter) {
        router.post("\(Self.prefix)/messages") { request, context in
            try await self.anthropicResponse { try await self.createMessage(request, context) }
        }
        router.post("\(Self.prefix)/messages/count_tokens") { request, _ in
            try await self.anthropicResponse {
                try Self.checkHeaders(request)
                let bytes = try await request.body.collect(upTo: Self.bodyLimit)
                guard let body = JSONValue(parsing: bytes.readableBytesView) else {
                    throw ModelError(.invalidRequest, "The request body is not valid JSON")
                }
                let asked = try AnthropicDialect.conversation(body, model: body["model"]?.stringValue ?? "")
                let count = AnswerComposer.answer(to: asked).inputTokens
                return Self.jsonResponse(200, ["input_tokens": .integer(Int64(count))])
            }
        }
        router.get("\(Self.prefix)/models") { request, _ in
            try await self.anthropicResponse {
                try Self.checkHeaders(request)
                return Self.jsonResponse(
                    200,
                    [
                        "data": .array(Self.models.map(Self.anthropicModel)), "has_more": false,
                        "first_id": .string(Self.models[0]), "last_id": .string(Self.models[Self.models.count - 1]),
                    ]
                )
            }
        }
    }

    private func createMessage(_ request: Request, _ context: SimulationContext) async throws -> Response {
        try Self.checkHeaders(request)
        let bytes = try await request.body.collect(upTo: Self.bodyLimit)
        let asked = try AnthropicDialect.request(from: JSONValue(parsing: bytes.readableBytesView))
        try Self.check(model: asked.model)
        let fault = takeFault(isStream: asked.streams, model: asked.model)
        if let refusal = Self.refusal(for: fault) { throw refusal }
        let number = record(asked)
        var answer = AnswerComposer.answer(to: asked)
        if fault?.kind == .empty { (answer.pieces, answer.toolCalls) = ([], []) }
        let id = "msg_\(String(number, radix: 36))"
        guard asked.streams else {
            return try await whole(AnthropicDialect.message(answer, id: id, model: asked.model), fault: fault, context)
        }
        let failure = AnthropicDialect.refusal(ModelError(.overloaded, "Overloaded"), requestID: id)
        return stream(
            AnthropicDialect.events(answer, id: id, model: asked.model),
            ending: [],
            failure: ServerEvent(name: "error", data: failure.body),
            fault: fault
        )
    }

    private func anthropicResponse(_ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let error as ModelError {
            let (status, json) = AnthropicDialect.refusal(error, requestID: "req_playground")
            return Self.jsonResponse(status, json, headers: Self.retryHeaders(error))
        }
    }

    /// Every request has a key and names the version of the API (https://docs.anthropic.com/en/api/versioning).
    private static func checkHeaders(_ request: Request) throws(ModelError) {
        // Newer SDKs send the key as a bearer token.
        let key = HTTPFields.Element.Name("x-api-key").flatMap { request.headers[$0] }
        try check(key: key ?? bearer(request))
        guard let name = HTTPFields.Element.Name("anthropic-version"), request.headers[name] != nil else {
            throw ModelError(.invalidRequest, "anthropic-version: header is required")
        }
    }

    private static func anthropicModel(_ name: String) -> JSONValue {
        [
            "type": "model", "id": .string(name), "display_name": .string(name),
            "created_at": "2026-01-01T00:00:00Z",
        ]
    }
}
