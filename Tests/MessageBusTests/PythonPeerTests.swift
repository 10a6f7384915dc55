import BusContract
import BusCore
import DiscordModel
import FoundationEssentials
import MessageBus
import ServiceKit
import TestSupport
import Testing

/// The contract is enough: a subscriber, a requester and a worker that know only `protos/` take part in the real bus.
@Suite(.timeLimit(.minutes(5))) struct PythonPeerTests {
    private static let protos = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "protos")
        .path()

    private struct Event: Decodable {
        struct Body: Decodable {
            let content: String?
            let number: Int?
        }
        let topic: String
        let type: String
        let seq: UInt64
        let prev: UInt64
        let guild: UInt64
        let bot: String
        let source: String
        let body: Body
        let together: Int
    }

    private func run(
        _ role: String,
        _ bus: TestBus,
        user: String,
        _ more: [String: String] = [:]
    ) async throws -> [String] {
        let text = try await PythonClient.run(
            "bus_peer.py",
            arguments: [Self.protos, bus.endpoints.eventsOut, bus.endpoints.requests, role],
            environment: ["BUS_USER": user].merging(more) { _, new in new },
            within: .seconds(90)
        )
        return text.split(separator: "\n").map(String.init)
    }

    /// What the subscriber has read of the events that `publish` sends, once it is open.
    private func read(_ count: Int, from bus: TestBus, _ publish: () async throws -> Void) async throws -> [Event] {
        let flag = FileManager.default.temporaryDirectory.appending(path: "open-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: flag) }
        let reading = Task {
            try await run("subscriber", bus, user: "community", ["COUNT": "\(count)", "OPEN_FILE": flag.path()])
        }
        try await eventually("the subscriber is open", within: .seconds(80)) {
            FileManager.default.fileExists(atPath: flag.path())
        }
        try await publish()
        let lines = try await reading.value.filter { $0.hasPrefix("{") }
        return try lines.map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) }
    }

    @Test func aSubscriberReadsDiscordsEventsAndOurs() async throws {
        try await withTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.moderation) { moderation in
                    let events = try await read(2, from: bus) {
                        var header = Header()
                        header.type = "MESSAGE_CREATE"
                        header.seq = 41
                        header.prev = 39
                        header.guild = GuildID(UInt64.max - 1)
                        header.bot = BotID(rawValue: "iris")
                        header.contentType = .discord
                        let topic = Topic.discord(
                            Partition(bot: try #require(BotID(rawValue: "iris")), shard: 0),
                            "MESSAGE_CREATE"
                        )
                        gateway.publish(
                            OutgoingEvent(topic: topic, header: header, payload: Array(#"{"content":"héllo"}"#.utf8))
                        )
                        try await eventually("the first event has left") {
                            bus.metrics.counter("bus_switch_events_total", help: "").current == 1
                        }
                        moderation.publish(
                            CaseOpened(
                                guild: GuildID(3),
                                number: 12,
                                type: "warn",
                                user: UserID(4),
                                moderator: nil,
                                reason: ""
                            )
                        )
                    }
                    try #require(events.count == 2)
                    #expect(events[0].topic == "discord.iris.0.MESSAGE_CREATE.")
                    #expect(events[0].seq == 41 && events[0].prev == 39 && events[0].guild == UInt64.max - 1)
                    #expect(events[0].bot == "iris" && events[0].source == "gateway/1")
                    #expect(events[0].body.content == "héllo")
                    #expect(events[1].type == CaseOpened.typeName)
                    #expect(events[1].body.number == 12)
                }
            }
        }
    }

    @Test func aSubscriberReadsEventsThatTravelTogether() async throws {
        try await withTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                let events = try await read(5, from: bus) {
                    var bundle = EventBundle()
                    for seq in 1...5 as ClosedRange<UInt64> {
                        var header = Header()
                        header.type = "MESSAGE_CREATE"
                        header.seq = seq
                        header.contentType = .discord
                        let topic = seq < 4 ? "discord.iris.0.MESSAGE_CREATE." : "discord.iris.0.MESSAGE_UPDATE."
                        Array(#"{"content":"\#(seq)"}"#.utf8).withUnsafeBytes {
                            bundle.append(topic: Array(topic.utf8), header: header.encoded, payload: $0)
                        }
                    }
                    gateway.publish(&bundle)
                }
                #expect(events.map(\.seq) == [1, 2, 3, 4, 5])
                #expect(events.map(\.together) == [3, 3, 3, 2, 2])
                #expect(events.map(\.body.content) == ["1", "2", "3", "4", "5"])
                #expect(events.last?.topic == "discord.iris.0.MESSAGE_UPDATE.")
                #expect(bus.metrics.counter("bus_switch_events_total", help: "").current == 5)
            }
        }
    }

    @Test func aRequesterIsAnswered() async throws {
        try await withTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                try await withBackground {
                    try await gateway.serve(QueryGuild.self) { request, context in
                        #expect(request.guild == GuildID(1 << 63 + 5))
                        #expect(context.caller == .community)
                        #expect(context.key == "python-key")
                        return GuildFacts(
                            known: true,
                            guild: request.guild,
                            name: "Harbour",
                            bots: [BotID(rawValue: "iris")!]
                        )
                    }
                } body: {
                    let lines = try await run("requester", bus, user: "community")
                    #expect(lines == [#"{"code": "", "name": "Harbour", "bots": ["iris"]}"#])
                }
            }
        }
    }

    @Test func aWorkerAnswers() async throws {
        try await withTestBus { bus in
            try await bus.withConnection(.moderation) { moderation in
                let working = Task { try await run("worker", bus, user: "gateway") }
                let facts = try await moderation.request(QueryGuild(guild: GuildID(77)), timeout: .seconds(80))
                #expect(facts.name == "asked by moderation")
                #expect(facts.guild == GuildID(77))
                #expect(try await working.value == [#"{"guild": 77}"#])
            }
        }
    }
}
