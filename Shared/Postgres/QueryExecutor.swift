/// What can run a statement: the client, each statement by itself, or a transaction.
///
/// Repositories take one, so that a caller decides whether their writes stand alone or belong to a greater whole.
package protocol QueryExecutor: Sendable {
    /// Runs one statement and returns its rows.
    /// - Throws: `PostgresError`; for a statement outside a transaction code `outcomeUnknown` means that it may have
    ///   run.
    @discardableResult
    func query(_ query: Query) async throws(PostgresError) -> [Row]
}
