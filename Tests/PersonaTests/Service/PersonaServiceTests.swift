import BusContract
import DiscordModel
import DurableEvents
import FoundationEssentials
import Logging
import MessageBus
import Postgres
import ServiceHost
import ServiceKit
import Simulation
import Synchronization
import TestSupport
import Testing

@testable import PersonaCore

/// The service as its process runs it, on a real database and switchboard, with the local model behind HTTP and a
/// gateway that journals, publishes and carries out calls.
@Suite("The whole service", .timeLimit(.minutes(2)))
struct PersonaServiceTests {
    private static let bots = ["rainbow", "iris", "aurora", "selene"]
    private static let configuration = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../config").path()

    @Test("A mention on the bus becomes an answer in the persona's voice, also when it was made while nobody worked")
    func mention() async throws {
        try await run { discord, source, service in
            let first = discord.write("<@9001> What is a borrow checker?")
            try await source.publish(first, "<@9001> What is a borrow checker?", mentions: [9001])
            try await service { _ in
                try await source.expectAnswer("the answer to what was asked before the start") {
                    discord.answers(by: FakeDiscord.rainbow).contains { $0.replyTo == first && $0.content.count > 20 }
                }
                // Live, to two bots at once.
                let second = discord.write("<@9001> <@9002> Розкажіть щось, будь ласка!")
                try await source.publish(second, "<@9001> <@9002> Розкажіть щось, будь ласка!", mentions: [9001, 9002])
                try await source.expectAnswer("both answers") {
                    discord.answers().filter { $0.replyTo == second && $0.content.contains { "іїєґ".contains($0) } }
                        .count == 2
                }
            }
            let rainbow = discord.answers(by: FakeDiscord.rainbow).map(\.content)
            let iris = discord.answers(by: FakeDiscord.iris).map(\.content)
            #expect(rainbow.count == 2)
            #expect(iris.count == 1)
            #expect(rainbow.last != iris.last, "two voices")
        }
    }

    @Test("A service that is killed and started again finishes what it had begun, once")
    func restart() async throws {
        let model = LanguageModelDouble(configuration: .init(tokenDelay: .milliseconds(10)))
        try await run(model) { discord, source, service in
            let question = discord.write("<@9002> Tell me a long story about lighthouses, please.")
            try await service { _ in
                try await source.publish(question, "<@9002> Tell me a long story about lighthouses.", mentions: [9002])
                try await source.expectAnswer("the answer has begun") { !discord.answers().isEmpty }
            }
            try await service { database in
                try await source.expectAnswer("the turn is finished") {
                    try await !database.query("SELECT 1 AS one FROM turns WHERE state = 'answered'").isEmpty
                }
            }
            // A long answer takes several messages, each behind the one before; none of them twice.
            let answers = discord.answers()
            let anchors = answers.compactMap(\.replyTo)
            #expect(anchors == [question] + answers.dropLast().map(\.id))
            #expect(Set(answers.map(\.content)).count == answers.count)
        }
    }

    @Test(
        "A model that breaks its answers, whatever the way, is told to the member in plain words, and the next is answered",
        arguments: [ModelFault.Kind.brokenStream, .malformedChunk, .errorInStream, .serverError, .unauthorized]
    )
    func brokenModel(kind: ModelFault.Kind) async throws {
        let model = LanguageModelDouble()
        // So short that there are two attempts at most.
        try await run(model, turnTimeout: "2s") { discord, source, service in
            // As many as there are attempts.
            model.inject(ModelFault(kind, count: 4))
            let unlucky = discord.write("<@9001> Tell me a long story about lighthouses, please.")
            try await service { database in
                try await source.publish(unlucky, "<@9001> Tell me a long story about lighthouses.", mentions: [9001])
                try await source.expectAnswer("the member is told") {
                    discord.answers(by: FakeDiscord.rainbow).contains {
                        $0.replyTo == unlucky && $0.content.contains("⚠️") && $0.content.contains("language model")
                    }
                }
                model.clearFaults()
                let lucky = discord.write("<@9002> And a long one about the sea?")
                try await source.publish(lucky, "<@9002> And a long one about the sea?", mentions: [9002])
                try await source.expectAnswer("the next is answered") {
                    discord.answers(by: FakeDiscord.iris).contains { $0.replyTo == lucky && $0.content.count > 40 }
                }
                try await source.expectAnswer("both turns are finished") {
                    try await database.query("SELECT 1 AS one FROM turns WHERE state IN ('answered', 'failed')").count
                        == 2
                }
            }
            #expect(!discord.answers().contains { $0.content.contains("{") || $0.content.contains("error") })
            #expect(discord.answers(by: FakeDiscord.rainbow).count { $0.replyTo == unlucky } == 1)
        }
    }

    @Test("Without a model the service says which setting is missing")
    func missingModel() async throws {
        try await run(environment: [:]) { _, _, service in
            let error = await #expect(throws: ConfigurationError.self) { try await service { _ in } }
            #expect(error?.key == "OPENAI_API_KEY")
        }
    }

    // MARK: Parts

    /// Runs the service while the inner body runs.
    private typealias RunService = (_ body: (PostgresClient) async throws -> Void) async throws -> Void

    private func run(
        _ model: LanguageModelDouble = LanguageModelDouble(),
        turnTimeout: String = "180s",
        environment: [String: String]? = nil,
        _ body: (FakeDiscord, EventSource, RunService) async throws -> Void
    ) async throws {
        let database = try await PostgresCluster.shared.makeMigratedDatabase().makeClient(maximumConnections: 16)
        let discord = FakeDiscord()
        try await SimulationServer([model]).withRunning { url in
            try await withTestBus { bus in
                try await bus.withConnection(.gateway) { gateway in
                    try await withBackground {
                        try await discord.serve(gateway)
                    } body: {
                        let source = try EventSource(database: database, bus: gateway)
                        try await source.open()
                        let settings =
                            environment ?? [
                                "OPENAI_BASE_URL": url + "/v1", "OPENAI_API_KEY": "playground",
                                "PERSONA_TURN_TIMEOUT": turnTimeout,
                            ]
                        try await body(discord, source) { body in
                            try await bus.withConnection(.persona) { connection in
                                let host = try Self.host(settings, connection, database)
                                let service = try await PersonaService(host: host)
                                try await withBackground {
                                    try await host.spine.run()
                                } body: {
                                    try await withBackground {
                                        try await service.run()
                                    } body: {
                                        try await body(database)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        await database.close()
    }

    private static func host(
        _ more: [String: String],
        _ bus: BusConnection,
        _ database: PostgresClient
    ) throws -> Host {
        let environment = [
            "ENSEMBLE_CONFIG": configuration, "LOG_LEVEL": "critical", "PERSONA_EDIT_INTERVAL": "50ms",
        ]
        let settings = Settings(environment: environment.merging(more) { $1 })
        let context = try RuntimeContext(.persona, settings: settings)
        let spine = Spine(
            database: database,
            bus: bus,
            instance: context.instance,
            logger: PersonaBench.logger,
            metrics: context.metrics
        )
        return Host(context: context, bus: bus, database: database, spine: spine)
    }
}

/// Plays the gateway's part for messages: journals them, publishes them, and beats.
private final class EventSource: Sendable {
    private struct State {
        var writer: JournalWriter?
        var last: UInt64 = 0
    }

    private let database: PostgresClient
    private let bus: BusConnection
    private let partition: Partition
    private let state = Mutex(State())

    init(database: PostgresClient, bus: BusConnection) throws {
        self.database = database
        self.bus = bus
        partition = Partition(bot: FakeDiscord.rainbow, shard: 0)
    }

    func open() async throws {
        let partition = partition
        let stream = try await database.withTransaction { transaction in
            try await Streams(transaction).open(partition, session: "session", resumeURL: "wss://example.test")
        }
        let lease = try #require(
            try await Leases(database).acquire("shard/\(partition)", holder: "gateway/1", life: .seconds(300))
        )
        let writer = JournalWriter(
            stream: stream.id,
            journalled: stream.lastSeq,
            lease: lease,
            database: database,
            logger: PersonaBench.logger
        )
        state.withLock { $0.writer = writer }
    }

    /// A message that mentions users, as the observer's session receives it.
    func publish(_ id: MessageID, _ content: String, mentions: [UInt64]) async throws {
        let writer = try #require(state.withLock { $0.writer })
        let users = mentions.map { #"{"id":"\#($0)","username":"bot","bot":true}"# }.joined(separator: ",")
        let text = String(decoding: try JSONEncoder().encode(content), as: UTF8.self)
        let json = #"""
            {"id":"\#(id)","channel_id":"1","guild_id":"77","type":0,"content":\#(text),"mentions":[\#(users)],
             "author":{"id":"500","username":"alice"},"timestamp":"2026-01-01T00:00:00+00:00"}
            """#
        let kind = EventKind.addressedMessage.rawValue
        var header = Header()
        header.type = "MESSAGE_CREATE"
        header.stream = writer.stream
        header.bot = partition.bot
        header.flags = .mentionsUser
        header.prev = state.withLock { $0.last }
        header.seq = header.prev + 1
        let payload = Array(json.utf8)
        #expect(
            writer.append([
                JournalEntry(seq: header.seq, event: kind, header: header.encoded, payload: payload)
            ])
        )
        let seq = header.seq
        state.withLock { $0.last = seq }
        bus.publish(
            OutgoingEvent(topic: .discord(partition, kind), header: header, payload: payload)
        )
        try await writer.finish()
    }

    /// Waits for what should happen, beating as the gateway does.
    func expectAnswer(_ what: String, _ condition: () async throws -> Bool) async throws {
        try await eventually(what, within: .seconds(60)) {
            self.pulse()
            return try await condition()
        }
    }

    private func pulse() {
        let (stream, last) = state.withLock { ($0.writer?.stream ?? 0, $0.last) }
        let topics = last == 0 ? [] : [TopicHead(event: EventKind.addressedMessage.rawValue, seq: last)]
        let head = Head(partition: partition, stream: stream, topics: topics, journalled: last)
        guard let payload = try? BusJSON.encode(head) else { return }
        var header = Header()
        header.type = Head.typeName
        bus.publish(OutgoingEvent(topic: .head(partition), header: header, payload: payload))
    }
}
