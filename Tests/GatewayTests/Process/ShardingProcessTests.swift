import BusContract
import DiscordModel
import Foundation
import MessageBus
import Postgres
import Simulation
import TestSupport
import Testing

/// The built gateway with several shards.
@Suite("Gateway with shards", .serialized, .timeLimit(.minutes(3)))
struct ShardingProcessTests {
    private static func discord(
        recommended: Int = 1,
        fewest: Int = 1,
        concurrency: Int = 16
    ) -> SimulatedDiscord.Configuration {
        var configuration = SimulatedDiscord.Configuration.unlimited
        configuration.gateway.recommendedShards = recommended
        configuration.gateway.fewestShards = fewest
        configuration.gateway.maxConcurrency = concurrency
        return configuration
    }

    /// Logs both bots in once, so that they are in the guilds that are added, and adds a guild for each shard of two.
    private static func addGuilds(_ bench: GatewayBench) throws -> [GuildID] {
        try bench.discord.withWorld { (world) throws(DiscordError) in
            for name in ["rainbow", "iris"] { _ = world.application(token: "playground.\(name)") }
            return [
                try world.addGuild(named: "even", onShard: 0, of: 2),
                try world.addGuild(named: "odd", onShard: 1, of: 2),
            ]
        }
    }

    private static func waitUntilUp(_ bench: GatewayBench, shards: Int) async throws {
        try await eventually("all \(shards) shards of both bots up", within: .seconds(40)) {
            guard let status = try? await bench.status() else { return false }
            return ["rainbow", "iris"].allSatisfy { name in
                status[name].map { $0.shards == shards && $0.shardsOnline == shards && $0.reason.isEmpty } ?? false
            }
        }
    }

    @Test("Each guild's events come over its shard; kill -9 resumes all of them, and nothing is lost")
    func twoShards() async throws {
        try await GatewayBench.with(discord: Self.discord()) { bench in
            let guilds = try Self.addGuilds(bench)
            var gateway = try bench.start(extra: ["GATEWAY_SHARDS": "2"])
            defer { gateway.kill() }
            try await Self.waitUntilUp(bench, shards: 2)
            #expect(try await bench.identifies("rainbow") == 2)
            var expected: Set<String> = []
            for index in 0..<30 {
                if index == 12 { gateway.kill() }
                if index == 18 { gateway = try bench.start(extra: ["GATEWAY_SHARDS": "2"]) }
                for channel in ["even-general", "odd-general"] {
                    expected.insert("\(channel) \(index)")
                    try await bench.say("\(channel) \(index)", in: channel)
                }
            }
            try await Self.waitUntilUp(bench, shards: 2)
            try await eventually("the journal has each once, in its shard's stream") {
                let rows = try await bench.client.query(
                    """
                    SELECT streams.partition, payload FROM journal JOIN streams ON streams.id = stream
                    WHERE event = 'MESSAGE_CREATE'
                    """
                )
                let found = try rows.map { row in
                    let message = try MessageEvent(json: try row.decode([UInt8].self, "payload"))
                    return "\(try row.decode(String.self, "partition")) \(message.content)"
                }
                return found.sorted()
                    == expected.map { ($0.hasPrefix("even") ? "rainbow/0 " : "rainbow/1 ") + $0 }.sorted()
            }
            #expect(try await bench.identifies("rainbow") == 2, "both sessions were resumed")
            for guild in guilds {
                let facts = try await bench.service.request(QueryGuild(guild: guild), timeout: .seconds(2))
                #expect(facts.known && facts.bots.count == 2 && facts.observer?.rawValue == "rainbow")
            }
        }
    }

    @Test("With another number of shards all sessions begin anew, and the gap is recorded")
    func resharded() async throws {
        try await GatewayBench.with(discord: Self.discord()) { bench in
            _ = try Self.addGuilds(bench)
            for (shards, identifies) in [(1, 1), (2, 3), (1, 4)] {
                let gateway = try bench.start(extra: ["GATEWAY_SHARDS": "\(shards)"])
                defer { gateway.stop() }
                try await Self.waitUntilUp(bench, shards: shards)
                #expect(try await bench.identifies("rainbow") == identifies)
                let before = bench.received.messages.count
                for channel in ["even-general", "odd-general"] { try await bench.say("\(shards)", in: channel) }
                try await eventually("both messages, from \(shards)") { bench.received.messages.count == before + 2 }
                try await eventually("no other stream is open") {
                    let rows = try await bench.client.query("SELECT partition, shards FROM streams WHERE NOT closed")
                    let open = try rows.map {
                        "\(try $0.decode(String.self, "partition")) of \(try $0.decode(Int.self, "shards"))"
                    }
                    let wanted = (0..<shards).flatMap { ["iris/\($0) of \(shards)", "rainbow/\($0) of \(shards)"] }
                    return open.sorted() == wanted.sorted()
                }
            }
            let reasons = try await bench.client.query(
                "SELECT DISTINCT partition || ': ' || reason AS text FROM gaps WHERE partition LIKE 'rainbow/%'"
            ).map { try $0.decode(String.self, "text") }
            #expect(
                reasons.sorted() == [
                    "rainbow/0: the number of shards went from 1 to 2",
                    "rainbow/0: the number of shards went from 2 to 1",
                    "rainbow/1: the bot has 1 shards now, and this one no more",
                ]
            )
        }
    }

    @Test("auto takes Discord's recommendation, and more shards when Discord refuses the number it has")
    func automatic() async throws {
        try await GatewayBench.with(discord: Self.discord(recommended: 3)) { bench in
            let gateway = try bench.start()
            defer { gateway.kill() }
            try await Self.waitUntilUp(bench, shards: 3)
        }
        // Twice as many would do no harm for a while; Discord's refusal decides.
        try await GatewayBench.with(discord: Self.discord(recommended: 2, fewest: 2)) { bench in
            let gateway = try bench.start()
            defer { gateway.kill() }
            try await Self.waitUntilUp(bench, shards: 2)
        }
        try await GatewayBench.with(discord: Self.discord(fewest: 4)) { bench in
            let gateway = try bench.start(extra: ["GATEWAY_SHARDS": "2"])
            defer { gateway.kill() }
            try await eventually("an operator is told") {
                try await bench.status()["rainbow"].map { $0.state == .failed && $0.reason.contains("too many guilds") }
                    ?? false
            }
        }
    }

    @Test("Shards of one bucket identify so far apart that Discord accepts each one")
    func identifyPace() async throws {
        var configuration = Self.discord(concurrency: 1)
        configuration.gateway.identifyInterval = 5000
        try await GatewayBench.with(discord: configuration) { bench in
            let gateway = try bench.start(extra: ["GATEWAY_SHARDS": "3"])
            defer { gateway.kill() }
            try await Self.waitUntilUp(bench, shards: 3)
            #expect(try await bench.identifies("rainbow") == 3)
            #expect(!gateway.output.contains("invalidated the session"))
        }
    }

    @Test("Two gateways share the shards: any of them answers for all, and one's death costs the other nothing")
    func twoGateways() async throws {
        try await GatewayBench.with(discord: Self.discord()) { bench in
            let guilds = try Self.addGuilds(bench)
            let first = try bench.start(extra: ["GATEWAY_SHARDS": "0/2"])
            defer { first.kill() }
            let other = ["GATEWAY_SHARDS": "1/2", "INSTANCE_ID": "other"]
            var second = try bench.start(extra: other)
            defer { second.kill() }
            try await Self.waitUntilUp(bench, shards: 2)
            var expected: [String] = []
            func say(_ text: String, in channels: [String] = ["even-general", "odd-general"]) async throws {
                for channel in channels {
                    expected.append("\(channel) \(text)")
                    try await bench.say("\(channel) \(text)", in: channel)
                }
            }
            for index in 0..<5 { try await say("\(index)") }
            try await eventually("both guilds' messages") { Set(bench.received.messages) == Set(expected) }

            // The switchboard gives the questions to either of them in turn.
            let channels = try bench.discord.withWorld { (world) throws(DiscordError) in
                guilds.map { guild in world.channels.values.filter { $0.guildID == guild && $0.kind == .text }.map(\.id)
                }
            }
            let rainbow = try #require(BotID(rawValue: "rainbow"))
            for _ in 0..<4 {
                for (guild, channel) in zip(guilds, channels) {
                    let facts = try await bench.service.request(QueryGuild(guild: guild), timeout: .seconds(2))
                    #expect(facts.known && facts.observer == rainbow)
                    let found = try await bench.service.request(QueryChannel(channel: channel[0]), timeout: .seconds(2))
                    #expect(found.known && found.guild == guild)
                    try await bench.bus.withConnection(.lavalinkBridge) { bridge in
                        _ = try await bridge.request(
                            UpdateVoiceState(bot: rainbow, guild: guild, channel: nil),
                            timeout: .seconds(2)
                        )
                    }
                    let call = ExecuteREST(
                        bot: rainbow,
                        method: "POST",
                        path: "/channels/\(channel[0])/messages",
                        body: #"{"content":"from rainbow"}"#
                    )
                    let outcome = try await bench.service.request(call, timeout: .seconds(5))
                    #expect(outcome.failure == nil)
                }
                let list = try await bench.service.request(ListGuilds(), timeout: .seconds(2))
                #expect(Set(list.guilds.map(\.guild)).isSuperset(of: guilds))
                #expect(list.guilds.count == 3)
            }

            second.kill()
            try await say("alone")
            try await eventually("the guild of the one that lives goes on") {
                bench.received.messages.contains("even-general alone")
            }
            let status = try await bench.service.request(FleetStatus(), timeout: .seconds(2)).bots
            #expect(status.first { $0.bot == rainbow }?.reason == "no gateway answers for shard 1")
            #expect(status.first { $0.bot == rainbow }?.state == .online)
            second = try bench.start(extra: other)
            try await Self.waitUntilUp(bench, shards: 2)
            try await eventually("nothing is lost") {
                Set(bench.received.messages).subtracting(["from rainbow"]) == Set(expected)
            }
            #expect(try await bench.identifies("rainbow") == 2)

            // What an operator wants reaches both.
            try await bench.control(rainbow, .stop)
            try await eventually("stopped everywhere") { try await bench.status()["rainbow"]?.state == .stopped }
            try await bench.control(rainbow, .start)
            try await Self.waitUntilUp(bench, shards: 2)
        }
    }

    @Test("A gateway that stands by takes over the sessions of one that has died")
    func standby() async throws {
        try await GatewayBench.with(discord: Self.discord()) { bench in
            _ = try Self.addGuilds(bench)
            let first = try bench.start(extra: ["GATEWAY_SHARDS": "2"])
            defer { first.kill() }
            try await Self.waitUntilUp(bench, shards: 2)
            let second = try bench.start(extra: ["GATEWAY_SHARDS": "2", "INSTANCE_ID": "other"])
            defer { second.kill() }
            try await eventually("it waits") { second.output.contains("standing by") }
            try await bench.say("before", in: "odd-general")
            try await eventually("once, from the first") { bench.received.messages == ["before"] }
            first.kill()
            try await bench.say("meanwhile", in: "odd-general")
            // A lease lives twelve seconds.
            try await eventually("the other has both shards", within: .seconds(40)) {
                guard let status = try? await bench.status() else { return false }
                return ["rainbow", "iris"].allSatisfy { status[$0]?.shardsOnline == 2 }
                    && bench.received.messages == ["before", "meanwhile"]
            }
            #expect(try await bench.identifies("rainbow") == 2, "the sessions were resumed")
        }
    }

    @Test("A bot that is started while it runs goes on, and so does each of its shards when its session fails")
    func startedAgain() async throws {
        try await GatewayBench.with(discord: Self.discord()) { bench in
            _ = try Self.addGuilds(bench)
            let gateway = try bench.start(extra: ["GATEWAY_SHARDS": "2"])
            defer { gateway.kill() }
            try await Self.waitUntilUp(bench, shards: 2)
            try await bench.control(try #require(BotID(rawValue: "rainbow")), .start)
            // As if another process had taken the shard over, and ended.
            try await bench.client.query(
                "UPDATE leases SET epoch = epoch + 1, expires_at = now() WHERE resource = 'shard/rainbow/1'"
            )
            try await bench.say("first", in: "odd-general")
            try await eventually("the session of the shard has failed") {
                gateway.output.contains("the shard's session ended")
            }
            try await Self.waitUntilUp(bench, shards: 2)
            try await bench.say("second", in: "odd-general")
            try await eventually("its events come again") { bench.received.messages.contains("second") }
            #expect(try await bench.identifies("rainbow") == 2, "the sessions were resumed")
        }
    }

    @Test("A gateway with the INSTANCE_ID of one that runs says so and ends, and the sessions go on")
    func sameInstance() async throws {
        try await GatewayBench.with(discord: Self.discord()) { bench in
            let first = try bench.start()
            defer { first.kill() }
            try await Self.waitUntilUp(bench, shards: 1)
            let second = try bench.start()
            defer { second.kill() }
            try await bench.say("meanwhile")
            try await eventually("the second has ended", within: .seconds(20)) { !second.isRunning }
            #expect(second.exitStatus == 78)
            #expect(second.output.contains("INSTANCE_ID: expected one that no other running process of gateway has"))
            #expect(first.output.contains("another process runs as this instance"))
            try await Self.waitUntilUp(bench, shards: 1)
            try await bench.say("after")
            try await eventually("nothing is lost") { Set(bench.received.messages) == ["meanwhile", "after"] }
            #expect(try await bench.identifies("rainbow") == 1, "the session was resumed, if it was touched at all")
        }
    }

    @Test("A number of shards that is none is refused at start")
    func badSetting() async throws {
        try await GatewayBench.with { bench in
            let gateway = try bench.start(extra: ["GATEWAY_SHARDS": "8-3/4"])
            defer { gateway.kill() }
            try await eventually("it ends") { !gateway.isRunning }
            #expect(gateway.exitStatus == 78)
            #expect(gateway.output.contains("GATEWAY_SHARDS") && gateway.output.contains("0-3/8"))
        }
    }
}
