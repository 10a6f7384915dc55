import Logging
import Postgres
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

    package init(host: Host) {
        self.host = host
    }

    package func run() async throws {
        let database = host.database
        let keys = KeyChecker {
            try await APIKeys(database).find($0)
        } isAway: {
            !database.status.isReachable
        }
        let router = try AdminRouter(backend: PlatformBackend(host: host), keys: keys, logger: host.logger).router()
        try await host.context.httpServer(router).run()
    }
}
