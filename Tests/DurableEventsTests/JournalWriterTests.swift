import BusContract
import DiscordModel
import Logging
import Postgres
import TestSupport
import Testing

@testable import DurableEvents

/// The journal as the role `ensemble_gateway` writes it.
@Suite("journal writer", .timeLimit(.minutes(2)))
struct JournalWriterTests {
    @Test("what is journalled already is not written twice, and the resume sequence follows the rows")
    func idempotent() async throws {
        try await withJournal { journal in
            let writer = try await journal.open("first")
            for seq in 1...50 { #expect(writer.append([journal.entry(UInt64(seq))])) }
            try await writer.finish()
            #expect(writer.journalled == 50)
            // After a RESUME Discord sends some again; a new process knows only what the rows say.
            let again = try await journal.open("first")
            #expect(again.stream == writer.stream)
            #expect(again.journalled == 50)
            for seq in 40...60 { #expect(again.append([journal.entry(UInt64(seq))])) }
            try await again.finish()
            #expect(try await journal.count() == 60)
            #expect(try await Streams(journal.client).current(of: journal.partition)?.lastSeq == 60)
        }
    }

    @Test("a full buffer refuses, and takes again when there is room")
    func bounds() {
        var buffer = JournalBuffer(countLimit: 3, byteLimit: 1_000)
        let small = JournalEntry(seq: 1, event: "A", header: [], payload: [])
        let large = JournalEntry(seq: 2, event: "A", header: [], payload: [UInt8](repeating: 0, count: 900))
        // 64 bytes are counted for an empty event, 964 for the large one.
        let taken = [small, large, small, small, small].map { buffer.append([$0]) }
        #expect(taken == [true, false, true, true, false])
        buffer.removeFirst(3)
        #expect(buffer.bytes == 0)
        let takenAgain = buffer.append([large])
        #expect(takenAgain)
    }

    @Test("few large events slow the reader down as many small ones do, long before there is no room")
    func comfort() {
        let guild = JournalEntry(
            seq: 1,
            event: "GUILD_CREATE",
            header: [],
            payload: [UInt8](repeating: 0, count: 1 << 20)
        )
        let small = JournalEntry(seq: 1, event: "A", header: [], payload: [])
        for (entry, enough) in [(guild, 15), (small, 8_000)] {
            var buffer = JournalBuffer()
            let isTaken = buffer.append([JournalEntry](repeating: entry, count: enough))
            #expect(isTaken && buffer.isComfortable)
            let hasRoom = buffer.append([entry])
            #expect(hasRoom && !buffer.isComfortable)
        }
    }

    @Test("nothing goes to the journal that is behind an event which is still being written elsewhere")
    func holds() async throws {
        try await withJournal { journal in
            let writer = try await journal.open("first")
            try await withBackground {
                try await writer.run()
            } body: {
                #expect(writer.append([journal.entry(1)]))
                let hold = writer.hold(2)
                let later = writer.hold(4)
                for seq in [3, 5] as [UInt64] { #expect(writer.append([journal.entry(seq)])) }
                try await eventually("what came before is written") { writer.journalled == 1 }
                #expect(try await Streams(journal.client).current(of: journal.partition)?.lastSeq == 1)
                hold.release()
                try await eventually("what waited is written") { writer.journalled == 3 }
                #expect(!writer.isSettled)
                later.release()
                try await eventually("the rest is written") { writer.isSettled }
                #expect(writer.journalled == 5)
            }
        }
    }

    @Test("a hold that nobody has any more holds nothing")
    func forgottenHold() async throws {
        try await withJournal { journal in
            let writer = try await journal.open("first")
            do {
                let hold = writer.hold(1)
                #expect(!writer.isSettled)
                withExtendedLifetime(hold) {}
            }
            #expect(writer.isSettled)
        }
    }

    @Test("hours are made ahead, dropped when they are past, and rows of a kept hour stay")
    func rotation() async throws {
        try await withJournal { journal in
            let writer = try await journal.open("first")
            #expect(writer.append([journal.entry(1)]))
            try await writer.finish()
            let hours: Query = "SELECT count(*) AS n FROM pg_inherits WHERE inhparent = 'journal'::regclass"
            #expect(try await journal.client.query(hours).only().decode(Int.self, "n") == 2)
            try await journal.client.query("SELECT make_journal_partition(now() - interval '49 hours')")
            try await journal.client.query("SELECT make_journal_partition(now() - interval '49 hours')")
            #expect(try await journal.client.query(hours).only().decode(Int.self, "n") == 3)
            let dropped = try await journal.client.query(
                "SELECT drop_journal_partitions(now() - interval '48 hours') AS n"
            ).only().decode(Int.self, "n")
            #expect(dropped == 1)
            #expect(try await journal.client.query(hours).only().decode(Int.self, "n") == 2)
            #expect(try await journal.count() == 1)
        }
    }

    @Test("while the database is down events wait in memory, and are written when it is back")
    func outage() async throws {
        let cluster = try await PostgresCluster.start()
        try await withJournal(in: cluster) { journal in
            let writer = try await journal.open("first")
            try await withBackground {
                try await writer.run()
            } body: {
                #expect(writer.append([journal.entry(1)]))
                try await eventually("the first is written") { writer.journalled == 1 }
                await cluster.kill()
                for seq in 2...500 { #expect(writer.append([journal.entry(UInt64(seq))])) }
                try await eventually("the stall shows") { writer.stalled != nil }
                #expect(writer.journalled == 1)
                try await cluster.restart()
                try await eventually("the rest is written") { writer.journalled == 500 }
                #expect(writer.stalled == nil)
            }
            #expect(try await journal.count() == 500)
        }
        await cluster.stop()
    }

    @Test("batches of thousands go through quickly")
    func throughput() async throws {
        try await withJournal { journal in
            let writer = try await journal.open("first")
            let payload = [UInt8](repeating: 0x7B, count: 600)
            for seq in 1...10_000 {
                #expect(
                    writer.append([
                        JournalEntry(seq: UInt64(seq), event: "MESSAGE_CREATE", header: [1, 2], payload: payload)
                    ])
                )
            }
            let took = try await ContinuousClock().measure { try await writer.finish() }
            #expect(try await journal.count() == 10_000)
            // A debug build on a busy machine; the bench has the real figure.
            #expect(took < .seconds(10))
        }
    }

    private func withJournal(
        in cluster: PostgresCluster? = nil,
        _ body: (Journal) async throws -> Void
    ) async throws {
        let used: PostgresCluster
        if let cluster { used = cluster } else { used = try await PostgresCluster.shared }
        let client = try await used.makeMigratedDatabase().makeClient(user: "ensemble_gateway") {
            $0.acquireTimeout = .seconds(2)
        }
        try await client.closed { client in
            try await body(Journal(client: client, partition: Partition(bot: try #require(BotID("iris")), shard: 0)))
        }
    }
}

/// The gateway's end of the journal.
private struct Journal {
    let client: PostgresClient
    let partition: Partition

    func open(_ session: String) async throws -> JournalWriter {
        let stream = try await client.withTransaction { transaction in
            try await Streams(transaction).open(partition, session: session, resumeURL: "wss://example.test")
        }
        let lease = try #require(
            try await Leases(client).acquire("shard/\(partition)", holder: "gateway/1", life: .seconds(60))
        )
        return JournalWriter(
            stream: stream.id,
            journalled: stream.lastSeq,
            lease: lease,
            database: client,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    func entry(_ seq: UInt64) -> JournalEntry {
        JournalEntry(seq: seq, event: "MESSAGE_CREATE", header: Header().encoded, payload: Array("{}".utf8))
    }

    func count() async throws -> Int {
        try await client.query("SELECT count(*) AS n FROM journal").only().decode(Int.self, "n")
    }
}
