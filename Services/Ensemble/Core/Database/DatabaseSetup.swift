import LocalPostgres
import Logging
import Postgres
import ServiceKit
import Store

/// Brings a database to the state that the services need: schema, one role a service, the first API key.
struct DatabaseSetup: Sendable {
    let client: PostgresClient
    let logger: Logger

    /// Gives every service's role the password of this start.
    ///
    /// Passwords are bound, never written into a statement, so none reaches the server's log.
    func setPasswords(_ passwords: [ServiceName: Secret]) async throws {
        try await client.withTransaction { transaction in
            for (service, password) in passwords.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                try await transaction.query(
                    """
                    SELECT set_config('ensemble.role', \(Self.role(of: service)), true),
                        set_config('ensemble.password', \(password.reveal()), true)
                    """
                )
                try await transaction.query(
                    """
                    DO $$ BEGIN
                        EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', current_setting('ensemble.role'),
                            current_setting('ensemble.password'));
                    END $$
                    """
                )
            }
        }
    }

    /// Makes the platform's database in a new cluster.
    static func makeDatabase(in cluster: LocalPostgres, logger: Logger) async throws {
        var configuration = PostgresConfiguration(
            url: cluster.ownerURL(database: "postgres").reveal(),
            applicationName: "ensemble up"
        )
        configuration.maximumConnections = 1
        configuration.acquireTimeout = .seconds(1)
        configuration.maximumBackoff = .milliseconds(50)
        configuration.initialBackoff = .milliseconds(20)
        let client = try PostgresClient(configuration: configuration, logger: logger)
        do {
            let rows = try await client.query("SELECT FROM pg_database WHERE datname = \(LocalPostgres.database)")
            if rows.isEmpty {
                try await client.query("CREATE DATABASE \(identifier: LocalPostgres.database)")
            }
            await client.close()
        } catch {
            await client.close()
            throw error
        }
    }

    /// The role of a service in the database.
    static func role(of service: ServiceName) -> String {
        "ensemble_\(service.rawValue.replacing("-", with: "_"))"
    }
}
