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
    private let last = Mutex<[Closing]>([])

    /// A statement of the end, and what is asked of its answer.
    private struct Closing: Sendable {
        let query: Query
        let check: @Sendable ([Row]) throws -> Void
    }

    init(_ transaction: Transaction, service: ServiceRole) {
        self.transaction = transaction
        self.service = service
    }

    @discardableResult
    package func query(_ query: Query) async throws(PostgresError) -> [Row] {
        try await transaction.query(query)
    }

    package func queries(_ queries: [Query]) async throws(PostgresError) -> [[Row]] {
        try await transaction.queries(queries)
    }

    /// Has a statement run at the transaction's end, in one round trip with all others that wait for it: for a write
    /// whose answer the body does not need.
    ///
    /// - Parameter check: looks at the rows that it returns; what it throws undoes the transaction.
    package func atEnd(_ query: Query, check: @escaping @Sendable ([Row]) throws -> Void = { _ in }) {
        last.withLock { $0.append(Closing(query: query, check: check)) }
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

    /// Writes what was collected; returns the effects that were not known before.
    func finish() async throws -> [Effect] {
        let (closing, effects, events) = (last.withLock { $0 }, effects.withLock { $0 }, events.withLock { $0 })
        var queries = closing.map(\.query)
        if !effects.isEmpty { queries.append(EffectTable.inserting(effects, of: service)) }
        // Last: the counter of the service's events stays locked until the transaction ends.
        if !events.isEmpty { queries.append(Outbox.appending(events, of: service)) }
        let answers = try await transaction.queries(queries)
        for (closing, rows) in zip(closing, answers) { try closing.check(rows) }
        guard !effects.isEmpty else { return [] }
        let fresh = try EffectTable.inserted(answers[closing.count])
        return effects.filter { fresh.contains($0.key) }
    }
}
