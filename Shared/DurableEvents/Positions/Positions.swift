import BusContract
import Postgres

/// The table `positions`: written by each consumer for itself, in the transaction of what it did.
struct Positions {
    let executor: any QueryExecutor

    func load(consumer: String, partition: Partition) async throws -> [String: PositionTracker.Place] {
        let rows = try await executor.query(
            """
            SELECT event, stream, seq FROM positions
            WHERE consumer = \(consumer) AND partition = \(partition.description)
            """
        )
        var places: [String: PositionTracker.Place] = [:]
        for row in rows {
            places[try row["event"]] = PositionTracker.Place(stream: try row["stream"], seq: try row["seq"])
        }
        return places
    }

    /// Saves the places, if the lease is still held.
    ///
    /// - Throws: `LeaseLost` when another process has taken the partition over.
    func save(
        _ places: [String: PositionTracker.Place],
        consumer: String,
        partition: Partition,
        lease: Lease
    ) async throws {
        let rows = try await executor.query(Self.saving(places, consumer: consumer, partition: partition, lease: lease))
        try Self.check(rows, of: places, lease)
    }

    /// Saves the places at the end of a transaction, which fails with `LeaseLost` when the lease is no longer held.
    static func save(
        _ places: [String: PositionTracker.Place],
        consumer: String,
        partition: Partition,
        lease: Lease,
        atEndOf transaction: DurableTransaction
    ) {
        transaction.atEnd(saving(places, consumer: consumer, partition: partition, lease: lease)) { rows in
            try check(rows, of: places, lease)
        }
    }

    private static func saving(
        _ places: [String: PositionTracker.Place],
        consumer: String,
        partition: Partition,
        lease: Lease
    ) -> Query {
        let sorted = places.sorted { $0.key < $1.key }
        return """
            WITH held AS (
                SELECT 1 FROM leases
                WHERE resource = \(lease.resource) AND holder = \(lease.holder) AND epoch = \(lease.epoch)
                FOR SHARE
            )
            INSERT INTO positions (consumer, partition, event, stream, seq)
            SELECT \(consumer), \(partition.description), place.event, place.stream, place.seq
            FROM held, unnest(
                \(sorted.map(\.key)), \(sorted.map(\.value.stream)), \(sorted.map(\.value.seq))
            ) AS place (event, stream, seq)
            ON CONFLICT (consumer, partition, event)
            DO UPDATE SET stream = excluded.stream, seq = excluded.seq, updated_at = now()
            RETURNING event
            """
    }

    private static func check(
        _ saved: [Row],
        of places: [String: PositionTracker.Place],
        _ lease: Lease
    ) throws(LeaseLost) {
        if saved.isEmpty, !places.isEmpty { throw LeaseLost(resource: lease.resource) }
    }
}
