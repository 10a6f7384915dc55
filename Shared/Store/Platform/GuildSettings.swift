package import DiscordModel
package import Postgres

/// The table `guild_settings`: what a guild has set for itself. Every service may write it, through this type alone;
/// changes announce themselves on the channel `config_changed`.
package struct GuildSettings: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// The guild's language (`en`, `uk`, `ru`, `ko`, `zh-TW`), or nil when it has not chosen.
    package func locale(of guild: GuildID) async throws(PostgresError) -> String? {
        guard let row = try await executor.query("SELECT locale FROM guild_settings WHERE guild = \(guild)").first
        else { return nil }
        return try row["locale"]
    }

    /// Sets the guild's language.
    /// - Parameter editor: who did it, as the audit log writes it.
    package func setLocale(_ locale: String?, of guild: GuildID, by editor: String) async throws(PostgresError) {
        try await executor.query(
            """
            INSERT INTO guild_settings (guild, locale, updated_by) VALUES (\(guild), \(locale), \(editor))
            ON CONFLICT (guild) DO UPDATE SET locale = excluded.locale, updated_by = excluded.updated_by,
                updated_at = now(), revision = guild_settings.revision + 1
            """
        )
    }
}
