package import Logging
package import Postgres
import ServiceKit

/// Holds a lease for as long as a body runs, renewing it, and ends the body when it is lost.
package struct LeaseKeeper: Sendable {
    /// What becomes of the body when the lease cannot be renewed because the database is away.
    package enum Absence: Sendable {
        /// It ends before the lease has expired: whoever can reach the database may take it then.
        case ends
        /// It goes on until the database says that another has the lease; what it writes must check the epoch.
        ///
        /// For what costs more to give up than to have twice for a while, such as a session with Discord: while the
        /// database is away nobody can take the lease, and if only we cannot reach it, every write of the loser's is
        /// refused by its epoch. When the database is back, the first statement of the keeper renews by epoch.
        case holds
    }

    /// How long an end may take because the database does not answer.
    private static let farewell: Duration = .seconds(1)

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
        whileAway absence: Absence = .ends,
        _ body: @escaping @Sendable (Lease) async throws -> Void
    ) async throws {
        let lease = try await acquire(resource)
        let keeper = self
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await body(lease) }
                group.addTask { try await keeper.renewForever(lease, absence) }
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
        var isWaiting = false
        while true {
            do {
                if let lease = try await leases.acquire(resource, holder: holder, life: life) { return lease }
                if !isWaiting {
                    logger.info("another process has the lease: standing by", metadata: ["resource": "\(resource)"])
                }
                isWaiting = true
            } catch let error as PostgresError where error.isRetriable || error.code == .timeout {
                logger.debug("lease not taken yet", metadata: ["resource": "\(resource)", "error": "\(error)"])
            }
            try await Task.sleep(for: life / 8)
        }
    }

    /// Renews until the lease is lost, or was not renewed in time by our own clock: another may have it then.
    private func renewForever(_ lease: Lease, _ absence: Absence) async throws {
        var renewed = ContinuousClock.now
        var isAway = false
        while true {
            try await Task.sleep(for: life / 4)
            do {
                let started = ContinuousClock.now
                guard try await Leases(database).renew(lease, life: life) else {
                    throw LeaseLost(resource: lease.resource)
                }
                renewed = started
                if isAway { logger.notice("lease renewed again", metadata: ["resource": "\(lease.resource)"]) }
                isAway = false
            } catch let error as PostgresError {
                if !isAway {
                    logger.warning(
                        "lease not renewed",
                        metadata: ["resource": "\(lease.resource)", "error": "\(error)"]
                    )
                }
                isAway = true
                if absence == .holds { continue }
            }
            guard ContinuousClock.now - renewed < life * 3 / 4 else { throw LeaseLost(resource: lease.resource) }
        }
    }

    /// Also when we are cancelled, as in every orderly stop: whoever stands by would wait for the lease to expire.
    private func giveBack(_ lease: Lease) async {
        do {
            let leases = Leases(database)
            try await withFarewell(Self.farewell) { try await leases.release(lease) }
        } catch {
            // It expires by itself.
            logger.debug("lease not given back", metadata: ["resource": "\(lease.resource)", "error": "\(error)"])
        }
    }
}
