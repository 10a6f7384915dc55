import Foundation
import Logging
import Postgres
import TestSupport

extension Troupe {
    /// Runs the body with a connection of the cluster's owner.
    func withDatabase<Value>(_ body: (PostgresClient) async throws -> Value) async throws -> Value {
        try await PostgresClient(
            configuration: PostgresConfiguration(url: databaseURL, applicationName: "test"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ).closed(after: body)
    }
}

extension Troupe {
    /// Runs a script with `psql`, for what is no statement with parameters.
    func runSQL(_ script: String) async throws {
        let file = folder.appending(path: "script.sql")
        try script.write(to: file, atomically: true, encoding: .utf8)
        try await SystemCommand.run(
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--dbname=\(databaseURL)",
            "--output=/dev/null",
            "--file=\(file.path)"
        )
    }
}
