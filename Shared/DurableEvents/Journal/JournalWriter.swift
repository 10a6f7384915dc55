package import Logging
package import Postgres
import ServiceKit
import Synchronization

/// Writes one stream's events to the journal, in batches, behind the live events.
///
/// The gateway has one for each open stream. `append` never waits; `run` writes until cancelled, and what is left when
/// the stream ends is written by `finish`.
package final class JournalWriter: Sendable {
    /// The stream was closed, or its shard's lease has gone to another gateway: write nothing more, and publish nothing.
    package struct NotOwner: Error {
        package init() {}
    }

    private struct State {
        var buffer: JournalBuffer
        var journalled: UInt64
        /// Since when the database has not taken anything; nil while it does.
        var stalledSince: ContinuousClock.Instant?
    }

    /// So many events at most go into one transaction, and so many bytes: on their way through four buffers they shall
    /// stay in the processor's cache. Four times as much cost the gateway twice the time.
    private static let portion = 500
    private static let portionBytes = 512 << 10

    package let stream: UInt64
    private let database: PostgresClient
    private let lease: Lease
    private let logger: Logger
    private let state: Mutex<State>
    private let (wakes, wakeSink) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private let nextPartitions = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameters:
    ///   - journalled: the sequence number up to which the journal has the stream.
    ///   - bufferLimit: how many events may wait while the database is away.
    package init(
        stream: UInt64,
        journalled: UInt64,
        lease: Lease,
        database: PostgresClient,
        bufferLimit: Int = 20_000,
        logger: Logger
    ) {
        self.stream = stream
        self.lease = lease
        self.database = database
        self.logger = logger
        state = Mutex(State(buffer: JournalBuffer(countLimit: bufferLimit), journalled: journalled))
    }

    /// The highest sequence number that is safely written: RESUME must not name a higher one.
    package var journalled: UInt64 { state.withLock { $0.journalled } }

    /// How many events wait.
    package var waiting: Int { state.withLock { $0.buffer.entries.count } }

    /// Whether everything up to now is written, here or where it belongs.
    package var isSettled: Bool { state.withLock { $0.buffer.isEmpty } }

    private var isComfortable: Bool { state.withLock { $0.buffer.isComfortable } }

    private var canWrite: Bool { state.withLock { $0.buffer.canWrite } }

    /// How long the database has taken nothing; nil while it does.
    package var stalled: Duration? { state.withLock { $0.stalledSince.map { ContinuousClock.now - $0 } } }

    /// Whether a session that was closed because the buffer was full may come back: the database takes events again, and
    /// half the room is free, so that it does not fill up at once.
    package var hasRoom: Bool {
        state.withLock { $0.stalledSince == nil && $0.buffer.isHalfEmpty }
    }

    /// How much the journal takes now. Only `append` makes it less: who alone appends may rely on it.
    package var room: JournalRoom { state.withLock { $0.buffer.room } }

    /// Takes events, without waiting.
    ///
    /// - Returns: false when there is no room for all of them: close the session so that it can be resumed, and let
    ///   Discord hold what follows.
    package func append(_ entries: [JournalEntry]) -> Bool {
        let (areTaken, wereNone) = state.withLock { state in
            let wereNone = state.buffer.entries.isEmpty
            return (state.buffer.append(entries), wereNone)
        }
        if areTaken, wereNone { wakeSink.yield() }
        return areTaken
    }

    /// Says that an event is being written down elsewhere. Until that is done nothing behind it goes to the journal, so
    /// that a process which comes after a crash resumes before it, and Discord sends it again.
    package func hold(_ seq: UInt64) -> JournalHold {
        state.withLock { $0.buffer.hold(seq) }
        return JournalHold { [weak self] in
            guard let self else { return }
            self.state.withLock { $0.buffer.release(seq) }
            self.wakeSink.yield()
        }
    }

    /// Waits while the journal takes events, but has fallen far behind: who reads from Discord then slows down to its pace.
    ///
    /// It never waits for a database that is away, and never so long that Discord would miss heartbeats.
    package func waitForRoom(atMost limit: Duration = .seconds(2)) async {
        let deadline = ContinuousClock.now + limit
        while !isComfortable, stalled == nil, ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Writes until cancelled.
    ///
    /// - Throws: `NotOwner` when the stream belongs to another gateway now.
    package func run() async throws {
        var backoff = Backoff(base: .milliseconds(50), cap: .seconds(2))
        for await _ in wakes {
            while canWrite {
                // A transaction costs far more than an event: let some gather. Nobody waits for it but a gap.
                if waiting < Self.portion / 2 { try await Task.sleep(for: .milliseconds(20)) }
                do {
                    try await writeBatch()
                    backoff.reset()
                } catch let error as PostgresError {
                    let first = state.withLock { state in
                        defer { state.stalledSince = state.stalledSince ?? .now }
                        return state.stalledSince == nil
                    }
                    if first {
                        logger.error(
                            "the journal takes nothing: events wait in memory",
                            metadata: ["error": "\(error)"]
                        )
                    }
                    try await Task.sleep(for: backoff.next())
                }
            }
        }
    }

    /// Writes what still waits and is not held; for the orderly end of a session. Call it when `run` has ended.
    package func finish() async throws {
        while canWrite { try await writeBatch() }
    }

    private func writeBatch() async throws {
        let batch = state.withLock { $0.buffer.prefix(count: Self.portion, bytes: Self.portionBytes) }
        guard let last = batch.last else { return }
        try await makePartitions()
        let rows = try await database.query(
            """
            WITH session AS (
                SELECT id, last_seq FROM streams
                WHERE id = \(stream) AND NOT closed AND EXISTS (
                    SELECT 1 FROM leases
                    WHERE resource = \(lease.resource) AND holder = \(lease.holder) AND epoch = \(lease.epoch)
                )
                FOR UPDATE
            ), moved AS (
                UPDATE streams SET last_seq = greatest(streams.last_seq, \(last.seq))
                FROM session WHERE streams.id = session.id
            ), written AS (
                INSERT INTO journal (stream, seq, hour, event, header, payload)
                SELECT \(stream), e.seq, date_trunc('hour', now(), 'UTC'), e.event, e.header, e.payload
                FROM session, unnest(
                    \(batch.map(\.seq)), \(batch.map(\.event)), \(batch.map(\.header)), \(batch.map(\.payload))
                ) AS e (seq, event, header, payload)
                WHERE e.seq > session.last_seq
            )
            SELECT last_seq FROM session
            """
        )
        guard !rows.isEmpty else { throw NotOwner() }
        let wasStalled = state.withLock { state in
            state.buffer.removeFirst(batch.count)
            state.journalled = max(state.journalled, last.seq)
            defer { state.stalledSince = nil }
            return state.stalledSince != nil
        }
        if wasStalled { logger.notice("the journal takes events again", metadata: ["waiting": "\(waiting)"]) }
    }

    /// Makes this hour's and the next one's table partition, and looks again every ten minutes.
    private func makePartitions() async throws {
        let now = ContinuousClock.now
        guard nextPartitions.withLock({ $0.map { $0 <= now } ?? true }) else { return }
        try await database.query(
            "SELECT make_journal_partition(now()), make_journal_partition(now() + interval '1 hour')"
        )
        nextPartitions.withLock { $0 = now + .seconds(600) }
    }
}
