package import DiscordModel
package import Postgres

/// The tables `accounts` and `ledger`, written by community: coins are moved, never made or lost.
package struct Ledger: Sendable {
    /// The guild's own account, from which coins come and to which they go.
    package static let treasury = UserID(0)

    private let executor: any QueryExecutor

    package init(_ executor: any QueryExecutor) {
        self.executor = executor
    }

    package func balance(of user: UserID, in guild: GuildID) async throws -> Int64 {
        let rows = try await executor.query(
            "SELECT balance FROM accounts WHERE guild = \(guild.rawValue) AND user_id = \(user.rawValue)"
        )
        return try rows.first?.decode(Int64.self, "balance") ?? 0
    }

    /// What became of a transfer.
    package enum Outcome: Hashable, Sendable {
        case moved(balance: Int64)
        /// The key has been used before: nothing was moved.
        case repeated(balance: Int64)
        case insufficient(balance: Int64)
    }

    /// Moves coins once by the key. Call it inside a transaction.
    ///
    /// - Parameter amount: above 0.
    /// - Returns: with the receiver's balance; for `insufficient` with the giver's.
    package func transfer(
        _ amount: Int64,
        from giver: UserID,
        to receiver: UserID,
        in guild: GuildID,
        key: String,
        reason: String
    ) async throws -> Outcome {
        // Both accounts are locked in the order of their ids, so that two transfers cannot wait for each other.
        try await executor.query(
            """
            INSERT INTO accounts (guild, user_id)
            SELECT \(guild.rawValue), u FROM unnest(\([giver, receiver].map(\.rawValue).sorted())) AS u
            ON CONFLICT DO NOTHING
            """
        )
        let rows = try await executor.query(
            """
            SELECT user_id, balance FROM accounts
            WHERE guild = \(guild.rawValue) AND user_id = ANY(\([giver, receiver].map(\.rawValue)))
            ORDER BY user_id FOR UPDATE
            """
        )
        var balances: [UserID: Int64] = [:]
        for row in rows { balances[UserID(try row.decode(UInt64.self, "user_id"))] = try row["balance"] }
        let known = try await executor.query("SELECT 1 AS known FROM ledger WHERE key = \(key) LIMIT 1")
        guard known.isEmpty else { return .repeated(balance: balances[receiver] ?? 0) }
        let available = balances[giver] ?? 0
        guard giver == Self.treasury || available >= amount else { return .insufficient(balance: available) }
        try await executor.query(
            """
            INSERT INTO ledger (key, guild, user_id, amount, reason)
            VALUES (\(key), \(guild.rawValue), \(giver.rawValue), \(-amount), \(reason)),
                (\(key), \(guild.rawValue), \(receiver.rawValue), \(amount), \(reason))
            """
        )
        try await executor.query(
            """
            UPDATE accounts SET balance = balance + CASE WHEN user_id = \(giver.rawValue) THEN \(-amount) ELSE \(amount) END
            WHERE guild = \(guild.rawValue) AND user_id = ANY(\([giver, receiver].map(\.rawValue)))
            """
        )
        return .moved(balance: (balances[receiver] ?? 0) + amount)
    }
}
