import BusContract
package import Logging
package import MessageBus
package import Postgres
package import ServiceKit
import ServiceLifecycle

/// What a service writes through: transactions that carry effects and events, and the workers that carry them out.
///
/// One a process. Its tasks send what has been committed, and pick up what an earlier process of the service left.
package final class Spine: Service, Sendable {
    package let database: PostgresClient
    package let leaseKeeper: LeaseKeeper
    private let service: ServiceRole
    private let runner: EffectRunner
    private let relay: OutboxRelay
    private let housekeeping: SpineHousekeeping

    package init(
        database: PostgresClient,
        bus: BusConnection,
        instance: ServiceInstance,
        logger: Logger,
        metrics: MetricsRegistry
    ) {
        self.database = database
        service = ServiceRole(rawValue: instance.service.rawValue)
        leaseKeeper = LeaseKeeper(
            database: database,
            holder: "\(instance.service.rawValue)/\(instance.id)",
            logger: logger
        )
        runner = EffectRunner(database: database, bus: bus, service: service, logger: logger, metrics: metrics)
        relay = OutboxRelay(database: database, bus: bus, service: service, logger: logger)
        housekeeping = SpineHousekeeping(database: database, service: service, logger: logger)
    }

    package func run() async throws {
        let (runner, relay, housekeeping) = (runner, relay, housekeeping)
        try await cancelWhenGracefulShutdown {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { try await runner.run() }
                group.addTask { try await relay.run() }
                group.addTask { try await housekeeping.run() }
            }
        }
    }

    /// Runs a transaction; its effects and events follow after the commit.
    package func transaction<Value: Sendable>(
        _ body: (DurableTransaction) async throws -> Value
    ) async throws -> Value {
        let service = service
        let (value, fresh, needsRelay) = try await database.withTransaction { transaction in
            let durable = DurableTransaction(transaction, service: service)
            let value = try await body(durable)
            return (value, try await durable.finish(), durable.needsRelay)
        }
        await runner.committed(fresh)
        if needsRelay { relay.nudge() }
        return value
    }

    /// Sends an idempotent effect before its transaction has committed, so that what offends is gone at once.
    ///
    /// The same effect must be added to the transaction that follows. Effects of other classes wait for the commit.
    package func sendEarly(_ effect: Effect) async {
        guard effect.safety == .idempotent else { return }
        await runner.sendEarly(effect)
    }
}
