package import DiscordModel
package import FoundationEssentials
package import Postgres

/// An interaction that waits for an answer, or has one.
package struct StoredInteraction: Hashable, Sendable {
    package enum State: String, Sendable {
        /// Nothing has been sent to Discord.
        case received
        /// Discord shows that we are thinking.
        case deferred
        case answered
        /// The member was told that it did not work, or nobody can tell them any more.
        case failed
    }

    package let interaction: InteractionID
    package let bot: BotID
    package let application: ApplicationID
    /// Sealed by the gateway; nil when it has expired.
    package let token: [UInt8]?
    /// The service that owns it.
    package let service: String
    package let name: String
    package let kind: String
    package let state: State
    package let receivedAt: Date
    /// When Discord stops to accept the token: 15 minutes after the interaction.
    package let expiresAt: Date
    /// Where it was used, by whom, in which language: nil in rows from before these were kept.
    package let channel: ChannelID?
    package let user: UserID?
    package let locale: String
    /// The instance of the gateway that cares for it; empty in rows from before this was kept.
    package let holder: String

    package init(
        interaction: InteractionID,
        bot: BotID,
        application: ApplicationID,
        token: [UInt8]?,
        service: String,
        name: String,
        kind: String,
        state: State = .received,
        receivedAt: Date,
        expiresAt: Date,
        channel: ChannelID? = nil,
        user: UserID? = nil,
        locale: String = "",
        holder: String = ""
    ) {
        self.interaction = interaction
        self.bot = bot
        self.application = application
        self.token = token
        self.service = service
        self.name = name
        self.kind = kind
        self.state = state
        self.receivedAt = receivedAt
        self.expiresAt = expiresAt
        self.channel = channel
        self.user = user
        self.locale = locale
        self.holder = holder
    }
}

/// The table `interactions`, written by gateway: before an interaction is handed over, so that a restarted gateway can
/// finish it.
package struct Interactions: Sendable {
    private let executor: any QueryExecutor
    private static let isOver: Query = "expires_at <= clock_timestamp() AS is_over"

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Writes an interaction down; false when it is known, so that Discord or a resume has sent it twice.
    ///
    /// It is received now by ``clock()``, and expires after as long as `new` says: a gateway whose own clock is behind
    /// would else write down tokens that have expired.
    package func insert(_ new: StoredInteraction) async throws(PostgresError) -> Bool {
        let life = Duration.milliseconds(Int64((new.expiresAt.timeIntervalSince(new.receivedAt) * 1_000).rounded()))
        let rows = try await executor.query(
            """
            INSERT INTO interactions
                (interaction, bot, application, token, service, name, kind, state, received_at, expires_at, channel,
                user_id, locale, holder)
            VALUES (\(new.interaction), \(new.bot), \(new.application), \(new.token), \(new.service), \(new.name),
                \(new.kind), \(new.state.rawValue), clock_timestamp(), clock_timestamp() + \(life), \(new.channel),
                \(new.user), \(new.locale), \(new.holder))
            ON CONFLICT DO NOTHING RETURNING 1 AS inserted
            """
        )
        return !rows.isEmpty
    }

    /// Notes how far an interaction has come; a finished one is never opened again.
    package func set(_ state: StoredInteraction.State, of interaction: InteractionID) async throws(PostgresError) {
        try await executor.query(
            """
            UPDATE interactions SET state = \(state.rawValue)
            WHERE interaction = \(interaction) AND state IN ('received', 'deferred')
            """
        )
    }

    package func find(_ interaction: InteractionID) async throws(PostgresError) -> StoredInteraction? {
        try await executor.query("SELECT *, \(Self.isOver) FROM interactions WHERE interaction = \(interaction)")
            .first.map(StoredInteraction.init)
    }

    /// The lease that an instance of the gateway holds for as long as it cares for its interactions.
    package static func lease(of holder: String) -> String { "interactions/\(holder)" }

    /// The time by which rows are kept: the database's, for the clocks of several gateways differ, and each can jump.
    package func clock() async throws(PostgresError) -> Date {
        try await executor.query("SELECT clock_timestamp() AS now").only().decode(Date.self, "now")
    }

    /// What nobody cares for any more, the oldest first: rows of the instance's own earlier process, and of instances whose
    /// lease is over.
    ///
    /// - Parameter start: when this process of the instance began, by ``clock()``.
    package func leftovers(of holder: String, before start: Date) async throws(PostgresError) -> [StoredInteraction] {
        try await executor.query(
            """
            SELECT *, \(Self.isOver) FROM interactions WHERE state IN ('received', 'deferred') AND CASE
                WHEN holder = \(holder) THEN received_at < \(start)
                ELSE NOT EXISTS (SELECT 1 FROM leases
                    WHERE resource = \(Self.lease(of: "")) || interactions.holder AND expires_at > clock_timestamp())
                END
            ORDER BY received_at
            """
        ).map(StoredInteraction.init)
    }

    /// Makes an open interaction the instance's own; nil when it is answered, or another was faster.
    package func claim(
        _ interaction: InteractionID,
        from old: String,
        by holder: String
    ) async throws(PostgresError) -> StoredInteraction? {
        try await executor.query(
            """
            UPDATE interactions SET holder = \(holder)
            WHERE interaction = \(interaction) AND holder = \(old) AND state IN ('received', 'deferred')
            RETURNING *, \(Self.isOver)
            """
        ).first.map(StoredInteraction.init)
    }

    /// Makes an interaction that Discord sends again the instance's own, unless something was sent to Discord before.
    package func takeOver(_ interaction: InteractionID, by holder: String) async throws(PostgresError) -> Bool {
        let rows = try await executor.query(
            """
            UPDATE interactions SET holder = \(holder) WHERE interaction = \(interaction) AND state = 'received'
            RETURNING 1 AS taken
            """
        )
        return !rows.isEmpty
    }

    /// Erases the tokens that have expired; returns how many.
    package func eraseExpiredTokens() async throws(PostgresError) -> Int {
        try await executor.query(
            """
            WITH erased AS (
                UPDATE interactions SET token = NULL,
                    state = CASE WHEN state IN ('received', 'deferred') THEN 'failed' ELSE state END
                WHERE token IS NOT NULL AND expires_at <= now() RETURNING 1
            )
            SELECT count(*) AS erased FROM erased
            """
        ).only().decode(Int.self, "erased")
    }

    /// Forgets interactions whole.
    package func forget(olderThan age: Duration) async throws(PostgresError) {
        try await executor.query("DELETE FROM interactions WHERE received_at < now() - \(age)")
    }
}

extension StoredInteraction {
    fileprivate init(_ row: Row) throws(PostgresError) {
        interaction = try row["interaction"]
        bot = try row["bot"]
        application = try row["application"]
        token = try row.decode(Bool.self, "is_over") ? nil : row["token"]
        service = try row["service"]
        name = try row["name"]
        kind = try row["kind"]
        state = State(rawValue: try row["state"]) ?? .failed
        receivedAt = try row["received_at"]
        expiresAt = try row["expires_at"]
        channel = try row["channel"]
        user = try row["user_id"]
        locale = try row["locale"]
        holder = try row["holder"]
    }
}
