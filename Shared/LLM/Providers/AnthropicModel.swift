import AsyncHTTPClient
import FoundationEssentials
import NIOHTTP1
package import ServiceKit

/// A model behind Anthropic's Messages API.
///
/// Source: Anthropic API reference, "Messages" and "Streaming Messages", version 2023-06-01.
package struct AnthropicModel: LanguageModel {
    /// Where and which model.
    package struct Configuration: Sendable {
        /// Without the version, as Anthropic's own clients take it: `https://api.anthropic.com`.
        package var baseURL: String
        package var key: Secret
        package var model: String

        package init(baseURL: String = "https://api.anthropic.com", key: Secret, model: String) {
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

    package var name: String { "anthropic/\(configuration.model)" }

    package func withAnswer<Result: Sendable>(
        to request: ChatRequest,
        _ body: (ChatStream) async throws -> Result
    ) async throws -> Result {
        let base =
            configuration.baseURL.hasSuffix("/") ? String(configuration.baseURL.dropLast()) : configuration.baseURL
        var http = HTTPClientRequest(url: base + "/v1/messages")
        http.method = .POST
        http.headers.add(name: "content-type", value: "application/json")
        http.headers.add(name: "accept", value: "text/event-stream")
        http.headers.add(name: "anthropic-version", value: "2023-06-01")
        http.headers.add(name: "x-api-key", value: configuration.key.reveal())
        http.body = .bytes(try JSONEncoder().encode(try AnthropicRequest(request, model: configuration.model)))
        return try await transport.withEvents(of: http, decoder: AnthropicStreamDecoder(), body)
    }
}
