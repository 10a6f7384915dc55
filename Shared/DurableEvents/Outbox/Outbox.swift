import BusContract
import MessageBus
import Postgres

/// The table `outbox`: a service's own events, numbered in the order in which their transactions commit.
enum Outbox {
    /// An event that waits for its number.
    struct Entry: Sendable {
        let topic: String
        let type: String
        let payload: [UInt8]

        init<Event: BusEvent>(_ event: Event) throws {
            topic = Event.topic.rawValue
            type = Event.typeName
            payload = try BusJSON.encode(event)
        }
    }

    /// Appends events in the order given. The service's counter stays locked until the transaction ends: append last.
    static func appending(_ entries: [Entry], of service: ServiceRole) -> Query {
        """
        WITH counter AS (
            INSERT INTO outbox_streams (service, last_seq) VALUES (\(service.rawValue), \(entries.count))
            ON CONFLICT (service) DO UPDATE SET last_seq = outbox_streams.last_seq + excluded.last_seq
            RETURNING last_seq - \(entries.count) AS before
        )
        INSERT INTO outbox (service, seq, topic, type, payload)
        SELECT \(service.rawValue), before + e.place, e.topic, e.type, e.payload
        FROM counter, unnest(
            \(entries.map(\.topic)), \(entries.map(\.type)), \(entries.map(\.payload))
        ) WITH ORDINALITY AS e (topic, type, payload, place)
        """
    }
}
