import AsyncHTTPClient
import FoundationEssentials
import NIOHTTP1
package import ServiceKit

/// A model behind OpenAI's "chat completions", which most providers and local servers speak too.
///
/// Source: OpenAI API reference, "Chat Completions: create" and "streaming".
package struct OpenAICompatibleModel: LanguageModel {
    /// Where and which model.
    package struct Configuration: Sendable {
        /// The provider's name in logs.
        package var provider: String
        /// With the version: `https://api.openai.com/v1`.
        package var baseURL: String
        /// Nil for local servers that take no key.
        package var key: Secret?
        package var model: String

        package init(provider: String, baseURL: String, key: Secret?, model: String) {
            self.provider = provider
            self.baseURL = baseURL
            self.key = key
            self.model = model
        }
    }

    private let configuration: Configuration
    private let transport: ModelTransport

    package init(_ configuration: Configuration, transport: ModelTransport) {
        self.configuration = configuration
        self.transport = transport
    }

    package var name: String { "\(configuration.provider)/\(configuration.model)" }

    package func withAnswer<Result: Sendable>(
        to request: ChatRequest,
        _ body: (ChatStream) async throws -> Result
    ) async throws -> Result {
        let base =
            configuration.baseURL.hasSuffix("/") ? String(configuration.baseURL.dropLast()) : configuration.baseURL
        var http = HTTPClientRequest(url: base + "/chat/completions")
        http.method = .POST
        http.headers.add(name: "content-type", value: "application/json")
        http.headers.add(name: "accept", value: "text/event-stream")
        if let key = configuration.key {
            http.headers.add(name: "authorization", value: "Bearer \(key.reveal())")
        }
        // Only OpenAI itself has renamed the limit; the others know the old name alone.
        let wire = try OpenAIRequest(
            request,
            model: configuration.model,
            namesLimitAnew: URL(string: base)?.host() == "api.openai.com"
        )
        http.body = .bytes(try JSONEncoder().encode(wire))
        return try await transport.withEvents(of: http, decoder: OpenAIStreamDecoder(), body)
    }
}
