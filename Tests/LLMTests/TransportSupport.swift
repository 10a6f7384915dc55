import AsyncHTTPClient
import LLM
import Logging

/// Lends a transport with its own HTTP client.
func withTransport<Result>(
    _ limits: StreamLimits = StreamLimits(),
    _ body: (ModelTransport) async throws -> Result
) async throws -> Result {
    let client = HTTPClient(
        eventLoopGroupProvider: .singleton,
        configuration: ModelTransport.configuration(limits: limits)
    )
    do {
        let result = try await body(ModelTransport(client: client, limits: limits, logger: Logger(label: "test")))
        try await client.shutdown()
        return result
    } catch {
        try? await client.shutdown()
        throw error
    }
}
