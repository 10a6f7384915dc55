import Synchronization

/// A transaction under way; it owns its connection until it ends.
///
/// Statements may be started concurrently (`async let`): they travel in one pipeline, in the order in which they were
/// started.
package final class Transaction: QueryExecutor {
    private let engine: Engine
    private let lease: RequestID
    private let requestIDs: RequestCounter
    private let isOpen = Mutex(true)

    init(engine: Engine, lease: RequestID, requestIDs: RequestCounter) {
        self.engine = engine
        self.lease = lease
        self.requestIDs = requestIDs
    }

    /// Runs one statement. After a failed one the server refuses all others until the transaction ends; use
    /// `savepoint` to survive an expected failure.
    @discardableResult
    package func query(_ query: Query) async throws(PostgresError) -> [Row] {
        try await run(query, script: nil)?.rows ?? []
    }

    /// Runs a text of several statements without values, as migrations have.
    ///
    /// - Important: the text comes from a file of ours, never from a user.
    package func execute(script: String) async throws(PostgresError) {
        // BEGIN must have been answered, for a script leaves the pipeline.
        try await query("SELECT 1")
        _ = try await run("", script: script)
    }

    /// Runs the body so that its failure undoes only its own statements.
    package func savepoint<Value: Sendable>(
        _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        try await query("SAVEPOINT inner_work")
        do {
            let value = try await body(self)
            try await query("RELEASE SAVEPOINT inner_work")
            return value
        } catch {
            try await query("ROLLBACK TO SAVEPOINT inner_work")
            throw error
        }
    }

    private func run(_ query: Query, script: String?) async throws(PostgresError) -> StatementResult? {
        guard isOpen.withLock({ $0 }) else {
            throw PostgresError(.transactionEnded, "the transaction was used after its end")
        }
        let reply = ReplyPromise<StatementResult?>()
        let id = requestIDs.next()
        let request = StatementRequest(
            query: query,
            script: script,
            purpose: .inTransaction,
            lease: lease,
            deadline: .now,
            reply: reply
        )
        let engine = engine
        return try await reply.value {
            if !engine.send(.statement(id, request)) { reply.finish(.failure(.clientClosed)) }
        } withdraw: {
        }
    }

    /// Commits; never tried twice.
    func commit() async throws(PostgresError) {
        isOpen.withLock { $0 = false }
        let result = try await finish("COMMIT", .commit)
        // The server answers a COMMIT after a failed statement with ROLLBACK, as a success.
        guard result?.commandTag == "COMMIT" else {
            throw PostgresError(.transactionEnded, "a statement of the transaction had failed: it was rolled back")
        }
    }

    func rollback() async {
        isOpen.withLock { $0 = false }
        // When this fails the connection is gone, and the transaction with it.
        _ = try? await finish("ROLLBACK", .inTransaction)
    }

    /// Ends the transaction even if the task was cancelled: the connection must come back clean.
    private func finish(_ query: Query, _ purpose: Statement.Purpose) async throws(PostgresError) -> StatementResult? {
        defer { _ = engine.send(.release(lease)) }
        let reply = ReplyPromise<StatementResult?>()
        let id = requestIDs.next()
        let request = StatementRequest(
            query: query,
            script: nil,
            purpose: purpose,
            lease: lease,
            deadline: .now,
            reply: reply
        )
        return try await reply.valueIgnoringCancellation {
            if !engine.send(.statement(id, request)) { reply.finish(.failure(.clientClosed)) }
        }
    }
}

/// Numbers a client's requests.
final class RequestCounter: Sendable {
    private let value = Atomic<UInt64>(0)

    func next() -> RequestID {
        RequestID(rawValue: value.add(1, ordering: .relaxed).newValue)
    }
}

extension PostgresError {
    static var clientClosed: PostgresError { PostgresError(.closed, "the database client is closed") }
}
