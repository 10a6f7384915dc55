package import BusContract
package import Postgres

/// The table `command_manifests`, written by gateway: what each service declared, whether it runs or not.
package struct CommandManifests: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Stores a declaration; an older version never overwrites a newer one.
    /// - Returns: whether the stored row changed, so that the union must be registered anew.
    package func store(_ declaration: DeclareCommands) async throws(PostgresError) -> Bool {
        let rows = try await executor.query(
            """
            INSERT INTO command_manifests (service, version, commands, components)
            VALUES (\(declaration.service), \(declaration.version), \(try .json(declaration.commands)),
                \(try .json(declaration.components)))
            ON CONFLICT (service) DO UPDATE
            SET version = excluded.version, commands = excluded.commands, components = excluded.components,
                updated_at = now()
            WHERE command_manifests.version <= excluded.version
              AND (command_manifests.version, command_manifests.commands, command_manifests.components)
                  IS DISTINCT FROM (excluded.version, excluded.commands, excluded.components)
            RETURNING 1 AS changed
            """
        )
        return !rows.isEmpty
    }

    /// All declarations, by service: their union is what Discord should have.
    package func all() async throws(PostgresError) -> [DeclareCommands] {
        try await executor.query("SELECT * FROM command_manifests ORDER BY service")
            .map { row throws(PostgresError) in
                DeclareCommands(
                    service: try row["service"],
                    version: try row["version"],
                    commands: try row.decodeJSON([DeclaredCommand].self, "commands"),
                    components: try row.decodeJSON([DeclaredComponent].self, "components")
                )
            }
    }

    /// Removes a service's commands: only `ensemble commands prune` does that.
    package func remove(service: String) async throws(PostgresError) {
        try await executor.query("DELETE FROM command_manifests WHERE service = \(service)")
    }
}
