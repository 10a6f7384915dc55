package import DiscordModel
package import Postgres

/// A command that Discord has.
package struct RegisteredCommand: Hashable, Sendable {
    package let name: String
    /// SHA-256 of its definition, as it was sent.
    package let digest: [UInt8]
    package let command: CommandID?

    package init(name: String, digest: [UInt8], command: CommandID?) {
        self.name = name
        self.digest = digest
        self.command = command
    }
}

/// The table `registered_commands`, written by gateway.
package struct RegisteredCommands: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// What an application has registered; `guild` nil is everywhere.
    package func all(
        of application: ApplicationID,
        guild: GuildID? = nil
    ) async throws(PostgresError) -> [RegisteredCommand] {
        try await executor.query(
            """
            SELECT name, digest, command FROM registered_commands
            WHERE application = \(application) AND guild = \(guild ?? GuildID(0)) ORDER BY name
            """
        ).map { row throws(PostgresError) in
            RegisteredCommand(name: try row["name"], digest: try row["digest"], command: try row["command"])
        }
    }

    /// Notes what a registration of the whole set has left on Discord.
    package func replace(
        _ commands: [RegisteredCommand],
        of application: ApplicationID,
        guild: GuildID? = nil
    ) async throws(PostgresError) {
        let scope = guild ?? GuildID(0)
        try await executor.query(
            """
            WITH new AS (
                SELECT * FROM unnest(\(commands.map(\.name)), \(commands.map(\.digest)), \(commands.map(\.command)))
                    AS n (name, digest, command)
            ), gone AS (
                DELETE FROM registered_commands
                WHERE application = \(application) AND guild = \(scope) AND name NOT IN (SELECT name FROM new)
            )
            INSERT INTO registered_commands (application, guild, name, digest, command)
            SELECT \(application), \(scope), name, digest, command FROM new
            ON CONFLICT (application, guild, name) DO UPDATE
            SET digest = excluded.digest, command = excluded.command, registered_at = now()
            """
        )
    }
}
