package import BusContract
package import DiscordModel
package import Postgres

/// A stream's row: one Discord session of one shard of one bot.
package struct StreamRecord: Hashable, Sendable {
    package let id: UInt64
    package let partition: Partition
    package let session: String
    package let resumeURL: String
    /// The highest sequence number in the journal.
    package let lastSeq: UInt64
    package let isClosed: Bool
    /// Whether the session has the intents of an observer; nil: nobody wrote it down.
    package let observes: Bool?
    /// How many shards the bot had when the session began.
    package let shards: Int
}

/// The table `streams`, written by the gateway.
package struct Streams: Sendable {
    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    /// Opens the stream of a new session, and closes the partition's one before it. Call it inside a transaction.
    ///
    /// - Parameters:
    ///   - shards: how many shards the session was begun with.
    ///   - observes: whether it has the intents of an observer.
    package func open(
        _ partition: Partition,
        session: String,
        resumeURL: String,
        shards: Int = 1,
        observes: Bool? = nil
    ) async throws -> StreamRecord {
        try await executor.query(
            """
            UPDATE streams SET closed = true, closed_at = now()
            WHERE partition = \(partition.description) AND NOT closed AND session <> \(session)
            """
        )
        let opened = try await executor.query(
            """
            INSERT INTO streams (partition, session, resume_url, observes, shards, ordinal)
            SELECT \(partition.description), \(session), \(resumeURL), \(observes), \(shards)::integer,
                coalesce(max(ordinal), 0) + 1
            FROM streams WHERE partition = \(partition.description)
            ON CONFLICT (partition, session) DO UPDATE SET resume_url = excluded.resume_url
            RETURNING id, partition, session, resume_url, last_seq, closed, observes, shards
            """
        )
        return try Self.record(try opened.only())
    }

    /// The stream that a partition has open: what the gateway resumes after a restart.
    package func current(of partition: Partition) async throws -> StreamRecord? {
        let rows = try await executor.query(
            """
            SELECT id, partition, session, resume_url, last_seq, closed, observes, shards FROM streams
            WHERE partition = \(partition.description) AND NOT closed
            """
        )
        return try rows.first.map(Self.record)
    }

    /// The most shards with which a session was begun that can be taken up; nil: there is none.
    package func mostShards() async throws -> Int? {
        try await executor.query("SELECT max(shards) AS shards FROM streams WHERE NOT closed").only()
            .decode(Int?.self, "shards")
    }

    /// The partitions of a bot that have a stream open, beyond a number of shards: left by a time when it had more.
    package func leftOver(of bot: BotID, beyond shards: Int) async throws -> [Partition] {
        try await executor.query("SELECT partition FROM streams WHERE NOT closed").compactMap {
            Partition(try $0.decode(String.self, "partition"))
        }.filter { $0.bot == bot && $0.shard >= shards }
    }

    /// Closes a stream: nothing can follow its last journalled event.
    package func close(_ id: UInt64) async throws {
        try await executor.query("UPDATE streams SET closed = true, closed_at = now() WHERE id = \(id) AND NOT closed")
    }

    /// The last sequence number of each event in a stream: the `prev` of what comes next.
    package func heads(of id: UInt64) async throws -> [String: UInt64] {
        let rows = try await executor.query(
            "SELECT event, max(seq) AS seq FROM journal WHERE stream = \(id) GROUP BY event"
        )
        var heads: [String: UInt64] = [:]
        for row in rows { heads[try row["event"]] = try row["seq"] }
        return heads
    }

    /// A partition's streams from one on, in order.
    func list(_ partition: Partition, from id: UInt64) async throws -> [StreamRecord] {
        let rows = try await executor.query(
            """
            SELECT id, partition, session, resume_url, last_seq, closed, observes, shards FROM streams
            WHERE partition = \(partition.description) AND id >= \(id) ORDER BY ordinal
            """
        )
        return try rows.map(Self.record)
    }

    /// Every partition that has ever had a stream.
    func partitions() async throws -> [Partition] {
        let rows = try await executor.query("SELECT DISTINCT partition FROM streams")
        return try rows.compactMap { Partition(try $0.decode(String.self, "partition")) }
    }

    private static func record(_ row: Row) throws -> StreamRecord {
        let name: String = try row["partition"]
        guard let partition = Partition(name) else {
            throw PostgresError(.decoding, "streams.partition is \"\(name)\", expected <bot>/<shard>")
        }
        return StreamRecord(
            id: try row["id"],
            partition: partition,
            session: try row["session"],
            resumeURL: try row["resume_url"],
            lastSeq: try row["last_seq"],
            isClosed: try row["closed"],
            observes: try row["observes"],
            shards: try row["shards"]
        )
    }
}
