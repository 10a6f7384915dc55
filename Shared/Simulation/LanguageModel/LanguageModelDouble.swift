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
        var faults: [ModelFault] = []
        var requests: [ModelRequest] = []
        var answers: UInt64 = 0
    }

    let configuration: Configuration
    private let state = Mutex(State())

    package init(configuration: Configuration = .init()) {
        self.configuration = configuration
    }

    /// Spoils the next answers, after those that earlier faults spoil.
    package func inject(_ fault: ModelFault) {
        state.withLock { $0.faults.append(fault) }
    }

    package func clearFaults() {
        state.withLock { $0.faults = [] }
    }

    /// What it was asked, oldest first; at most 512.
    package var requests: [ModelRequest] { state.withLock { $0.requests } }

    package func addRoutes(to router: SimulationRouter) {
        addOpenAIRoutes(to: router)
        addAnthropicRoutes(to: router)
    }

    // MARK: - For the dialects' routes

    /// The fault that spoils the answer about to be given, used up by one.
    func takeFault() -> ModelFault? {
        state.withLock { state in
            guard var fault = state.faults.first else { return nil }
            fault.count -= 1
            if fault.count <= 0 { state.faults.removeFirst() } else { state.faults[0] = fault }
            return fault
        }
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
    static func refusal(for fault: ModelFault?) -> ModelError? {
        switch fault?.kind {
        case .unauthorized: ModelError(.unauthorized, "Incorrect API key provided.")
        case .rateLimited: ModelError(.rateLimited, "Rate limit reached. Please try again later.")
        case .serverError: ModelError(.serverError, "The server had an error while processing your request.")
        case .overloaded: ModelError(.overloaded, "Overloaded")
        default: nil
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
    func whole(_ body: JSONValue, fault: ModelFault?) async throws -> Response {
        try await configuration.clock.sleep(for: configuration.firstTokenDelay)
        if let fault, [.slow, .stalled].contains(fault.kind) { try await configuration.clock.sleep(for: fault.delay) }
        return Self.jsonResponse(200, body)
    }
}
