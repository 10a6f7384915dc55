import BusContract
import Logging
import Postgres
import ServiceKit

/// Removes the rows of effects, outbox and refused events that nobody needs any more, each service its own.
///
/// A key keeps a replayed event from acting twice: it stays longer than the journal, which has 48 hours.
struct SpineHousekeeping: Sendable {
    static let interval = Duration.seconds(3600)
    private static let week = Duration.seconds(7 * 86_400)
    /// What an operator may want to look at.
    private static let month = Duration.seconds(30 * 86_400)
    /// Rows of one statement: short enough to be in nobody's way.
    private static let page = 5_000

    let database: PostgresClient
    let service: ServiceRole
    let logger: Logger

    /// Works until cancelled.
    func run() async throws {
        while true {
            do {
                let removed = try await removeOld()
                if removed > 0 { logger.debug("old rows removed", metadata: ["rows": "\(removed)"]) }
            } catch let error as PostgresError {
                logger.debug("old rows are not removed yet", metadata: [LogKey.error: "\(error)"])
            }
            try await Task.sleep(for: Self.interval)
        }
    }

    /// - Returns: how many rows were removed.
    func removeOld() async throws -> Int {
        let name = service.rawValue
        let effects = try await remove(
            from: "effects",
            where: """
                service = \(name) AND (state IN ('done', 'refused', 'expired') AND finished_at < now() - \(Self.week)
                OR state = 'unknown' AND created_at < now() - \(Self.month))
                """
        )
        let events = try await remove(
            from: "outbox",
            where: "service = \(name) AND published_at < now() - \(Self.week)"
        )
        // A consumer's name begins with its service's.
        let refused = try await remove(
            from: "refused_events",
            where: """
                (consumer = \(name) OR starts_with(consumer, \(name + "/"))) AND refused_at < now() - \(Self.month)
                """
        )
        return effects + events + refused
    }

    private func remove(from table: Query, where condition: Query) async throws -> Int {
        var total = 0
        while true {
            // Of several instances each takes rows that no other is at.
            let rows = try await database.query(
                """
                WITH old AS (SELECT ctid FROM \(table) WHERE \(condition) LIMIT \(Self.page) FOR UPDATE SKIP LOCKED),
                    gone AS (DELETE FROM \(table) WHERE ctid = ANY(ARRAY(SELECT ctid FROM old)) RETURNING 1)
                SELECT count(*) AS count FROM gone
                """
            )
            let count = try rows.only().decode(Int.self, "count")
            total += count
            if count < Self.page { return total }
        }
    }
}
