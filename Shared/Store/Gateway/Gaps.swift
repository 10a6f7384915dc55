package import FoundationEssentials
package import Postgres

/// A time in which events of a shard may have been missed.
package struct Gap: Hashable, Sendable {
    /// `<bot>/<shard>`
    package let partition: String
    package let from: Date
    package let to: Date
    /// In one line for an operator.
    package let reason: String

    package init(partition: String, from: Date, to: Date, reason: String) {
        self.partition = partition
        self.from = from
        self.to = to
        self.reason = reason
    }
}

/// The table `gaps`, written by gateway.
package struct Gaps: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Records a gap that ends now.
    ///
    /// - Parameter from: when the shard was last heard; nil: when `sessions_seen` says, or now.
    package func append(
        _ partition: String,
        stream: UInt64?,
        from: Date?,
        reason: String
    ) async throws(PostgresError) {
        try await executor.query(
            """
            INSERT INTO gaps (partition, stream, from_at, reason)
            SELECT \(partition), \(stream), least(coalesce(\(from), max(seen_at), now()), now()), \(reason)
            FROM sessions_seen WHERE partition = \(partition)
            """
        )
    }

    /// The latest gaps, the newest first.
    package func recent(limit: Int = 20) async throws(PostgresError) -> [Gap] {
        try await executor.query(
            "SELECT partition, from_at, to_at, reason FROM gaps ORDER BY id DESC LIMIT \(limit)"
        ).map { row throws(PostgresError) in
            Gap(
                partition: try row["partition"],
                from: try row["from_at"],
                to: try row["to_at"],
                reason: try row["reason"]
            )
        }
    }
}
