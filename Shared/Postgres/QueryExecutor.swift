/// What can run a statement: the client, each statement by itself, or a transaction.
///
/// Repositories take one, so that a caller decides whether their writes stand alone or belong to a greater whole.
package protocol QueryExecutor: Sendable {
    /// Runs one statement and returns its rows.
    /// - Throws: `PostgresError`; for a statement outside a transaction code `outcomeUnknown` means that it may have
    ///   run.
    @discardableResult
    func query(_ query: Query) async throws(PostgresError) -> [Row]

    /// Runs statements in the order given and returns the rows of each; in a transaction in one round trip.
    ///
    /// Each sees what those before it have done. After a failed one none is run.
    /// - Throws: the first failure.
    func queries(_ queries: [Query]) async throws(PostgresError) -> [[Row]]
}

extension QueryExecutor {
    package func queries(_ queries: [Query]) async throws(PostgresError) -> [[Row]] {
        var answers: [[Row]] = []
        for query in queries { answers.append(try await self.query(query)) }
        return answers
    }
}
