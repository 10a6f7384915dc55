// The tables of PostgreSQL, by domain: one repository a table, one file a repository.
//
// State owned here: none; the database has it. A repository takes a `QueryExecutor`, so that its caller decides whether
// a write stands alone (the client) or belongs to a transaction. Each names the service that writes its table; others
// may read. What belongs to one bot is keyed by `BotID`, what is a fact about Discord by the guild's id.
//
// To add a table: a migration in `infra/migrations/` with its grants, and a repository here in its domain's folder.
import Postgres

/// An error of a repository: the database answered, but a rule of ours refuses.
package struct StoreError: Error, Hashable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// A migration cannot be applied; the message names file and line.
        case migration
        /// The caller's claim or lease has passed to another.
        case fenceLost
        /// There is no such row.
        case notFound
        /// The value is not one that the table may hold.
        case invalid
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    /// Repeating the same call gives the same error.
    package var isRetriable: Bool { false }
}
