import Logging
import Postgres
import Routing
package import ServiceHost
package import ServiceKit
import ServiceLifecycle
import Store

/// The admin API: what operators and their programs see of the platform, and how they change it.
///
/// It owns the keys' use and the live feed, no other state: facts come from the gateway over the bus (`Backend/`) and
/// from the database. An endpoint is one file in `Endpoints/` with its scope and its OpenAPI operation.
package struct AdminAPIService: HostedService {
    package static let name = ServiceName.adminAPI
    package static let servesHTTP = true

    private let host: Host
    private let rules: RoutingRules

    /// - Throws: `ConfigurationError` if the routing plan is not as it should be.
    package init(host: Host) throws {
        self.host = host
        rules = RoutingRules(plan: try RoutingPlan.load(settings: host.settings))
    }

    package func run() async throws {
        let database = host.database
        let keys = KeyChecker {
            try await APIKeys(database).find($0)
        } isAway: {
            !database.status.isReachable
        }
        let backend = PlatformBackend(host: host, rules: rules)
        let router = try AdminRouter(backend: backend, keys: keys, logger: host.logger).router()
        try await host.context.httpServer(router).run()
    }
}
