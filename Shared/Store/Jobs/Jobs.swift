package import DiscordModel
package import FoundationEssentials
package import Postgres

/// A job to be scheduled.
package struct NewJob: Sendable {
    /// Makes scheduling it twice harmless.
    package var key: String
    /// The service that does it.
    package var target: String
    package var kind: String
    package var guild: GuildID?
    package var user: UserID?
    /// The target's data as JSON text.
    package var data: String
    package var dueAt: Date

    package init(
        key: String,
        target: String,
        kind: String,
        guild: GuildID?,
        user: UserID?,
        data: String,
        dueAt: Date
    ) {
        self.key = key
        self.target = target
        self.kind = kind
        self.guild = guild
        self.user = user
        self.data = data
        self.dueAt = dueAt
    }
}

/// A job that is due.
package struct DueJob: Sendable, Hashable {
    package let id: Int64
    package let target: String
    package let kind: String
    package let guild: GuildID?
    package let data: String
    /// Unix milliseconds.
    package let dueAt: Int64
    /// Counts from 1.
    package let attempt: Int
}

/// The table `jobs`: scheduled by every service inside the transaction that wants it, fired by the scheduler.
package struct Jobs: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Schedules a job; returns its id, the known one when the key has been used before.
    @discardableResult
    package func schedule(_ job: NewJob) async throws -> Int64 {
        let rows = try await executor.query(
            """
            INSERT INTO jobs (key, target, kind, guild, user_id, data, due_at, next_attempt_at)
            VALUES (\(job.key), \(job.target), \(job.kind), \(job.guild?.rawValue), \(job.user?.rawValue),
                \(JSONParameter(text: Array(job.data.utf8))), \(job.dueAt), \(job.dueAt))
            ON CONFLICT (key) DO UPDATE SET key = excluded.key
            RETURNING id
            """
        )
        return try rows.only().decode(Int64.self, "id")
    }

    /// How many jobs of a kind a member has waiting.
    package func waiting(of user: UserID, kind: String) async throws -> Int {
        let rows = try await executor.query(
            "SELECT count(*) AS count FROM jobs WHERE user_id = \(user.rawValue) AND kind = \(kind) AND state = 'waiting'"
        )
        return try rows.only().decode(Int.self, "count")
    }

    /// Claims jobs that are due, for so long: when they are not finished by then, they are due again.
    package func claimDue(limit: Int, for claim: Duration) async throws -> [DueJob] {
        let rows = try await executor.query(
            """
            UPDATE jobs SET attempts = attempts + 1, next_attempt_at = now() + \(claim)
            WHERE id IN (
                SELECT id FROM jobs WHERE state = 'waiting' AND next_attempt_at <= now()
                ORDER BY next_attempt_at LIMIT \(limit) FOR UPDATE SKIP LOCKED
            )
            RETURNING id, target, kind, guild, data, (extract(epoch FROM due_at) * 1000)::bigint AS due, attempts
            """
        )
        return try rows.map { row in
            let guild: UInt64? = try row["guild"]
            let attempts: Int32 = try row["attempts"]
            return DueJob(
                id: try row["id"],
                target: try row["target"],
                kind: try row["kind"],
                guild: guild.map { GuildID($0) },
                data: try row["data"],
                dueAt: try row["due"],
                attempt: Int(attempts)
            )
        }
    }

    /// How long until the next job is due; zero when one is, nil when none waits.
    package func untilNext() async throws -> Duration? {
        let rows = try await executor.query(
            """
            SELECT extract(epoch FROM min(next_attempt_at) - now())::double precision AS seconds
            FROM jobs WHERE state = 'waiting'
            """
        )
        // SQL's `greatest` passes over null: with it, no job at all would look like one that is due.
        let seconds: Double? = try rows.only()["seconds"]
        return seconds.map { .seconds(max($0, 0)) }
    }

    /// Ends a job that its target has acknowledged, and erases what it was about.
    package func finish(_ id: Int64) async throws {
        try await executor.query(
            "UPDATE jobs SET state = 'done', finished_at = now(), data = '{}' WHERE id = \(id) AND state = 'waiting'"
        )
    }

    /// Removes jobs that ended longer ago, and what their targets noted of them.
    package func prune(olderThan age: Duration) async throws(PostgresError) {
        try await executor.query("DELETE FROM jobs WHERE finished_at < now() - \(age)")
        try await executor.query(
            """
            DELETE FROM jobs_taken WHERE taken_at < now() - \(age)
                AND NOT EXISTS (SELECT FROM jobs WHERE jobs.id = jobs_taken.job)
            """
        )
    }

    /// Has a job tried again after a delay, or gives it up.
    package func postpone(_ id: Int64, by delay: Duration?, error: String) async throws {
        if let delay {
            try await executor.query(
                "UPDATE jobs SET next_attempt_at = now() + \(delay), error = \(error) WHERE id = \(id) AND state = 'waiting'"
            )
        } else {
            try await executor.query(
                """
                UPDATE jobs SET state = 'failed', finished_at = now(), error = \(error)
                WHERE id = \(id) AND state = 'waiting'
                """
            )
        }
    }

    /// Notes at the target that a job has been taken; false when it had been before. Call it in the transaction that does it.
    package func take(_ id: Int64, target: String) async throws -> Bool {
        let rows = try await executor.query(
            "INSERT INTO jobs_taken (target, job) VALUES (\(target), \(id)) ON CONFLICT DO NOTHING RETURNING job"
        )
        return !rows.isEmpty
    }
}
