/// A statement on its way to the server, and who waits for its answer.
struct Statement {
    enum Purpose {
        /// Commits itself when it succeeds.
        case alone
        /// Part of a transaction: undone if the connection breaks.
        case inTransaction
        /// `COMMIT`: if the connection breaks now, nobody knows.
        case commit
        /// Ours (settings, BEGIN, LISTEN): no one waits, and a failure ends the connection.
        case housekeeping
    }

    let query: Query
    let purpose: Purpose
    let reply: ReplyPromise<StatementResult?>?
    /// Text of several statements for the simple protocol, in place of `query`.
    var script: String?

    /// The error when the connection broke while this statement was under way.
    func lost(_ reason: String) -> PostgresError {
        switch purpose {
        case .commit:
            PostgresError(.outcomeUnknown, "the connection broke during COMMIT, which may have happened: \(reason)")
        case .alone where !readsOnly:
            PostgresError(.outcomeUnknown, "the connection broke during a statement, which may have run: \(reason)")
        case .alone, .inTransaction, .housekeeping:
            PostgresError(.connectionLost, "the connection to the database broke: \(reason)")
        }
    }

    /// A plain `SELECT`; anything else might write.
    private var readsOnly: Bool {
        let word = query.sql.utf8.drop { $0 == 0x20 || $0 == 0x0A }.prefix(6)
        return word.elementsEqual("SELECT".utf8) || word.elementsEqual("select".utf8)
    }
}
