import BusContract
import MessageBus
import Postgres

/// The table `outbox`: a service's own events, numbered in the order in which their transactions commit.
struct Outbox {
    let executor: any QueryExecutor
    let service: ServiceRole

    /// Appends an event. The service's counter stays locked until the transaction ends.
    func append<Event: BusEvent>(_ event: Event) async throws {
        try await executor.query(
            """
            WITH counter AS (
                INSERT INTO outbox_streams (service, last_seq) VALUES (\(service.rawValue), 1)
                ON CONFLICT (service) DO UPDATE SET last_seq = outbox_streams.last_seq + 1
                RETURNING last_seq
            )
            INSERT INTO outbox (service, seq, topic, type, payload)
            SELECT \(service.rawValue), last_seq, \(Event.topic.rawValue), \(Event.typeName), \(try BusJSON.encode(event))
            FROM counter
            """
        )
    }
}
