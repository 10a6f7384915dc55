import DurableEvents
import Logging
import MessageBus
import Postgres
import Routing
package import ServiceKit
package import ServiceLifecycle

/// What each service process starts with: bus, database, health, in the order of their dependence.
///
/// An executable's `main.swift` is one statement: `await ServiceHost.main(GatewayService.self)`. The module owns no
/// state. A part that every service needs is added to ``services(_:_:)``; what one service needs stays there.
package enum ServiceHost {
    /// Runs a service until it is told to stop, then exits.
    @concurrent
    package static func main<Hosted: HostedService>(_ type: Hosted.Type) async -> Never {
        await ServiceRuntime.main(Hosted.name) { context in try await services(type, context) }
    }

    /// Runs a service that has neither bus nor database.
    @concurrent
    package static func main<Standalone: StandaloneService>(_ type: Standalone.Type) async -> Never {
        await ServiceRuntime.main(Standalone.name) { context in
            let service = try await type.init(context: context)
            return type.servesHTTP ? [service] : [try context.healthServer(), service]
        }
    }

    /// The parts of a service's process: they start in this order and stop in the opposite one.
    package static func services<Hosted: HostedService>(
        _ type: Hosted.Type,
        _ context: RuntimeContext
    ) async throws -> [any Service] {
        let profile = try InstanceProfile(settings: context.settings)
        let bus = try BusConnection(
            configuration: try BusConfiguration(settings: context.settings, service: Hosted.name),
            instance: context.instance,
            logger: context.logs.logger("bus"),
            metrics: context.metrics
        )
        let database = try database(context)
        let spine = Spine(
            database: database,
            bus: bus,
            instance: context.instance,
            logger: context.logs.logger("spine"),
            metrics: context.metrics
        )
        let host = Host(context: context, bus: bus, database: database, spine: spine, profile: profile)
        DatabaseHealth.register(database, in: context.health, context.metrics)
        let registrar = InstanceRegistrar(host: host)
        let service = try await type.init(host: host)
        let server: [any Service] = type.servesHTTP ? [] : [try context.healthServer()]
        return [bus, database, spine] + server + [registrar, service]
    }

    /// Opens the database that `DATABASE_URL` names. It need not be there yet.
    static func database(_ context: RuntimeContext) throws -> PostgresClient {
        let url = try context.settings.string(
            "DATABASE_URL",
            expected: "a connection string such as postgres://user:password@host:5432/database"
        )
        var configuration = PostgresConfiguration(url: url, applicationName: context.instance.description)
        configuration.maximumConnections = try context.settings.int("DATABASE_CONNECTIONS", default: 8, in: 2...200)
        do {
            return try PostgresClient(configuration: configuration, logger: context.logs.logger("database"))
        } catch {
            // The string holds a password: it is never shown.
            guard error.code == .configuration else { throw error }
            throw ConfigurationError(
                key: "DATABASE_URL",
                expected: "a connection string of PostgreSQL",
                found: "another text"
            )
        }
    }
}
