import BusContract
import DiscordModel
import DurableEvents
import FoundationEssentials
import Postgres
import Store

/// The rows of one shard's sessions: streams, gaps, identifies.
struct SessionStore: Sendable {
    let database: PostgresClient
    let partition: Partition
    let lease: Lease

    /// The session to resume after a restart, with the last sequence number of each event.
    func current() async throws -> (record: StreamRecord, heads: [EventKind: UInt64])? {
        let streams = Streams(database)
        guard let record = try await streams.current(of: partition) else { return nil }
        return (record, try await heads(of: record.id))
    }

    /// Closes the stream of a shard that the bot has no more: other shards now have its guilds.
    func giveUp(because reason: String) async throws {
        try await database.withTransaction { transaction in
            guard try await Leases(transaction).isHeld(lease) else { throw JournalWriter.NotOwner() }
            guard let record = try await Streams(transaction).current(of: partition) else { return }
            try await Streams(transaction).close(record.id)
            try await Gaps(transaction).append(partition.description, stream: record.id, from: nil, reason: reason)
        }
    }

    private func heads(of stream: UInt64) async throws -> [EventKind: UInt64] {
        var heads: [EventKind: UInt64] = [:]
        for (kind, sequence) in try await Streams(database).heads(of: stream) {
            heads[EventKind(rawValue: kind)] = sequence
        }
        return heads
    }

    /// Opens the stream of a new session. If an earlier one was lost, the time since is recorded as a gap.
    ///
    /// - Parameters:
    ///   - heard: when this process heard the last of the earlier session; nil if it did not have it.
    ///   - observes: whether it has the intents of an observer.
    /// - Throws: `JournalWriter.NotOwner` when the shard has gone to another gateway.
    func open(
        session: String,
        resumeURL: String,
        shards: Int,
        observes: Bool,
        lost: String?,
        heard: Date?
    ) async throws -> StreamRecord {
        try await database.withTransaction { transaction in
            guard try await Leases(transaction).isHeld(lease) else { throw JournalWriter.NotOwner() }
            let before = try await Streams(transaction).current(of: partition)
            let record = try await Streams(transaction).open(
                partition,
                session: session,
                resumeURL: resumeURL,
                shards: shards,
                observes: observes
            )
            if before != nil || lost != nil {
                try await Gaps(transaction).append(
                    partition.description,
                    stream: before?.id,
                    from: heard,
                    reason: lost ?? "a new session began"
                )
            }
            try await Self.seen(partition, transaction)
            return record
        }
    }

    /// The session is gone: nothing can follow its last event.
    func close(_ stream: UInt64) async throws {
        try await Streams(database).close(stream)
    }

    /// Notes that the shard is in touch with Discord, and up to which event nothing is left to write.
    ///
    /// Events that go neither to bus nor journal count on as well: without this, a bot that observes nothing would resume
    /// from the beginning of its session.
    func checkpoint(_ stream: UInt64, upTo sequence: UInt64) async throws {
        try await database.query(
            """
            UPDATE streams SET last_seq = greatest(last_seq, \(sequence))
            WHERE id = \(stream) AND NOT closed AND EXISTS (
                SELECT 1 FROM leases
                WHERE resource = \(lease.resource) AND holder = \(lease.holder) AND epoch = \(lease.epoch))
            """
        )
        try await Self.seen(partition, database)
    }

    private static func seen(_ partition: Partition, _ executor: some QueryExecutor) async throws {
        try await executor.query(
            """
            INSERT INTO sessions_seen (partition, seen_at) VALUES (\(partition.description), now())
            ON CONFLICT (partition) DO UPDATE SET seen_at = excluded.seen_at
            """
        )
    }

    /// Records a time in which events may have been missed.
    func recordGap(_ reason: String, stream: UInt64?) async throws {
        try await Gaps(database).append(partition.description, stream: stream, from: Date(), reason: reason)
    }

    // MARK: - IDENTIFY

    /// Decides whether the shard may begin a session now, and writes that down before it does.
    ///
    /// All shards of the bot, in whichever process, take turns in it: two that read the same history would both go.
    ///
    /// - Returns: the verdict, and how many of the day's sessions are used with it.
    /// - Throws: `JournalWriter.NotOwner` when the shard has gone to another gateway; with any error nothing may be sent.
    func claimIdentify(
        limit: GatewayBotInfo.SessionStartLimit
    ) async throws -> (verdict: IdentifyBudget.Verdict, used: Int) {
        try await database.withTransaction { transaction in
            let identifies = Identifies(transaction)
            try await identifies.lock(partition.bot)
            guard try await Leases(transaction).isHeld(lease) else { throw JournalWriter.NotOwner() }
            let history = IdentifyBudget.History(
                of: partition.shard,
                sent: try await identifies.recent(bot: partition.bot),
                buckets: limit.maxConcurrency
            )
            let verdict = IdentifyBudget.decide(history, limit: limit)
            let used = IdentifyBudget.used(history, of: limit)
            guard verdict == .now else { return (verdict, used) }
            try await identifies.record(bot: partition.bot, shard: partition.shard)
            try await identifies.forget()
            return (verdict, used + 1)
        }
    }
}
