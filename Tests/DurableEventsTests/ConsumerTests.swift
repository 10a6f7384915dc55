import BusContract
import DiscordModel
import Logging
import MessageBus
import Postgres
import ServiceKit
import Store
import Synchronization
import TestSupport
import Testing

@testable import DurableEvents

/// Against a real PostgreSQL and a real switchboard, with a source that plays the gateway's part.
@Suite("durable consumption", .timeLimit(.minutes(2)))
struct ConsumerTests {
    @Test("events from before the consumer, live ones and lost ones all arrive once, in order")
    func everyEventOnce() async throws {
        try await withSource { source, consumerBus in
            try await source.open("first")
            // Before anybody listens.
            try await source.send(1...20)
            try await withConsumer(source, consumerBus) {
                try await source.expect(20)
                // Live.
                try await source.send(21...40)
                try await source.expect(40)
                // Lost on the way: only the journal has them, and only the pulse tells.
                try await source.send(41...45, isLost: true)
                source.pulse()
                try await source.expect(45)
                // Lost, and noticed by the next event's `prev`.
                try await source.send(46...47, isLost: true)
                try await source.send(48...48)
                try await source.expect(48)
                // Replayed after a RESUME.
                try await source.send(30...48, isJournalled: false)
                try await source.send(49...49)
                try await source.expect(49)
            }
        }
    }

    @Test("a consumer that ends and comes back goes on where it stopped, also over a new session")
    func restart() async throws {
        try await withSource { source, consumerBus in
            try await source.open("first")
            try await withConsumer(source, consumerBus) {
                try await source.send(1...10)
                try await source.expect(10)
            }
            try await source.send(11...15)
            try await source.open("second")
            try await source.send(1...5)
            try await withConsumer(source, consumerBus) {
                try await source.expect(20)
                try await source.send(6...7)
                try await source.expect(22)
            }
        }
    }

    @Test("an event that its handler cannot take is recorded, and those behind it go on")
    func poison() async throws {
        try await withSource { source, consumerBus in
            try await source.open("first")
            try await source.send(1...5)
            try await withConsumer(source, consumerBus, refusing: [3]) {
                try await source.expect(4)
                try await eventually("the refusal is recorded") {
                    try await source.database.query("SELECT seq FROM refused_events")
                        .map { try $0.decode(UInt64.self, "seq") } == [3]
                }
            }
        }
    }

    @Test("a journal writer whose stream was taken over writes nothing more")
    func fencing() async throws {
        try await withSource { source, _ in
            try await source.open("first")
            let old = try #require(source.state.withLock { $0.writer })
            let before = old.stream
            #expect(
                try await Leases(source.database).acquire("shard/iris/0", holder: "gateway/1", life: .seconds(9)) != nil
            )
            #expect(old.append([JournalEntry(seq: 1, event: "MESSAGE_CREATE", header: Header().encoded, payload: [])]))
            await #expect(throws: JournalWriter.NotOwner.self) { try await old.finish() }
            #expect(try await source.database.query("SELECT 1 AS one FROM journal WHERE stream = \(before)").isEmpty)
        }
    }

    // MARK: Parts

    private func withSource(_ body: (Source, BusConnection) async throws -> Void) async throws {
        let database = try await PostgresCluster.shared.makeMigratedDatabase().makeClient()
        try await withTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.moderation) { consumer in
                    try await body(try Source(database: database, bus: gateway), consumer)
                }
            }
        }
        await database.close()
    }

    private func withConsumer(
        _ source: Source,
        _ bus: BusConnection,
        refusing: Set<UInt64> = [],
        _ body: () async throws -> Void
    ) async throws {
        let instance = ServiceInstance(service: .moderation)
        let metrics = MetricsRegistry(instance: instance)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let spine = Spine(database: source.database, bus: bus, instance: instance, logger: logger, metrics: metrics)
        let consumer = DurableConsumer(
            name: "test",
            events: ["MESSAGE_CREATE", "MESSAGE_DELETE"].map(EventKind.init),
            spine: spine,
            bus: bus,
            handler: Recorder(refusing: refusing),
            logger: logger,
            metrics: metrics
        )
        try await withBackground {
            try await consumer.run()
        } body: {
            try await body()
        }
    }
}

/// Writes down what it is given: a second time would break the table's key.
private struct Recorder: DurableHandler {
    struct Refused: Error {}

    let refusing: Set<UInt64>

    func examine(_ event: DurableEvent) async throws -> DurableEvent? {
        guard !refusing.contains(event.header.seq) else { throw Refused() }
        return event
    }

    func perform(_ work: [DurableEvent], in transaction: DurableTransaction) async throws {
        for event in work {
            try await transaction.query(
                "INSERT INTO handled (stream, seq, name) VALUES (\(event.header.stream), \(event.header.seq), \(event.name))"
            )
        }
    }
}

/// Plays the gateway: journals, publishes, beats.
private final class Source: Sendable {
    struct State {
        var writer: JournalWriter?
        var last: [String: UInt64] = [:]
    }

    let database: PostgresClient
    let state = Mutex(State())
    private let bus: BusConnection
    private let partition: Partition

    init(database: PostgresClient, bus: BusConnection) throws {
        self.database = database
        self.bus = bus
        partition = Partition(bot: try #require(BotID(rawValue: "iris")), shard: 0)
    }

    func open(_ session: String) async throws {
        try await database.query(
            """
            CREATE TABLE IF NOT EXISTS handled (
                at bigint GENERATED ALWAYS AS IDENTITY, stream bigint, seq bigint, name text, PRIMARY KEY (stream, seq)
            )
            """
        )
        let partition = partition
        let stream = try await database.withTransaction { transaction in
            try await Streams(transaction).open(partition, session: session, resumeURL: "wss://example.test")
        }
        let lease = try #require(
            try await Leases(database).acquire("shard/\(partition)", holder: "gateway/1", life: .seconds(60))
        )
        let writer = JournalWriter(
            stream: stream.id,
            journalled: stream.lastSeq,
            lease: lease,
            database: database,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        state.withLock { $0 = State(writer: writer) }
    }

    /// Sends events of two kinds in turn.
    func send(_ range: ClosedRange<UInt64>, isLost: Bool = false, isJournalled: Bool = true) async throws {
        let writer = try #require(state.withLock { $0.writer })
        for seq in range {
            let name = seq.isMultiple(of: 3) ? "MESSAGE_DELETE" : "MESSAGE_CREATE"
            var header = Header()
            header.type = name
            header.stream = writer.stream
            header.seq = seq
            header.prev = (1..<seq).last { $0.isMultiple(of: 3) == seq.isMultiple(of: 3) } ?? 0
            header.bot = partition.bot
            let payload = Array("{}".utf8)
            if isJournalled {
                #expect(
                    writer.append([JournalEntry(seq: seq, event: name, header: header.encoded, payload: payload)])
                )
                state.withLock { $0.last[name] = seq }
            }
            if !isLost {
                bus.publish(OutgoingEvent(topic: .discord(partition, name), header: header, payload: payload))
            }
        }
        if isJournalled { try await writer.finish() }
        if !isLost { pulse() }
    }

    func pulse() {
        let (stream, last) = state.withLock { ($0.writer?.stream ?? 0, $0.last) }
        let head = Head(
            partition: partition,
            stream: stream,
            topics: last.map { TopicHead(event: $0.key, seq: $0.value) },
            journalled: last.values.max() ?? 0
        )
        guard let payload = try? BusJSON.encode(head) else { return }
        var header = Header()
        header.type = Head.typeName
        bus.publish(OutgoingEvent(topic: .head(partition), header: header, payload: payload))
    }

    /// Waits until so many events have been handled, beating as the gateway does, and checks their order.
    func expect(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await eventually("\(count) events are handled") {
            self.pulse()
            let rows = try await self.database.query("SELECT count(*) AS count FROM handled")
            return try rows.only().decode(Int.self, "count") >= count
        }
        // In order within each kind: only the event's own `prev` tells what is missing, so that a lost event holds back
        // its own kind and no other.
        for name in ["MESSAGE_CREATE", "MESSAGE_DELETE"] {
            let rows = try await database.query("SELECT stream, seq FROM handled WHERE name = \(name) ORDER BY at")
            let places = try rows.map { row in
                PositionTracker.Place(stream: try row["stream"], seq: try row["seq"])
            }
            #expect(places == places.sorted(), sourceLocation: sourceLocation)
        }
        let rows = try await database.query("SELECT count(*) AS count FROM handled")
        #expect(try rows.only().decode(Int.self, "count") == count, sourceLocation: sourceLocation)
    }
}
