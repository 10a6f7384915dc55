import Postgres
import ServiceKit

/// Has the health page and the metrics tell how the database is. A database that is away makes a service not ready; it
/// does not end it.
enum DatabaseHealth {
    static func register(_ client: PostgresClient, in health: HealthRegistry, _ metrics: MetricsRegistry) {
        health.component("database") { state(client.status) }
        health.queue("database") { client.status.waitingRequests }
        metrics.gauge("database_connections", help: "Open connections to PostgreSQL.") {
            Double(client.status.openConnections)
        }
        metrics.gauge("database_waiting", help: "Requests that wait for a connection.") {
            Double(client.status.waitingRequests)
        }
    }

    private static func state(_ status: PostgresStatus) -> HealthRegistry.State {
        if status.isReachable { return HealthRegistry.State(isReady: true, detail: nil) }
        let why = status.failure.map { "unreachable: \($0)" } ?? "connecting"
        return HealthRegistry.State(isReady: false, detail: why)
    }
}
