import Synchronization

/// A transaction under way; it owns its connection until it ends.
///
/// Statements that do not wait for each other's rows travel in one go (`queries`).
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

    package func queries(_ queries: [Query]) async throws(PostgresError) -> [[Row]] {
        try checkIsOpen()
        guard !Task.isCancelled else { throw PostgresError(.cancelled, "the task was cancelled") }
        let orders = queries.map { Order($0) }
        for order in orders { submit(order) }
        var answers: [[Row]] = []
        var failure: PostgresError?
        for order in orders {
            do {
                answers.append(try await order.reply.value(submit: {}, withdraw: {})?.rows ?? [])
            } catch {
                // Those behind it the server refuses only because of it.
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return answers
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
        try checkIsOpen()
        let order = Order(query, script: script)
        return try await order.reply.value {
            submit(order)
        } withdraw: {
        }
    }

    private func checkIsOpen() throws(PostgresError) {
        guard isOpen.withLock({ $0 }) else {
            throw PostgresError(.transactionEnded, "the transaction was used after its end")
        }
    }

    /// A statement to be sent, and where its answer will be.
    private struct Order {
        let query: Query
        let script: String?
        let purpose: Statement.Purpose
        let reply = ReplyPromise<StatementResult?>()

        init(_ query: Query, script: String? = nil, _ purpose: Statement.Purpose = .inTransaction) {
            self.query = query
            self.script = script
            self.purpose = purpose
        }
    }

    private func submit(_ order: Order) {
        let request = StatementRequest(
            query: order.query,
            script: order.script,
            purpose: order.purpose,
            lease: lease,
            deadline: .now,
            reply: order.reply
        )
        if !engine.send(.statement(requestIDs.next(), request)) { order.reply.finish(.failure(.clientClosed)) }
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
        let order = Order(query, purpose)
        return try await order.reply.valueIgnoringCancellation { submit(order) }
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
