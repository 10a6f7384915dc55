import BusContract
import Logging
import MessageBus
import Postgres

/// Publishes what lies in the outbox, in order, as soon as it has committed.
///
/// A process that dies between publishing and noting it publishes again after its restart: `seq` tells.
final class OutboxRelay: Sendable {
    private let database: PostgresClient
    private let bus: BusConnection
    private let service: ServiceRole
    private let logger: Logger
    private let (nudges, nudgeSink) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(database: PostgresClient, bus: BusConnection, service: ServiceRole, logger: Logger) {
        self.database = database
        self.bus = bus
        self.service = service
        self.logger = logger
    }

    /// Says that something has been committed.
    func nudge() {
        nudgeSink.yield()
    }

    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                // What an earlier process left, and what failed.
                while true {
                    self.nudge()
                    try await Task.sleep(for: .seconds(2))
                }
            }
            group.addTask {
                for await _ in self.nudges {
                    // Let some gather.
                    try await Task.sleep(for: .milliseconds(20))
                    do {
                        while try await self.publishPage() {}
                    } catch {
                        self.logger.debug("outbox not relayed", metadata: ["error": "\(error)"])
                    }
                }
            }
        }
    }

    /// Publishes up to a page; returns whether there may be more.
    private func publishPage() async throws -> Bool {
        let (service, bus) = (service, bus)
        return try await database.withTransaction { transaction in
            // Of several instances one relays; the others find the lock taken.
            let answers = try await transaction.queries([
                "SELECT pg_try_advisory_xact_lock(hashtext('outbox'), hashtext(\(service.rawValue))) AS taken",
                """
                SELECT seq, topic, type, payload FROM outbox
                WHERE service = \(service.rawValue) AND published_at IS NULL ORDER BY seq LIMIT 200
                """,
            ])
            guard try answers[0].only().decode(Bool.self, "taken") else { return false }
            let rows = answers[1]
            var published: [UInt64] = []
            for row in rows {
                var header = Header()
                header.type = try row["type"]
                header.schemaVersion = 1
                header.seq = try row["seq"]
                header.prev = header.seq - 1
                let event = OutgoingEvent(
                    topic: Topic(rawValue: try row["topic"]),
                    header: header,
                    payload: try row["payload"]
                )
                guard bus.publish(event) else { break }
                published.append(header.seq)
            }
            try await transaction.query(
                """
                UPDATE outbox SET published_at = now()
                WHERE service = \(service.rawValue) AND seq = ANY(\(published))
                """
            )
            return published.count == 200
        }
    }
}
