import Postgres
import TestSupport

/// A place in a service's transaction where it stands still: after everything that it did, before it is committed.
///
/// No service knows of it. A deferred trigger, which runs when COMMIT was asked for, waits for a lock that we hold; so the
/// server is in the middle of COMMIT, and the service waits for its answer.
struct Failpoint: Sendable {
    /// The transactions that stand there.
    struct Standing: Sendable {
        let backends: [Int32]
        let transactions: [String]
    }

    let table: String
    /// `INSERT` or `UPDATE`.
    let event: Query
    /// Which rows stop their transaction, as `WHEN (…)` in terms of `OLD` and `NEW`; empty: any.
    let condition: Query
    /// The service, by its role in the database.
    let role: String

    private static let lock: Int64 = 20_261_121

    init(_ event: Query, on table: String, when condition: Query = "", of service: String) {
        self.event = event
        self.table = table
        self.condition = condition
        role = "ensemble_" + service.replacing("-", with: "_")
    }

    /// Runs the body while commits stand still, then lets them go on and leaves no trace.
    func withFailpoint(_ troupe: Troupe, _ body: (PostgresClient) async throws -> Void) async throws {
        try await troupe.withDatabase { database in
            try await install(database)
            var isOver = false
            do {
                try await database.withTransaction { transaction in
                    try await transaction.query("SELECT pg_advisory_xact_lock(\(Self.lock))")
                    try await body(database)
                    isOver = true
                }
            } catch {
                // A server that was killed has let go of the lock as well.
                guard isOver, error is PostgresError else {
                    try? await remove(troupe)
                    throw error
                }
            }
        }
        try await remove(troupe)
    }

    private func install(_ database: PostgresClient) async throws {
        try await database.query(
            """
            CREATE OR REPLACE FUNCTION chaos_failpoint() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                -- Of many that wait all go on at once.
                PERFORM pg_advisory_xact_lock_shared(20261121);
                RETURN NULL;
            END $$
            """
        )
        try await database.query(
            """
            CREATE CONSTRAINT TRIGGER chaos_failpoint AFTER \(event) ON \(identifier: table)
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW \(condition) EXECUTE FUNCTION chaos_failpoint()
            """
        )
    }

    /// After a crash of the server too: it comes back with the trigger.
    private func remove(_ troupe: Troupe) async throws {
        try await eventually("the failpoint is gone", within: .seconds(60)) {
            do {
                _ = try await troupe.withDatabase { database in
                    try await database.query("DROP FUNCTION IF EXISTS chaos_failpoint() CASCADE")
                }
                return true
            } catch is PostgresError {
                return false
            }
        }
    }

    /// Has the server's log on disk up to now. Of a transaction that a dying server had only in memory nothing is left, not
    /// even its number: what becomes of it could not be told.
    func writeLog(_ database: PostgresClient) async throws {
        try await database.query("SELECT pg_logical_emit_message(true, 'chaos', '')")
    }

    /// Those that stand there now.
    func standing(_ database: PostgresClient) async throws -> Standing {
        let rows = try await database.query(
            """
            SELECT pid, backend_xid::text AS transaction FROM pg_stat_activity
            WHERE usename = \(role) AND wait_event_type = 'Lock' AND wait_event = 'advisory'
                AND backend_xid IS NOT NULL
            """
        )
        return Standing(
            backends: try rows.map { try $0.decode(Int32.self, "pid") },
            transactions: try rows.map { try $0.decode(String.self, "transaction") }
        )
    }
}

extension Failpoint.Standing {
    /// What became of them: `committed`, `aborted`, `in progress`.
    func outcomes(_ troupe: Troupe) async throws -> Set<String> {
        try await troupe.withDatabase { database in
            let rows = try await database.query(
                "SELECT DISTINCT pg_xact_status(t::xid8) AS outcome FROM unnest(\(transactions)) AS t"
            )
            return Set(try rows.map { try $0.decode(String.self, "outcome") })
        }
    }

    /// Breaks their connections, which rolls them back.
    func rollBack(_ database: PostgresClient) async throws {
        try await database.query("SELECT pg_terminate_backend(pid) FROM unnest(\(backends)) AS pid")
    }
}
