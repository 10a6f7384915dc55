package import Postgres

/// The table `invalid_requests`, written by gateway: answers 401, 403 and 429 of all bots and hosts together.
///
/// Discord bars an address that gets 10,000 of them in ten minutes (rate-limit documentation, "Invalid Request Limit").
package struct InvalidRequests: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Adds to this minute's count and gives the count of the last ten minutes.
    package func add(_ count: Int) async throws(PostgresError) -> Int {
        try await executor.query(
            """
            WITH added AS (
                INSERT INTO invalid_requests VALUES (date_trunc('minute', now()), \(count))
                ON CONFLICT (minute) DO UPDATE SET count = invalid_requests.count + excluded.count
                RETURNING minute, count
            ), gone AS (
                DELETE FROM invalid_requests WHERE minute < now() - interval '1 hour'
            )
            SELECT (coalesce(sum(count), 0) + (SELECT count FROM added))::bigint AS total FROM invalid_requests
            WHERE minute > now() - interval '10 minutes' AND minute <> (SELECT minute FROM added)
            """
        ).only().decode(Int.self, "total")
    }
}
