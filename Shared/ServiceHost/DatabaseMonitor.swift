import Postgres
import ServiceKit
import ServiceLifecycle

/// Tells the health page how the database is. A database that is away makes a service not ready; it does not end it.
struct DatabaseMonitor: Service {
    /// How often the client is asked; it costs a lock.
    static let interval = Duration.milliseconds(200)

    private let client: PostgresClient
    private let component: HealthComponent

    init(client: PostgresClient, health: HealthRegistry, metrics: MetricsRegistry) {
        self.client = client
        component = health.component("database")
        health.queue("database") { client.status.waitingRequests }
        metrics.gauge("database_connections", help: "Open connections to PostgreSQL.") {
            Double(client.status.openConnections)
        }
        metrics.gauge("database_waiting", help: "Requests that wait for a connection.") {
            Double(client.status.waitingRequests)
        }
    }

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                report(client.status)
                try await Task.sleep(for: Self.interval)
            }
        }
    }

    private func report(_ status: PostgresStatus) {
        if status.isReachable {
            component.ready()
        } else if let failure = status.failure {
            component.notReady("unreachable: \(failure)")
        } else {
            component.notReady("connecting")
        }
    }
}
