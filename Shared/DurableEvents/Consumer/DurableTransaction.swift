package import BusContract
import MessageBus
package import Postgres
import Synchronization

/// A transaction that carries effects and events with it: they happen if, and only if, it commits.
package final class DurableTransaction: QueryExecutor {
    private let transaction: Transaction
    private let service: ServiceRole
    private let effects = Mutex<[Effect]>([])
    private let events = Mutex<[Outbox.Entry]>([])

    init(_ transaction: Transaction, service: ServiceRole) {
        self.transaction = transaction
        self.service = service
    }

    @discardableResult
    package func query(_ query: Query) async throws(PostgresError) -> [Row] {
        try await transaction.query(query)
    }

    /// Has something done on Discord, once by its key.
    package func add(_ effect: Effect) {
        effects.withLock { $0.append(effect) }
    }

    /// Publishes an event of ours after the commit.
    package func publish<Event: BusEvent>(_ event: Event) throws {
        let entry = try Outbox.Entry(event)
        events.withLock { $0.append(entry) }
    }

    var needsRelay: Bool { events.withLock { !$0.isEmpty } }

    /// Writes the collected events.
    func writeEvents() async throws {
        try await Outbox(executor: transaction, service: service).append(events.withLock { $0 })
    }

    /// Writes the collected effects; returns those that were not known before.
    func writeEffects() async throws -> [Effect] {
        let collected = effects.withLock { $0 }
        guard !collected.isEmpty else { return [] }
        let fresh = try await EffectTable(executor: transaction, service: service).insert(collected)
        return collected.filter { fresh.contains($0.key) }
    }
}
