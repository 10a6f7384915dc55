package import DiscordModel
package import Postgres

/// The table `music_commands`: what each interaction came to, so that one that is handled twice has one effect and one
/// answer. Writing service: music.
package struct MusicCommands: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// The outcome of an interaction that was handled before; nil = it was not.
    package func outcome<Outcome: Decodable>(
        of interaction: InteractionID,
        as type: Outcome.Type = Outcome.self
    ) async throws(PostgresError) -> Outcome? {
        let rows = try await executor.query(
            "SELECT outcome FROM music_commands WHERE interaction = \(interaction.rawValue)"
        )
        return try rows.first?.decodeJSON(type, "outcome")
    }

    /// Records an outcome, in the transaction of its effect.
    ///
    /// - Throws: a unique violation when another handling of the interaction was faster.
    package func record(_ outcome: some Encodable, of interaction: InteractionID) async throws(PostgresError) {
        try await executor.query(
            "INSERT INTO music_commands (interaction, outcome) VALUES (\(interaction.rawValue), \(.json(outcome)))"
        )
    }

    package func prune(olderThan age: Duration) async throws(PostgresError) {
        try await executor.query("DELETE FROM music_commands WHERE handled_at < now() - \(age)")
    }
}
