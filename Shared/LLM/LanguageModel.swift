//  LLM: answers from language models as streams, behind one protocol.
//
//  The module owns no state beyond the HTTP connections of the client it is given. A provider is one file in
//  `Providers/` and one line in `ProviderCatalogue`; it turns a `ChatRequest` into an HTTP request and the
//  provider's server-sent events into `ChatEvent`s with a pure decoder. `Transport/` holds what all providers share:
//  deadlines, bounds, errors from HTTP. Nothing here retries: who asked knows what a second attempt may cost.

/// A model that answers a conversation as a stream.
package protocol LanguageModel: Sendable {
    /// Provider and model in one word for logs, such as `openai/gpt-4o-mini`.
    var name: String { get }

    /// Asks the model and lends the answer to `body` as it is produced.
    ///
    /// The request lives exactly as long as `body` runs: leaving it early closes the connection.
    ///
    /// - Throws: What `body` throws. Failures of the model reach `body` through the stream, as `LanguageModelError`.
    func withAnswer<Result: Sendable>(
        to request: ChatRequest,
        _ body: (ChatStream) async throws -> Result
    ) async throws -> Result
}
