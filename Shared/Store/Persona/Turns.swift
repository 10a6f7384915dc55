package import DiscordModel
package import Postgres

/// The table `turns`: every answer that a persona owes, owned by the service `persona`.
///
/// A turn is added in the transaction that stores the consumer's position, claimed by one worker at a time, and carries
/// an attempt number as a fence: a worker that lost its claim can write nothing more. Time is the database's.
package struct Turns: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Adds a turn, once: the same message and bot again change nothing.
    ///
    /// - Returns: Whether it is new.
    @discardableResult
    package func add(_ turn: Turn) async throws(PostgresError) -> Bool {
        let rows = try await executor.query(
            """
            INSERT INTO turns (message, bot, channel, guild, author, question, trace)
            VALUES (\(turn.message.rawValue), \(turn.bot.rawValue), \(turn.channel.rawValue), \(turn.guild?.rawValue),
                    \(turn.author.rawValue), \(turn.question), \(turn.trace))
            ON CONFLICT (message, bot) DO NOTHING
            RETURNING 1 AS added
            """
        )
        return !rows.isEmpty
    }

    /// Claims the oldest turn that may begin, for as long as the lease lasts.
    ///
    /// In one conversation (a bot in a channel) turns run one after another, in the order in which they were asked. A
    /// turn whose worker died is claimed again when its lease has run out.
    ///
    /// - Returns: The turn with its new attempt number, or nil if nothing waits.
    package func claim(holder: String, lease: Duration) async throws(PostgresError) -> Turn? {
        let rows = try await executor.query(
            """
            WITH next AS (
                SELECT message, bot FROM turns t
                WHERE finished_at IS NULL AND not_before <= now() AND (lease_until IS NULL OR lease_until < now())
                  AND NOT EXISTS (
                    SELECT 1 FROM turns other
                    WHERE other.finished_at IS NULL AND other.bot = t.bot AND other.channel = t.channel
                      AND (other.message < t.message OR (other.message > t.message AND other.lease_until >= now())))
                ORDER BY not_before, message
                LIMIT 1
                FOR UPDATE SKIP LOCKED
            )
            UPDATE turns t
            SET attempt = attempt + 1, holder = \(holder), lease_until = now() + \(lease),
                started_at = coalesce(started_at, now())
            FROM next WHERE t.message = next.message AND t.bot = next.bot
            RETURNING t.message, t.bot, t.channel, t.guild, t.author, t.question, t.attempt, t.messages, t.trace
            """
        )
        return try rows.first.map(Turn.init)
    }

    /// Prolongs the claim.
    ///
    /// - Returns: False when a later attempt has taken the turn over: this one must stop at once.
    package func renew(_ turn: Turn, lease: Duration) async throws(PostgresError) -> Bool {
        let rows = try await executor.query(
            """
            UPDATE turns SET lease_until = now() + \(lease)
            WHERE message = \(turn.message.rawValue) AND bot = \(turn.bot.rawValue) AND attempt = \(turn.attempt)
              AND finished_at IS NULL
            RETURNING 1 AS held
            """
        )
        return !rows.isEmpty
    }

    /// Stores which messages show the answer.
    ///
    /// - Returns: False when the turn belongs to a later attempt.
    package func store(messages: [MessageID], of turn: Turn) async throws(PostgresError) -> Bool {
        let rows = try await executor.query(
            """
            UPDATE turns SET messages = \(messages.map(\.rawValue))
            WHERE message = \(turn.message.rawValue) AND bot = \(turn.bot.rawValue) AND attempt = \(turn.attempt)
              AND finished_at IS NULL
            RETURNING 1 AS held
            """
        )
        return !rows.isEmpty
    }

    /// Gives the turn back, to be claimed again after a while, by whomever.
    package func release(_ turn: Turn, retryIn wait: Duration, because detail: String) async throws(PostgresError) {
        try await executor.query(
            """
            UPDATE turns SET holder = NULL, lease_until = NULL, not_before = now() + \(wait), detail = \(detail)
            WHERE message = \(turn.message.rawValue) AND bot = \(turn.bot.rawValue) AND attempt = \(turn.attempt)
              AND finished_at IS NULL
            """
        )
    }

    /// Ends the turn and erases what was asked.
    ///
    /// - Returns: False when the turn belongs to a later attempt.
    package func finish(_ turn: Turn, _ result: TurnResult) async throws(PostgresError) -> Bool {
        let rows = try await executor.query(
            """
            UPDATE turns
            SET finished_at = now(), holder = NULL, lease_until = NULL, question = '', outcome = \(result.outcome),
                detail = \(result.detail), model = \(result.model), input_tokens = \(result.inputTokens),
                output_tokens = \(result.outputTokens)
            WHERE message = \(turn.message.rawValue) AND bot = \(turn.bot.rawValue) AND attempt = \(turn.attempt)
              AND finished_at IS NULL
            RETURNING 1 AS held
            """
        )
        return !rows.isEmpty
    }

    /// How many turns wait or run, and how long the oldest has waited.
    package func backlog() async throws(PostgresError) -> (open: Int, oldest: Duration) {
        let row = try await executor.query(
            """
            SELECT count(*) AS open, coalesce(extract(epoch FROM now() - min(received_at)), 0)::float8 AS oldest
            FROM turns WHERE finished_at IS NULL
            """
        ).only()
        return (try row.decode(Int.self, "open"), .seconds(try row.decode(Double.self, "oldest")))
    }

    /// Removes finished turns that are older. Keep them longer than the journal: they also keep a replayed event from
    /// being answered twice.
    package func removeFinished(olderThan age: Duration) async throws(PostgresError) {
        try await executor.query("DELETE FROM turns WHERE finished_at < now() - \(age)")
    }
}

extension Turn {
    init(row: Row) throws(PostgresError) {
        let name = try row.decode(String.self, "bot")
        guard let bot = BotID(rawValue: name) else {
            throw PostgresError(.decoding, "turns.bot holds \"\(name)\", which is no bot's name")
        }
        self.init(
            message: MessageID(try row.decode(UInt64.self, "message")),
            bot: bot,
            channel: ChannelID(try row.decode(UInt64.self, "channel")),
            guild: try row.decode(UInt64?.self, "guild").map { GuildID($0) },
            author: UserID(try row.decode(UInt64.self, "author")),
            question: try row.decode(String.self, "question"),
            attempt: try row.decode(Int.self, "attempt"),
            messages: try row.decode([UInt64].self, "messages").map { MessageID($0) },
            trace: try row.decode(String.self, "trace")
        )
    }
}
