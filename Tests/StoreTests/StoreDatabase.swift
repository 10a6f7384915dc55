import DiscordModel
import Postgres
import TestSupport
import Testing

@testable import Store

/// Runs a body with a migrated database of its own.
func withStore<Value>(
    maximumConnections: Int = 6,
    _ body: (PostgresClient) async throws -> Value
) async throws -> Value {
    let database = try await PostgresCluster.shared.makeMigratedDatabase()
    return try await database.makeClient(maximumConnections: maximumConnections) { $0.acquireTimeout = .seconds(20) }
        .closed(after: body)
}

/// A bot's name in tests.
func bot(_ name: String) throws -> BotID {
    try #require(BotID(rawValue: name))
}
