import BusContract
import DiscordModel
import Foundation
import MessageBus
import Postgres
import TestSupport
import Testing

/// The built gateway against a local Discord, a real switchboard and a real database.
@Suite("Gateway process", .serialized, .timeLimit(.minutes(3)))
struct GatewayProcessTests {
    @Test("Two bots log in; a message leaves once, from the observer's stream, with its number and its predecessor's")
    func publishing() async throws {
        try await GatewayBench.with { bench in
            let gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            for index in 0..<20 { try await bench.say("message \(index)") }
            try await eventually("all messages on the bus") { bench.received.messages.count >= 20 }
            #expect(bench.received.messages == (0..<20).map { "message \($0)" })
            let events = bench.received.all.filter { $0.topic == "discord.rainbow.0.MESSAGE_CREATE." }
            #expect(events.count == 20)
            #expect(events[0].header.prev == 0)
            for (before, after) in zip(events, events.dropFirst()) { #expect(after.header.prev == before.header.seq) }
            #expect(events[0].header.guild != nil && events[0].header.user != nil)
            #expect(!bench.received.all.contains { $0.topic == "discord.iris.0.MESSAGE_CREATE." })

            try await eventually("a pulse that names the last message") {
                bench.received.all.last { $0.topic == "head.rainbow.0." }.map {
                    $0.payload.contains("MESSAGE_CREATE") && $0.payload.contains("\(events[19].header.seq)")
                } ?? false
            }
            try await eventually("the journal has them") {
                let count = try await bench.client.query(
                    "SELECT count(*) AS count FROM journal WHERE event = 'MESSAGE_CREATE'"
                )
                return try count.only().decode(Int.self, "count") == 20
            }
            // The facts about the guild.
            let guild = try #require(events[0].header.guild)
            let facts = try await bench.service.request(QueryGuild(guild: guild), timeout: .seconds(2))
            #expect(facts.known && facts.name == "Harbour")
            #expect(facts.bots.map(\.rawValue) == ["iris", "rainbow"])
            #expect(facts.observer?.rawValue == "rainbow")
            let user = try #require(events[0].header.user)
            let member = try await bench.service.request(QueryMember(guild: guild, user: user), timeout: .seconds(5))
            #expect(member.known && member.name == "bob")
        }
    }

    @Test(
        "kill -9 in the middle of messages: the session is resumed, nothing is lost, no IDENTIFY is spent",
        arguments: 0..<3
    )
    func killed(round: Int) async throws {
        try await GatewayBench.with { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            let spent = try await bench.identifies("rainbow")
            var expected: [String] = []
            for index in 0..<60 {
                if index == 20 + round * 7 || index == 50 { gateway.kill() }
                if index == 30 + round * 7 || index == 55 { gateway = try bench.start() }
                expected.append("message \(index)")
                try await bench.say("message \(index)")
            }
            try await bench.waitUntilOnline("rainbow", "iris")
            #expect(try await bench.identifies("rainbow") == spent)
            try await eventually("the journal has each once") {
                let rows = try await bench.client.query(
                    "SELECT payload FROM journal WHERE event = 'MESSAGE_CREATE' ORDER BY seq"
                )
                return try rows.map { try MessageEvent(json: try $0.decode([UInt8].self, "payload")).content }
                    == expected
            }
            // What a dying process had not sent yet is in the journal alone; the bus has the rest, in order, and at most
            // what Discord replayed a second time.
            let seen = bench.received.messages
            #expect(Set(seen).isSubset(of: expected))
            #expect(seen.count >= 40)
            // After RESUME there was no GUILD_CREATE; the facts are there all the same.
            let guild = try #require(bench.received.all.first { $0.topic.hasSuffix("MESSAGE_CREATE.") }?.header.guild)
            let facts = try await bench.service.request(QueryGuild(guild: guild), timeout: .seconds(2))
            #expect(facts.known && !facts.channels.isEmpty && facts.bots.count == 2)
        }
    }

    @Test("An orderly stop keeps the session for the next process")
    func stopped() async throws {
        try await GatewayBench.with { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            try await bench.say("before")
            try await eventually("the message") { bench.received.messages.count == 1 }
            gateway.stop()
            #expect(gateway.exitStatus == 0)
            try await bench.say("meanwhile")
            gateway = try bench.start()
            try await eventually("what came meanwhile") {
                bench.received.messages == ["before", "meanwhile"]
            }
            #expect(try await bench.identifies("rainbow") == 1)
        }
    }

    @Test("A bot that was to observe when the gateway ended, without the intents, gets them from the next one")
    func intents() async throws {
        try await GatewayBench.with { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            try await eventually("the table has the observer") {
                try await bench.client.query("SELECT 1 AS found FROM observers WHERE bot = 'rainbow'").count == 1
            }
            gateway.kill()
            try await bench.client.query("UPDATE observers SET bot = 'iris'")
            gateway = try bench.start()
            try await eventually("iris begins a new session") { try await bench.identifies("iris") == 2 }
            try await bench.waitUntilOnline("rainbow", "iris")
            try await bench.say("hello")
            try await eventually("the message from iris' stream") {
                bench.received.all.contains { $0.topic == "discord.iris.0.MESSAGE_CREATE." }
            }
            #expect(try await bench.identifies("rainbow") == 1)
        }
    }

    @Test(
        "Faults of Discord's are recovered from, and nothing is lost",
        arguments: ["reconnect", "drop", "close", "invalidSession"]
    )
    func faults(kind: String) async throws {
        try await GatewayBench.with { bench in
            let gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            try await bench.say("one")
            try await eventually("the first message") { bench.received.messages == ["one"] }
            try await bench.control("/faults", ["target": "gateway", "kind": kind, "bot": "rainbow"])
            try await eventually("the session to be interrupted") {
                gateway.output.contains("connection to Discord ended")
            }
            if kind == "invalidSession" {
                // A new session replays nothing: wait until it stands.
                try await eventually("a new session") {
                    try await bench.identifies("rainbow") == 2
                }
            }
            try await bench.waitUntilOnline("rainbow")
            try await bench.say("two")
            try await eventually("the second message") { bench.received.messages.contains("two") }
        }
    }

    @Test("A wrong token stops its bot with one line, a missing one too; the others run")
    func tokens() async throws {
        try await GatewayBench.with(tokens: ["rainbow", "iris", "aurora"]) { bench in
            let gateway = try bench.start(tokens: ["TOKEN_RAINBOW": "playground.rainbow", "TOKEN_IRIS": "not a token"])
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            try await eventually("iris has failed") {
                try await bench.status()["iris"]?.state == .failed
            }
            let status = try await bench.status()
            #expect(status["iris"]?.reason.contains("TOKEN_IRIS") == true)
            #expect(status["aurora"]?.state == .stopped)
            #expect(status["aurora"]?.reason == "TOKEN_AURORA is not set")
            #expect(!gateway.output.contains("playground.rainbow"), "a token was logged")
            try await bench.say("still here")
            try await eventually("the message") { bench.received.messages == ["still here"] }
        }
    }

    @Test("A bot is stopped, started and restarted without touching the other")
    func control() async throws {
        try await GatewayBench.with { bench in
            let gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            let iris = try #require(BotID(rawValue: "iris"))
            try await bench.order(iris, .stop)
            try await eventually("iris stopped") { try await bench.status()["iris"]?.state == .stopped }
            #expect(try await bench.status()["rainbow"]?.state == .online)
            try await bench.order(iris, .start)
            try await bench.waitUntilOnline("iris", "rainbow")
            try await bench.order(iris, .restart)
            try await bench.waitUntilOnline("iris", "rainbow")
            #expect(try await bench.identifies("rainbow") == 1)
        }
    }

    @Test("Services call Discord's REST API as a bot; refusals come back with Discord's code")
    func egress() async throws {
        try await GatewayBench.with { bench in
            let gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            try await bench.say("delete me")
            try await eventually("the message") { bench.received.messages.count == 1 }
            let header = try #require(bench.received.all.first { $0.topic.hasSuffix("MESSAGE_CREATE.") })
            let message = try MessageEvent(json: Array(header.payload.utf8))
            let rainbow = try #require(BotID(rawValue: "rainbow"))
            let path = "/channels/\(message.channelID)/messages/\(message.id)"
            let call = ExecuteREST(bot: rainbow, method: "DELETE", path: path, lane: .moderation, safety: .idempotent)
            let first = try await bench.service.request(call, timeout: .seconds(5))
            #expect(first.isSuccess && first.status == 204)
            let second = try await bench.service.request(call, timeout: .seconds(5))
            #expect(second.status == 404)
            #expect(second.failure?.code == 10008)
            let nonsense = try await bench.service.request(
                ExecuteREST(bot: rainbow, method: "GET", path: "/../etc"),
                timeout: .seconds(5)
            )
            #expect(nonsense.failure?.kind == .invalid)
            let unknown = try await bench.service.request(
                ExecuteREST(bot: try #require(BotID(rawValue: "nobody")), method: "GET", path: "/users/@me"),
                timeout: .seconds(5)
            )
            #expect(unknown.failure?.kind == .botStopped)
        }
    }

    @Test("A mistake in config/fleet.yaml is one line with its place, and exit code 78")
    func configuration() async throws {
        try await GatewayBench.with { bench in
            try "bots:\n  - name: Rainbow\n".write(
                toFile: bench.config + "/fleet.yaml",
                atomically: true,
                encoding: .utf8
            )
            let gateway = try bench.start()
            try await eventually("it exits") { !gateway.isRunning }
            #expect(gateway.exitStatus == 78)
            #expect(gateway.output.contains("fleet.yaml:2"))
        }
    }
}
