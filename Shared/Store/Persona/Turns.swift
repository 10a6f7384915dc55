package import DiscordModel
package import Postgres

/// The table `turns`, written by persona. Inserts announce themselves on the channel `turns`.
package struct Turns: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Adds a turn, with the consumer's position; false when message and bot have one.
    package func add(_ new: NewTurn) async throws(PostgresError) -> Bool {
        let rows = try await executor.query(
            """
            INSERT INTO turns (message, bot, guild, channel, author, conversation, request, channel_name, category_name,
                expires_at)
            VALUES (\(new.message), \(new.bot), \(new.guild), \(new.channel), \(new.author), \(new.conversation),
                \(new.request), \(new.channelName), \(new.categoryName), \(new.expiresAt))
            ON CONFLICT (message, bot) DO NOTHING RETURNING id
            """
        )
        return !rows.isEmpty
    }

    /// Takes the oldest turn whose conversation has no earlier one unfinished: one that waits and does not rest, or one
    /// whose worker has not been heard of for its time. Expired ones come too, for the member must be told.
    ///
    /// - Parameter lifetime: until when the worker must have finished or renewed.
    package func claim(worker: String, lifetime: Duration) async throws(PostgresError) -> Turn? {
        try await executor.query(
            """
            UPDATE turns SET state = 'running', attempt = attempt + 1, worker = \(worker),
                claimed_until = clock_timestamp() + \(lifetime)
            WHERE id = (
                SELECT id FROM turns t
                WHERE (state = 'waiting' AND not_before <= clock_timestamp()
                    OR state = 'running' AND claimed_until < clock_timestamp())
                  AND NOT EXISTS (
                    SELECT FROM turns earlier
                    WHERE earlier.conversation = t.conversation AND earlier.id < t.id
                      AND earlier.state IN ('waiting', 'running'))
                ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING \(Turn.columns)
            """
        ).first.map(Turn.init)
    }

    /// Where the turns were asked for that could be claimed now, their order aside.
    package func claimablePlaces() async throws(PostgresError) -> [TurnPlace] {
        try await executor.query(
            """
            SELECT DISTINCT guild, channel_name, category_name FROM turns
            WHERE state = 'waiting' AND not_before <= clock_timestamp()
               OR state = 'running' AND claimed_until < clock_timestamp()
            """
        ).map { row throws(PostgresError) in
            TurnPlace(
                guild: try row["guild"],
                channelName: try row["channel_name"],
                categoryName: try row["category_name"]
            )
        }
    }

    /// Takes the oldest turn as ``claim(worker:lifetime:)`` does, but only of some places. One that has expired without a
    /// word said comes from anywhere: its member must be told, whoever would have answered.
    ///
    /// - Parameter places: with the names of their routes, which the rows then have.
    package func claim(
        worker: String,
        lifetime: Duration,
        among places: [TurnPlace: String]
    ) async throws(PostgresError) -> Turn? {
        let order = Array(places.keys)
        // No guild has the id 0; it stands for direct messages.
        let guilds = order.map { $0.guild ?? GuildID(0) }
        let routes = order.map { places[$0] ?? "" }
        return try await executor.query(
            """
            WITH chosen AS MATERIALIZED (
                SELECT t.id, coalesce(place.route, '') AS route FROM turns t
                LEFT JOIN unnest(\(guilds), \(order.map(\.channelName)), \(order.map(\.categoryName)), \(routes))
                    AS place(guild, channel_name, category_name, route)
                    ON coalesce(t.guild, 0) = place.guild AND t.channel_name = place.channel_name
                        AND t.category_name = place.category_name
                WHERE (t.state = 'waiting' AND t.not_before <= clock_timestamp()
                    OR t.state = 'running' AND t.claimed_until < clock_timestamp())
                  AND (place.route IS NOT NULL OR t.expires_at <= clock_timestamp() AND t.answers = '{}')
                  AND NOT EXISTS (
                    SELECT FROM turns earlier
                    WHERE earlier.conversation = t.conversation AND earlier.id < t.id
                      AND earlier.state IN ('waiting', 'running'))
                ORDER BY t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED)
            UPDATE turns SET state = 'running', attempt = attempt + 1, worker = \(worker), route = chosen.route,
                claimed_until = clock_timestamp() + \(lifetime)
            FROM chosen WHERE turns.id = chosen.id
            RETURNING \(Turn.columns)
            """
        ).first.map(Turn.init)
    }

    /// Keeps a turn for longer.
    /// - Throws: `StoreError` of code `fenceLost` when another worker has it.
    package func renew(_ turn: Turn, lifetime: Duration) async throws {
        try await write(turn, "claimed_until = clock_timestamp() + \(lifetime)")
    }

    /// Adds a message of the answer, as soon as Discord has given its id.
    /// - Throws: `StoreError` of code `fenceLost` when another worker has the turn.
    package func addAnswer(_ message: MessageID, to turn: Turn) async throws {
        try await write(turn, "answers = answers || \(message)::bigint")
    }

    /// Replaces the messages of the answer: a shorter one needs fewer.
    /// - Throws: `StoreError` of code `fenceLost` when another worker has the turn.
    package func setAnswers(_ messages: [MessageID], of turn: Turn) async throws {
        try await write(turn, "answers = \(messages)")
    }

    /// Gives a turn back that cannot be carried out now; whoever is free claims it when it has rested.
    /// - Throws: `StoreError` of code `fenceLost` when another worker has the turn.
    package func giveBack(_ turn: Turn, restFor rest: Duration, because obstacle: String) async throws {
        try await write(
            turn,
            """
            state = 'waiting', worker = NULL, claimed_until = NULL, not_before = clock_timestamp() + \(rest),
            obstacle = \(obstacle)
            """
        )
    }

    /// Notes what is reserved of a budget.
    /// - Throws: `StoreError` of code `fenceLost` when another worker has the turn.
    package func setReservation(_ reservation: String?, of turn: Turn) async throws {
        try await write(turn, "reservation = \(reservation)")
    }

    /// Merges members of a JSON object into the record.
    /// - Throws: `StoreError` of code `fenceLost` when another worker has the turn.
    package func record(_ members: JSONParameter, of turn: Turn) async throws {
        try await write(turn, "record = record || \(members)")
    }

    /// Ends a turn, and erases what was asked.
    /// - Throws: `StoreError` of code `fenceLost` when another worker has the turn.
    package func finish(_ turn: Turn, as state: Turn.State, record members: JSONParameter? = nil) async throws {
        try await write(
            turn,
            """
            state = \(state.rawValue), finished_at = now(), claimed_until = NULL, request = '{}',
            record = record || coalesce(\(members), '{}'::jsonb)
            """
        )
    }

    package func find(message: MessageID, bot: BotID) async throws(PostgresError) -> Turn? {
        try await executor.query("SELECT \(Turn.columns) FROM turns WHERE message = \(message) AND bot = \(bot)").first
            .map(Turn.init)
    }

    /// The newest turns, for the recorder's page.
    package func recent(limit: Int = 50) async throws(PostgresError) -> [Turn] {
        try await executor.query("SELECT \(Turn.columns) FROM turns ORDER BY created_at DESC, id DESC LIMIT \(limit)")
            .map(Turn.init)
    }

    /// How many turns wait or run, and how long the oldest has been there.
    package func backlog() async throws(PostgresError) -> (open: Int, oldest: Duration) {
        let row = try await executor.query(
            """
            SELECT count(*) AS open, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest
            FROM turns WHERE state IN ('waiting', 'running')
            """
        ).only()
        return (try row["open"], .seconds(try row.decode(Double.self, "oldest")))
    }

    /// Removes turns that ended longer ago. Keep them longer than the journal: they also keep a replayed event from being
    /// answered twice.
    package func removeFinished(olderThan age: Duration) async throws(PostgresError) {
        try await executor.query("DELETE FROM turns WHERE finished_at < now() - \(age)")
    }

    private func write(_ turn: Turn, _ changes: Query) async throws {
        let rows = try await executor.query(
            """
            UPDATE turns SET \(changes)
            WHERE id = \(turn.id) AND attempt = \(turn.attempt) AND state = 'running' RETURNING 1 AS done
            """
        )
        guard !rows.isEmpty else {
            throw StoreError(.fenceLost, "turn \(turn.id) has passed to another worker or has ended")
        }
    }
}
