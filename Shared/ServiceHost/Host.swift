package import DurableEvents
package import Logging
package import MessageBus
package import Postgres
package import Routing
package import ServiceKit

/// What a service is given: its settings, its log, its metrics, and the ways to the bus and the database.
package struct Host: Sendable {
    /// The process, for what concerns its own server and its other loggers.
    package let context: RuntimeContext
    /// The bus, which runs before the service does and stops after it.
    package let bus: BusConnection
    /// The database, likewise. It may be away at any time; requests then fail with `isRetriable`.
    package let database: PostgresClient
    /// Transactions that carry effects on Discord and events of ours with them.
    package let spine: Spine
    /// What this instance takes of the work of its service.
    package let profile: InstanceProfile

    /// Puts a host together from its parts; tests give their own.
    package init(
        context: RuntimeContext,
        bus: BusConnection,
        database: PostgresClient,
        spine: Spine,
        profile: InstanceProfile = InstanceProfile()
    ) {
        self.context = context
        self.bus = bus
        self.database = database
        self.spine = spine
        self.profile = profile
    }

    /// Which process of which service this is.
    package var instance: ServiceInstance { context.instance }
    /// Whether there is work of its service that this instance does not take.
    package var isRestricted: Bool { profile.isRestricted }
    /// The settings of the process.
    package var settings: Settings { context.settings }
    /// The service's main log.
    package var logger: Logger { context.logger }
    /// The metrics of the process.
    package var metrics: MetricsRegistry { context.metrics }
    /// The health of the process.
    package var health: HealthRegistry { context.health }

    /// A logger with a name of its own, for a part of the service.
    package func logger(_ label: String) -> Logger {
        context.logs.logger(label)
    }
}
