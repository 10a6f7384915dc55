// PostgreSQL over libpq, asynchronous: a bounded pool of connections in pipeline mode, transactions, notifications.
//
// State owned here: the connections of one process to one database, all on one thread (`Reactor`), and the requests
// that wait for them. What to do is decided by `PoolMachine`; `Engine` does it; `LibPQ/` is the only folder that calls
// the C library. To support another type of column, extend `PostgresEncodable` and `PostgresDecodable`.
package import Logging
import ServiceLifecycle
import Synchronization

/// A process's access to its database.
///
/// Statements by themselves share connections and travel in pipelines; a transaction owns its connection. The client
/// connects by itself, again and again while the server is down, and recovers without a restart: meanwhile requests
/// wait `acquireTimeout` and then fail with `unavailable` and the reason.
package final class PostgresClient: Service, QueryExecutor {
    private let engine: Engine
    private let configuration: PostgresConfiguration
    private let requestIDs = RequestCounter()
    private let ended: ReplyPromise<Bool>

    /// Starts the client's thread, which begins to connect.
    /// - Throws: code `configuration` when the connection string cannot be parsed.
    package init(configuration: PostgresConfiguration, logger: Logger) throws(PostgresError) {
        self.configuration = configuration
        let reactor = try Reactor()
        let engine = Engine(
            configuration: configuration,
            parameters: try ConnectionParameters(configuration),
            reactor: reactor,
            logger: logger
        )
        let ended = ReplyPromise<Bool>()
        self.engine = engine
        self.ended = ended
        try OwnedThread.start {
            reactor.run { ready in engine.assumeIsolated { $0.turn(ready) } }
            ended.finish(.success(true))
        }
    }

    deinit {
        _ = engine.send(.close(deadline: .now))
    }

    /// How things stand, for health pages.
    package var status: PostgresStatus { engine.status.withLock { $0 } }

    /// Keeps the client open until graceful shutdown or cancellation, then closes it.
    package func run() async throws {
        try? await gracefulShutdown()
        await close()
    }

    /// Refuses new work, lets what is under way finish for up to 5 s, and ends the thread.
    package func close() async {
        guard engine.send(.close(deadline: .now + .seconds(5))) else { return }
        _ = try? await ended.valueIgnoringCancellation {}
    }

    @discardableResult
    package func query(_ query: Query) async throws(PostgresError) -> [Row] {
        let reply = ReplyPromise<StatementResult?>()
        let id = requestIDs.next()
        let request = StatementRequest(
            query: query,
            script: nil,
            purpose: .alone,
            lease: nil,
            deadline: .now + configuration.acquireTimeout,
            reply: reply
        )
        let engine = engine
        let result = try await reply.value {
            if !engine.send(.statement(id, request)) { reply.finish(.failure(.clientClosed)) }
        } withdraw: {
            _ = engine.send(.withdraw(id))
        }
        return result?.rows ?? []
    }

    /// Runs the body in a transaction and commits it, or rolls back when the body throws.
    ///
    /// - Throws: the body's error, or a `PostgresError`. Code `outcomeUnknown` means that the connection broke during
    ///   COMMIT: look for the work's key before you do it again. Codes with `isRetriable` mean that nothing was done.
    package func withTransaction<Value>(
        isolation: Isolation = .readCommitted,
        _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        let transaction = try await begin(isolation)
        let value: Value
        do {
            value = try await body(transaction)
        } catch {
            await transaction.rollback()
            throw error
        }
        try await transaction.commit()
        return value
    }

    private func begin(_ isolation: Isolation) async throws(PostgresError) -> Transaction {
        let reply = ReplyPromise<RequestID>()
        let id = requestIDs.next()
        let deadline = ContinuousClock.now + configuration.acquireTimeout
        let engine = engine
        let lease = try await reply.value {
            if !engine.send(.acquire(id, begin: isolation.begin, reply, deadline: deadline)) {
                reply.finish(.failure(.clientClosed))
            }
        } withdraw: {
            _ = engine.send(.withdraw(id))
        }
        return Transaction(engine: engine, lease: lease, requestIDs: requestIDs)
    }

    /// Listens on channels over a connection of its own while the body runs.
    ///
    /// The first element is `reconnected`, once the channels are subscribed; it comes again after every loss of the
    /// connection. A notification announces a change; what changed is read from the tables.
    package func withNotifications<Value>(
        on channels: [String],
        _ body: (NotificationSequence) async throws -> Value
    ) async throws -> Value {
        let (sequence, sink) = NotificationSink.make(capacity: 1024)
        let id = requestIDs.next()
        guard engine.send(.listen(id, channels: channels, sink)) else { throw PostgresError.clientClosed }
        defer { _ = engine.send(.unlisten(id)) }
        return try await body(sequence)
    }

    /// How far a transaction is shielded from others that run at the same time.
    package enum Isolation: Sendable {
        case readCommitted
        /// All statements see the database as it was at the first.
        case repeatableRead
        case serializable

        fileprivate var begin: Query {
            switch self {
            case .readCommitted: "BEGIN"
            case .repeatableRead: "BEGIN ISOLATION LEVEL REPEATABLE READ"
            case .serializable: "BEGIN ISOLATION LEVEL SERIALIZABLE"
            }
        }
    }
}
