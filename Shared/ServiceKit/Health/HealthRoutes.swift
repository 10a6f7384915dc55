import FoundationEssentials
package import Hummingbird
import NIOCore

/// The three paths that every service answers: `/health`, `/ready` and `/metrics`.
package struct HealthRoutes: Sendable {
    private let instance: ServiceInstance
    private let health: HealthRegistry
    private let metrics: MetricsRegistry

    /// Makes the routes of one process.
    package init(instance: ServiceInstance, health: HealthRegistry, metrics: MetricsRegistry) {
        self.instance = instance
        self.health = health
        self.metrics = metrics
    }

    /// Adds the routes to a service's own router.
    package func add<Context: RequestContext>(to router: some RouterMethods<Context>) {
        // Alive: answered with 200 as long as the process can answer at all.
        router.get("/health") { _, _ in try respond(.ok) }
        // Able to work: 503 tells a load balancer or the supervisor to wait.
        router.get("/ready") { _, _ in try respond(health.isReady ? .ok : .serviceUnavailable) }
        router.get("/metrics") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: metrics.exposition()))
            )
        }
    }

    private func respond(_ status: HTTPResponse.Status) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = try encoder.encode(health.report(for: instance))
        return Response(
            status: status,
            headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(bytes: body))
        )
    }
}
