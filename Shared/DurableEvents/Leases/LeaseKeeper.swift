package import Logging
package import Postgres

/// Holds a lease for as long as a body runs, renewing it, and ends the body when it is lost.
package struct LeaseKeeper: Sendable {
    private let database: PostgresClient
    private let holder: String
    private let life: Duration
    private let logger: Logger

    /// - Parameter life: after this time without renewal another may take it; the body ends a quarter earlier.
    package init(database: PostgresClient, holder: String, life: Duration = .seconds(12), logger: Logger) {
        self.database = database
        self.holder = holder
        self.life = life
        self.logger = logger
    }

    /// Waits for the lease, runs the body, gives the lease back.
    ///
    /// - Throws: `LeaseLost`, or what the body throws.
    package func withLease(
        _ resource: String,
        _ body: @escaping @Sendable (Lease) async throws -> Void
    ) async throws {
        let lease = try await acquire(resource)
        let keeper = self
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await body(lease) }
                group.addTask { try await keeper.renewForever(lease) }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch {
            await giveBack(lease)
            throw error
        }
        await giveBack(lease)
    }

    private func acquire(_ resource: String) async throws -> Lease {
        let leases = Leases(database)
        while true {
            do {
                if let lease = try await leases.acquire(resource, holder: holder, life: life) { return lease }
            } catch let error as PostgresError where error.isRetriable || error.code == .timeout {
                logger.debug("lease not taken yet", metadata: ["resource": "\(resource)", "error": "\(error)"])
            }
            try await Task.sleep(for: life / 8)
        }
    }

    /// Renews until the lease is lost, or was not renewed in time by our own clock: another may have it then.
    private func renewForever(_ lease: Lease) async throws {
        var renewed = ContinuousClock.now
        while true {
            try await Task.sleep(for: life / 4)
            do {
                let started = ContinuousClock.now
                guard try await Leases(database).renew(lease, life: life) else {
                    throw LeaseLost(resource: lease.resource)
                }
                renewed = started
            } catch let error as PostgresError {
                logger.warning("lease not renewed", metadata: ["resource": "\(lease.resource)", "error": "\(error)"])
            }
            guard ContinuousClock.now - renewed < life * 3 / 4 else { throw LeaseLost(resource: lease.resource) }
        }
    }

    private func giveBack(_ lease: Lease) async {
        do {
            try await Leases(database).release(lease)
        } catch {
            // It expires by itself.
            logger.debug("lease not given back", metadata: ["resource": "\(lease.resource)", "error": "\(error)"])
        }
    }
}
