import Hummingbird
import NIOCore
import Synchronization

/// LanguageModel: a local language model that speaks the dialects of OpenAI (`/v1`) and Anthropic (`/anthropic/v1`).
///
/// `Text` writes the answers, as a function of the request alone (``AnswerComposer``); `OpenAI` and `Anthropic` read
/// requests and write answers in their dialects; this type serves them over HTTP, streams with the delay of a token,
/// fails on demand (``ModelFault``) and remembers what it was asked. It owns the list of faults and the record of
/// requests. A new language is a file in `Phrasebooks`; a new dialect a folder beside the two.
package final class LanguageModelDouble: SimulatedEndpoint {
    package struct Configuration: Sendable {
        /// The pause before each piece of a streamed answer.
        package var tokenDelay: Duration
        /// The pause before the first byte of every answer.
        package var firstTokenDelay: Duration
        package var clock: any Clock<Duration>

        package init(
            tokenDelay: Duration = .zero,
            firstTokenDelay: Duration = .zero,
            clock: any Clock<Duration> = ContinuousClock()
        ) {
            self.tokenDelay = tokenDelay
            self.firstTokenDelay = firstTokenDelay
            self.clock = clock
        }
    }

    /// The models that it lists. It answers under any other name, too, except under one that starts with `missing`.
    package static let models = ["ensemble-small", "ensemble-large"]
    /// Requests that it remembers; older ones are forgotten.
    static let recordLimit = 512

    private struct State {
        var faults = FaultBook<ModelFault.Kind>()
        var requests: [ModelRequest] = []
        var answers: UInt64 = 0
    }

    let configuration: Configuration
    private let state = Mutex(State())
    private let stopwatch: Stopwatch

    package init(configuration: Configuration = .init()) {
        self.configuration = configuration
        stopwatch = Stopwatch(configuration.clock, start: SimulatedDiscord.systemClock())
    }

    /// What it was asked, oldest first; at most 512.
    package var requests: [ModelRequest] { state.withLock { $0.requests } }

    package func addRoutes(to router: SimulationRouter) {
        addOpenAIRoutes(to: router)
        addAnthropicRoutes(to: router)
    }

    // MARK: - For the dialects' routes

    /// The fault that spoils the answer about to be given, used up by one.
    ///
    /// - Parameter isStream: whether the answer streams; some faults need one.
    func takeFault(isStream: Bool, model: String) -> Fault<ModelFault.Kind>? {
        let kinds = ModelFault.Kind.allCases.filter { isStream || !$0.needsStream }
        return withFaults { $0.take(Set(kinds), bot: nil, at: stopwatch.now, "an answer of \(model)") }
    }

    private func withFaults<Result, Failure: Error>(
        _ body: (inout FaultBook<ModelFault.Kind>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try state.withLock { state throws(Failure) in try body(&state.faults) }
    }

    /// Remembers the request and numbers its answer.
    func record(_ request: ModelRequest) -> UInt64 {
        state.withLock { state in
            if state.requests.count == Self.recordLimit { state.requests.removeFirst() }
            state.requests.append(request)
            state.answers += 1
            return state.answers
        }
    }

    /// The refusal that a fault means; nil for the faults of the stream.
    static func refusal(for fault: Fault<ModelFault.Kind>?) -> ModelError? {
        switch fault?.kind {
        case .unauthorized: return ModelError(.unauthorized, "Incorrect API key provided.")
        case .rateLimited:
            var error = ModelError(.rateLimited, "Rate limit reached. Please try again later.")
            error.retryAfter = .milliseconds(Int64(fault?.wait ?? 0))
            return error
        case .serverError:
            return ModelError(.serverError, "The server had an error while processing your request.")
        case .overloaded: return ModelError(.overloaded, "Overloaded")
        default: return nil
        }
    }

    /// Throws what a key that no provider would take gets: none, or one that starts with `invalid`.
    static func check(key: String?) throws(ModelError) {
        guard let key, !key.isEmpty else {
            throw ModelError(.unauthorized, "You didn't provide an API key.")
        }
        if key.hasPrefix("invalid") { throw ModelError(.unauthorized, "Incorrect API key provided.") }
    }

    static func check(model: String) throws(ModelError) {
        if model.hasPrefix("missing") {
            throw ModelError(.modelNotFound, "The model '\(model)' does not exist or you do not have access to it.")
        }
    }

    static func jsonResponse(_ status: Int, _ body: JSONValue, headers: HTTPFields = [:]) -> Response {
        var fields = headers
        fields[.contentType] = "application/json"
        return Response(
            status: .init(code: status),
            headers: fields,
            body: .init(byteBuffer: ByteBuffer(bytes: body.bytes))
        )
    }

    /// The whole answer, as late as a stream of it would end its first piece.
    func whole(
        _ body: JSONValue,
        fault: Fault<ModelFault.Kind>?,
        _ context: SimulationContext
    ) async throws -> Response {
        try await configuration.clock.sleep(for: configuration.firstTokenDelay)
        let response = Self.jsonResponse(200, body)
        switch fault?.kind {
        case .slow, .stalled:
            try await configuration.clock.sleep(for: .milliseconds(Int64(fault?.wait ?? 0)))
            return response
        case .brokenStream: return context.broken(response, body: body.bytes)
        case .malformedChunk:
            var garbage = response
            garbage.body = .init(byteBuffer: ByteBuffer(bytes: body.bytes.prefix(body.bytes.count / 2)))
            return garbage
        default: return response
        }
    }
}

extension LanguageModelDouble: FaultyDouble {
    package var faultTarget: FaultTarget { .llm }
    package var faultCatalogue: [JSONValue] { FaultBook<ModelFault.Kind>.catalogue }

    package func order(_ order: FaultOrder) throws(FaultRefused) -> String {
        try withFaults { faults throws(FaultRefused) in try faults.add(order, at: stopwatch.now) }
    }

    /// Spoils the next answers, after those that earlier faults spoil.
    package func inject(_ fault: ModelFault) {
        // Only a book that is full refuses one of these; no test orders so many.
        _ = try? order(fault.order)
    }

    package func faultReport() -> FaultReport { withFaults { $0.report(at: stopwatch.now) } }
    package func endFault(_ id: String) -> Bool { withFaults { $0.end(id) } }
    package func clearFaults() { withFaults { $0.clear() } }
}
