package import Postgres

/// The table `leases`: each row written by whoever holds or takes it.
package struct Leases: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Takes a lease that is free, expired or the holder's own from before a restart.
    ///
    /// - Returns: nil while another holds it.
    package func acquire(_ resource: String, holder: String, life: Duration) async throws -> Lease? {
        let rows = try await executor.query(
            """
            INSERT INTO leases (resource, holder, epoch, expires_at)
            VALUES (\(resource), \(holder), 1, clock_timestamp() + \(life))
            ON CONFLICT (resource) DO UPDATE
            SET holder = excluded.holder, epoch = leases.epoch + 1, expires_at = excluded.expires_at
            WHERE leases.expires_at < clock_timestamp() OR leases.holder = excluded.holder
            RETURNING epoch
            """
        )
        guard let row = rows.first else { return nil }
        return Lease(resource: resource, holder: holder, epoch: try row["epoch"])
    }

    /// Prolongs a lease.
    ///
    /// - Returns: false when it has gone to another.
    package func renew(_ lease: Lease, life: Duration) async throws -> Bool {
        let rows = try await executor.query(
            """
            UPDATE leases SET expires_at = clock_timestamp() + \(life)
            WHERE resource = \(lease.resource) AND holder = \(lease.holder) AND epoch = \(lease.epoch)
            RETURNING 1 AS held
            """
        )
        return !rows.isEmpty
    }

    /// Whether the lease is still the holder's. In a transaction it stays so until the end.
    package func isHeld(_ lease: Lease) async throws -> Bool {
        let rows = try await executor.query(
            """
            SELECT 1 FROM leases
            WHERE resource = \(lease.resource) AND holder = \(lease.holder) AND epoch = \(lease.epoch)
            FOR SHARE
            """
        )
        return !rows.isEmpty
    }

    /// Gives a lease back, so that another need not wait.
    package func release(_ lease: Lease) async throws {
        try await executor.query(
            """
            UPDATE leases SET expires_at = clock_timestamp()
            WHERE resource = \(lease.resource) AND holder = \(lease.holder) AND epoch = \(lease.epoch)
            """
        )
    }
}
