import Logging
import Postgres
import Store

extension PostgresCluster {
    /// Makes a database with all tables, by copying one that was migrated once.
    package func makeMigratedDatabase() async throws -> TestDatabase {
        try await makeDatabase(template: try await template.name)
    }

    /// Brings a database up to date, as `ensemble migrate` does.
    @discardableResult
    package func migrate(
        _ database: TestDatabase,
        folder: String = PostgresCluster.migrations,
        isSingleRole: Bool = false
    ) async throws -> [String] {
        let client = try PostgresClient(
            configuration: Migrator.configuration(url: database.url()),
            logger: Logger(label: "migrate") { _ in
                SwiftLogNoOpLogHandler()
            }
        )
        return try await client.closed { client in
            try await Migrator(
                client,
                folder: folder,
                isSingleRole: isSingleRole,
                logger: Logger(label: "migrate") { _ in
                    SwiftLogNoOpLogHandler()
                }
            ).migrate()
        }
    }

    /// The repository's migrations.
    package static var migrations: String {
        // Tests/TestSupport/Postgres/<this file>
        let parts = #filePath.split(separator: "/").dropLast(4)
        return "/" + parts.joined(separator: "/") + "/infra/migrations"
    }
}
