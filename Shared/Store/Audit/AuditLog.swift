package import DiscordModel
package import Postgres

/// One entry of the audit log.
package struct AuditEntry: Sendable {
    /// Makes it unique where its cause can come twice; nil = always written.
    package var key: String?
    package var guild: GuildID?
    /// `user:<id>`, `rule:words`, `api-key:<name>`.
    package var actor: String
    /// `case.open`, `words.add`, `bot.stop` …
    package var action: String
    package var subject: String
    package var details: [String: String]

    package init(
        key: String? = nil,
        guild: GuildID?,
        actor: String,
        action: String,
        subject: String,
        details: [String: String] = [:]
    ) {
        self.key = key
        self.guild = guild
        self.actor = actor
        self.action = action
        self.subject = subject
        self.details = details
    }
}

/// The table `audit`: appended to by every service, inside the transaction of what it tells of.
package struct AuditLog: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    package func append(_ entry: AuditEntry) async throws {
        try await append([entry])
    }

    /// Appends entries in the order given, with one statement.
    package func append(_ entries: [AuditEntry]) async throws {
        guard !entries.isEmpty else { return }
        try await executor.query(Self.appending(entries))
    }

    /// Appends entries in the order given, for a transaction that needs no answer.
    package static func appending(_ entries: [AuditEntry]) throws -> Query {
        """
        INSERT INTO audit (key, guild, actor, action, subject, details)
        SELECT e.key, e.guild, e.actor, e.action, e.subject, e.details::jsonb
        FROM unnest(
            \(entries.map(\.key)), \(entries.map { $0.guild?.rawValue }), \(entries.map(\.actor)),
            \(entries.map(\.action)), \(entries.map(\.subject)), \(try entries.map { try JSONParameter.text($0.details) })
        ) WITH ORDINALITY AS e (key, guild, actor, action, subject, details, place)
        ORDER BY e.place
        ON CONFLICT (key) DO NOTHING
        """
    }
}
