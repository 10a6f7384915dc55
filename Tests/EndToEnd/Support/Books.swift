import Postgres

/// Whether the books of the economy agree: every movement is a pair, and every account holds what its movements add up to.
enum Books {
    struct Disagreement: Error, CustomStringConvertible {
        let description: String
    }

    static func agree(_ troupe: Troupe) async throws {
        let wrong = try await troupe.withDatabase { database in
            try await database.query(
                """
                SELECT 'movement ' || key || ' has ' || count(*) || ' entries that add up to ' || sum(amount) AS line
                FROM ledger GROUP BY key HAVING count(*) <> 2 OR sum(amount) <> 0
                UNION ALL
                SELECT 'account ' || user_id || ' has ' || balance || ', its movements make ' || coalesce(moved, 0)
                FROM accounts LEFT JOIN (
                    SELECT guild, user_id, sum(amount) AS moved FROM ledger GROUP BY guild, user_id
                ) AS movements USING (guild, user_id)
                WHERE balance <> coalesce(moved, 0)
                """
            ).map { try $0.decode(String.self, "line") }
        }
        guard wrong.isEmpty else { throw Disagreement(description: wrong.joined(separator: "\n")) }
    }
}
