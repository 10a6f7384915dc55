import BusContract
import DiscordModel
import Postgres
import TestSupport
import Testing

@testable import DurableEvents

@Suite("journal reader", .timeLimit(.minutes(2)))
struct JournalReaderTests {
    @Test("a page reads what it holds, however much follows, in an hour that the planner knows nothing of")
    func cost() async throws {
        // One connection, so that what it counts is what the pages have read.
        let client = try await PostgresCluster.shared.makeMigratedDatabase().makeClient(
            user: "ensemble_gateway",
            maximumConnections: 1
        )
        try await client.closed { client in
            try await client.query("SELECT make_journal_partition(now())")
            // What is read sooner than the planner's statistics are renewed, which takes a minute.
            let header = Header().encoded
            try await client.query(
                """
                INSERT INTO journal (stream, seq, hour, event, header, payload)
                SELECT 1, n, now(), CASE WHEN n % 2 = 0 THEN 'MESSAGE_CREATE' ELSE 'TYPING_START' END, \(header),
                    convert_to(n::text, 'UTF8')
                FROM generate_series(1, 20000) AS n
                """
            )
            let reader = JournalReader(database: client, bot: try #require(BotID("iris")))
            let before = try await rowsRead(client)
            var after: UInt64 = 0
            for _ in 1...4 {
                let page = try await reader.page(stream: 1, events: ["MESSAGE_CREATE"], after: after)
                #expect(page.count == 500)
                #expect(page.last.map { String(decoding: $0.payload, as: UTF8.self) } == "\(after + 1_000)")
                after += 1_000
            }
            // Every second event is of another kind and passed over.
            #expect(try await rowsRead(client) - before <= 4_000)
            let last = try await reader.page(stream: 1, events: ["MESSAGE_CREATE"], after: 19_900)
            #expect(last.count == 50)
        }
    }

    /// How many rows of the journal have been fetched so far.
    private func rowsRead(_ client: PostgresClient) async throws -> Int {
        try await client.query("SELECT pg_stat_force_next_flush()")
        return try await client.query(
            """
            SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::bigint AS n
            FROM pg_stat_user_tables WHERE relname LIKE 'journal_%'
            """
        ).only().decode(Int.self, "n")
    }
}
