package import Logging
package import Postgres
import ServiceKit

/// Brings a database to the state that this program needs: applies what is missing of `infra/migrations`, in order.
///
/// Each file runs in a transaction of its own under an advisory lock, so that two migrators do not meet, and a failure
/// leaves the files before it applied and nothing half done. An applied file must not change.
package struct Migrator: Sendable {
    private let client: PostgresClient
    private let folder: String
    private let isSingleRole: Bool
    private let logger: Logger

    /// - Parameters:
    ///   - client: connected as the owner; make it with `configuration(url:)`.
    ///   - folder: `ENSEMBLE_MIGRATIONS`, by default `infra/migrations`.
    ///   - isSingleRole: `DATABASE_SINGLE_ROLE`: no roles are made, every service is the owner.
    package init(_ client: PostgresClient, folder: String, isSingleRole: Bool, logger: Logger) {
        self.client = client
        self.folder = folder
        self.isSingleRole = isSingleRole
        self.logger = logger
    }

    /// A migrator's client: one connection, and time for a long index.
    package static func configuration(url: String) -> PostgresConfiguration {
        var configuration = PostgresConfiguration(url: url, applicationName: "ensemble-migrate")
        configuration.maximumConnections = 1
        configuration.statementTimeout = .seconds(1800)
        configuration.acquireTimeout = .seconds(30)
        return configuration
    }

    /// Applies what is missing, then makes the services' roles unless there is but one.
    ///
    /// - Returns: the names of the files that were applied now.
    /// - Throws: `StoreError` of code `migration` with file and line, or `PostgresError` when the database fails.
    @discardableResult
    package func migrate() async throws -> [String] {
        let files = try MigrationFile.read(folder: folder)
        let client = client
        try await client.withTransaction { transaction in
            try await Self.lock(transaction)
            try await transaction.query(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    number integer PRIMARY KEY,
                    name text NOT NULL,
                    checksum text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now()
                )
                """
            )
            try await Self.check(files, in: transaction)
        }
        var applied: [String] = []
        for file in files {
            let isNew = try await client.withTransaction { try await Self.apply(file, in: $0) }
            guard isNew else { continue }
            applied.append(file.name)
            logger.info("migration applied", metadata: ["migration": "\(file.name)"])
        }
        if !isSingleRole { try await makeRoles() }
        return applied
    }

    /// Which files are not applied yet; empty when the database is as this program needs it.
    package func pending() async throws -> [String] {
        let files = try MigrationFile.read(folder: folder)
        let exists = try await client.query("SELECT to_regclass('schema_migrations') IS NOT NULL AS found").only()
        guard try exists.decode(Bool.self, "found") else { return files.map(\.name) }
        let numbers = try await client.query("SELECT number FROM schema_migrations").map { row throws(PostgresError) in
            try row.decode(Int.self, "number")
        }
        return files.filter { !numbers.contains($0.number) }.map(\.name)
    }

    private func makeRoles() async throws {
        let services = ServiceName.allCases.map(\.rawValue)
        do {
            try await client.withTransaction { transaction in
                try await Self.lock(transaction)
                try await transaction.query("SELECT ensemble_make_roles(\(services))")
            }
        } catch let error as PostgresError where error.sqlState == "42501" {
            throw StoreError(
                .migration,
                "\(error.message): give the owner CREATEROLE, or set DATABASE_SINGLE_ROLE=1"
            )
        }
    }

    /// Any number will do, if all migrators have the same; this one is the text "ensemble" in ASCII.
    private static func lock(_ transaction: Transaction) async throws {
        try await transaction.query("SELECT pg_advisory_xact_lock(7308332045226081381)")
    }

    /// The database must not be ahead of the files, and applied files must be as they were.
    private static func check(_ files: [MigrationFile], in transaction: Transaction) async throws {
        let known = Dictionary(uniqueKeysWithValues: files.map { ($0.number, $0) })
        for row in try await transaction.query("SELECT number, name, checksum FROM schema_migrations ORDER BY number") {
            let name: String = try row["name"]
            guard let file = known[try row["number"]] else {
                throw StoreError(
                    .migration,
                    "the database has \(name), which this version does not know: it is newer than us"
                )
            }
            let checksum: String = try row["checksum"]
            guard checksum == file.checksum else {
                throw StoreError(
                    .migration,
                    "\(file.name): was changed after it had been applied; put it back and add a new file"
                )
            }
        }
    }

    private static func apply(_ file: MigrationFile, in transaction: Transaction) async throws -> Bool {
        try await lock(transaction)
        let rows = try await transaction.query("SELECT FROM schema_migrations WHERE number = \(file.number)")
        guard rows.isEmpty else { return false }
        do {
            try await transaction.execute(script: file.script)
        } catch {
            if error.isUnreachable || error.code == .cancelled { throw error }
            let place = error.position.map { "\(file.name):\(file.line(at: $0))" } ?? file.name
            throw StoreError(.migration, "\(place): \(error)")
        }
        try await transaction.query(
            """
            INSERT INTO schema_migrations (number, name, checksum)
            VALUES (\(file.number), \(file.name), \(file.checksum))
            """
        )
        return true
    }
}
