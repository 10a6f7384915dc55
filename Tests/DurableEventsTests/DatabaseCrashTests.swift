import BusContract
import DiscordModel
import Logging
import MessageBus
import Postgres
import ServiceKit
import Store
import TestSupport
import Testing

@testable import DurableEvents

@Suite("crashes of the database", .timeLimit(.minutes(3)))
struct DatabaseCrashTests {
    /// The server is killed again and again while messages offend, are journalled, published, and published again.
    @Test("every offending message opens one case, whatever the database does meanwhile")
    func casesOnce() async throws {
        let cluster = try await PostgresCluster.start()
        let database = try await cluster.makeMigratedDatabase()
        let owner = try database.makeClient(maximumConnections: 2) { $0.acquireTimeout = .seconds(20) }
        let gateway = try database.makeClient(user: "ensemble_gateway") { $0.acquireTimeout = .seconds(2) }
        let moderation = try database.makeClient(user: "ensemble_moderation") { $0.acquireTimeout = .seconds(2) }
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let partition = Partition(bot: try #require(BotID("iris")), shard: 0)
        let stream = try await gateway.withTransaction { transaction in
            try await Streams(transaction).open(partition, session: "first", resumeURL: "wss://example.test")
        }
        let lease = try #require(
            try await Leases(gateway).acquire("shard/\(partition)", holder: "gateway/1", life: .seconds(300))
        )
        let writer = JournalWriter(
            stream: stream.id,
            journalled: 0,
            lease: lease,
            database: gateway,
            logger: quiet
        )
        let total: UInt64 = 600
        try await withTestBus { bus in
            try await bus.withConnection(.gateway) { source in
                try await bus.withConnection(.moderation) { connection in
                    let instance = ServiceInstance(service: .moderation)
                    let metrics = MetricsRegistry(instance: instance)
                    let spine = Spine(
                        database: moderation,
                        bus: connection,
                        instance: instance,
                        logger: quiet,
                        metrics: metrics
                    )
                    let consumer = DurableConsumer(
                        name: "cases",
                        events: [.message],
                        spine: spine,
                        bus: connection,
                        handler: CaseHandler(),
                        logger: quiet,
                        metrics: metrics
                    )
                    try await withBackground {
                        try await withThrowingDiscardingTaskGroup { group in
                            group.addTask { try await writer.run() }
                            group.addTask { try await consumer.run() }
                            group.addTask {
                                for seq in 1...total {
                                    let (header, payload) = message(seq, stream: stream.id, partition: partition)
                                    #expect(
                                        writer.append([
                                            JournalEntry(
                                                seq: seq,
                                                event: "MESSAGE_CREATE",
                                                header: header.encoded,
                                                payload: payload
                                            )
                                        ])
                                    )
                                    // Some are lost on the way, some come twice.
                                    let copies = seq % 7 == 0 ? 0 : seq % 5 == 0 ? 2 : 1
                                    for _ in 0..<copies {
                                        source.publish(
                                            OutgoingEvent(
                                                topic: .discord(partition, "MESSAGE_CREATE"),
                                                header: header,
                                                payload: payload
                                            )
                                        )
                                    }
                                    try pulse(source, partition, stream: stream.id, seq: seq, writer: writer)
                                    try await Task.sleep(for: .milliseconds(8))
                                }
                            }
                        }
                    } body: {
                        for crash in 1...3 {
                            try await eventually("events come") {
                                writer.journalled >= UInt64(crash) * 100
                            }
                            await cluster.kill()
                            try await cluster.restart()
                        }
                        try await eventually("all cases are open", within: .seconds(60)) {
                            try? pulse(source, partition, stream: stream.id, seq: total, writer: writer)
                            let rows = try? await owner.query("SELECT count(*) AS n FROM cases")
                            return try rows?.only().decode(Int.self, "n") == Int(total)
                        }
                    }
                }
            }
        }
        let row = try await owner.query(
            """
            SELECT count(*) AS cases, count(DISTINCT key) AS keys, max(number) AS last,
                (SELECT count(*) FROM audit) AS audited, (SELECT count(*) FROM journal) AS journalled
            FROM cases
            """
        ).only()
        #expect(try row.decode(Int.self, "cases") == Int(total))
        #expect(try row.decode(Int.self, "keys") == Int(total))
        // No number was skipped or given twice.
        #expect(try row.decode(Int.self, "last") == Int(total))
        #expect(try row.decode(Int.self, "audited") == Int(total))
        #expect(try row.decode(Int.self, "journalled") == Int(total))
        for client in [owner, gateway, moderation] { await client.close() }
        await cluster.stop()
    }

    private func message(_ seq: UInt64, stream: UInt64, partition: Partition) -> (Header, [UInt8]) {
        var header = Header()
        header.type = "MESSAGE_CREATE"
        header.stream = stream
        header.seq = seq
        header.prev = seq - 1
        header.bot = partition.bot
        return (header, Array("{\"id\":\"\(seq)\"}".utf8))
    }

    private func pulse(
        _ bus: BusConnection,
        _ partition: Partition,
        stream: UInt64,
        seq: UInt64,
        writer: JournalWriter
    ) throws {
        let head = Head(
            partition: partition,
            stream: stream,
            topics: [TopicHead(event: "MESSAGE_CREATE", seq: seq)],
            journalled: writer.journalled
        )
        var header = Header()
        header.type = Head.typeName
        bus.publish(OutgoingEvent(topic: .head(partition), header: header, payload: try BusJSON.encode(head)))
    }
}

/// Opens a case and writes an audit row for each message; the audit row has no key, so that a second handling shows.
private struct CaseHandler: DurableHandler {
    func examine(_ event: DurableEvent) async throws -> UInt64? {
        event.header.seq
    }

    func perform(_ work: [UInt64], in transaction: DurableTransaction) async throws {
        for seq in work {
            _ = try await Cases(transaction).open(
                NewCase(
                    guild: GuildID(1),
                    type: "warn",
                    user: UserID(2),
                    moderator: nil,
                    reason: "a word",
                    key: "words:\(seq)"
                )
            )
            try await transaction.query(
                "INSERT INTO audit (actor, action, subject) VALUES ('rule:words', 'case.open', \("\(seq)"))"
            )
        }
    }
}
