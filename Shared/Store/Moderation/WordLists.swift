package import DiscordModel
package import Postgres

/// The table `word_lists`, written by moderation. Changes are announced on channel `config_changed`.
package struct WordLists: Sendable {
    /// The most words that a guild's list can have.
    package static let limit = 1_000

    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// A guild's own list; nil when it has none and the default counts.
    package func words(of guild: GuildID) async throws -> [String]? {
        let rows = try await executor.query("SELECT words FROM word_lists WHERE guild = \(guild.rawValue)")
        return try rows.first?.decode([String].self, "words")
    }

    /// Replaces a guild's list.
    package func replace(_ words: [String], of guild: GuildID, by user: UserID) async throws {
        try await executor.query(
            """
            INSERT INTO word_lists (guild, words, updated_by) VALUES (\(guild.rawValue), \(words), \(user.rawValue))
            ON CONFLICT (guild) DO UPDATE SET words = excluded.words, updated_by = excluded.updated_by,
                revision = word_lists.revision + 1, updated_at = now()
            """
        )
    }

    /// Locks a guild's list until the transaction ends, so that two admins do not undo each other's change.
    package func lock(_ guild: GuildID) async throws {
        try await executor.query("SELECT pg_advisory_xact_lock(hashtext('word_lists'), hashtext(\(guild.description)))")
    }
}
