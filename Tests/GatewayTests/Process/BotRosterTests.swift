import BusContract
import DiscordModel
import Foundation
import MessageBus
import Postgres
import Store
import TestSupport
import Testing

/// Bots that are added and removed while the built gateway runs.
@Suite("Bots that come and go", .serialized, .timeLimit(.minutes(3)))
struct BotRosterTests {
    @Test("Added at run time, kept over a kill -9, removed for good; the others do not notice")
    func comeAndGo() async throws {
        try await withTokens(["nova": "playground.nova\n"]) { bench, setup in
            var gateway = try bench.start(extra: setup)
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            let nova = try #require(BotID("nova"))
            let add = AddBot(bot: nova, tokenReference: "file:nova")
            let added = try await bench.service.request(add, timeout: .seconds(10))
            #expect(added.bot == nova && !added.primary)
            try await bench.waitUntilOnline("nova")
            // Asked again it is the same bot.
            #expect(try await bench.service.request(add, timeout: .seconds(10)).state == .online)
            try await bench.say("hello")
            try await eventually("the guild's observer is who it was") { bench.received.messages == ["hello"] }

            gateway.kill()
            gateway = try bench.start(extra: setup)
            try await bench.waitUntilOnline("rainbow", "iris", "nova")
            #expect(try await bench.identifies("nova") == 1)
            try await bench.control(nova, .stop)
            gateway.kill()
            gateway = try bench.start(extra: setup)
            try await bench.waitUntilOnline("rainbow", "iris")
            #expect(try await bench.status()["nova"]?.state == .stopped)
            try await bench.control(nova, .start)
            try await bench.waitUntilOnline("nova")

            let removed = try await bench.service.request(RemoveBot(bot: nova), timeout: .seconds(15))
            #expect(removed.state == .stopped && removed.bot == nova)
            #expect(try await bench.status().keys.sorted() == ["iris", "rainbow"])
            try await eventually("Discord shows it offline") {
                try await !Self.online(bench).contains("Nova")
            }
            let guild = try #require(try await bench.service.request(ListGuilds(), timeout: .seconds(5)).guilds.first)
            #expect(guild.bots.map(\.rawValue) == ["iris", "rainbow"])
            #expect(try await Bots(bench.client).find(nova) == nil)
            // Nobody there: the same again, or a control, changes nothing.
            _ = try await bench.service.request(RemoveBot(bot: nova), timeout: .seconds(10))
            await #expect(throws: BusError.self) {
                try await bench.control(nova, .start)
            }
            gateway.stop()
            gateway = try bench.start(extra: setup)
            try await bench.waitUntilOnline("rainbow", "iris")
            #expect(try await bench.status().keys.sorted() == ["iris", "rainbow"])
            for bot in ["rainbow", "iris"] { #expect(try await bench.identifies(bot) == 1) }
            // It may come back.
            _ = try await bench.service.request(add, timeout: .seconds(10))
            try await bench.waitUntilOnline("nova")
        }
    }

    @Test("Without a token, by a token itself, by another's token or a name of the file nothing is added")
    func refused() async throws {
        try await withTokens(["same": "playground.iris", "empty": "", "nova": "playground.nova"]) { bench, setup in
            let gateway = try bench.start(extra: setup)
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            for (name, reference, code) in [
                ("nova", "MTIz.secret.token", "invalid"), ("nova", "DATABASE_URL", "invalid"),
                ("nova", "DISCORD_TOKEN_NOVA", "invalid"), ("nova", "file:absent", "invalid"),
                ("nova", "file:empty", "invalid"), ("nova", "file:same", "conflict"), ("iris", "file:nova", "conflict"),
            ] {
                let bot = try #require(BotID(name))
                let error = await #expect(throws: BusError.self, "\(reference)") {
                    try await bench.service.request(AddBot(bot: bot, tokenReference: reference), timeout: .seconds(10))
                }
                let isTold = error.map { "\($0.code)".contains(code) && !$0.message.contains("secret") }
                #expect(isTold == true, "\(reference): \(String(describing: error))")
            }
            let iris = try #require(BotID("iris"))
            await #expect(throws: BusError.self) {
                try await bench.service.request(RemoveBot(bot: iris), timeout: .seconds(10))
            }
            #expect(try await bench.status().keys.sorted() == ["iris", "rainbow"])
            #expect(try await Bots(bench.client).all().count == 2)
            #expect(!gateway.output.contains("secret.token"))
        }
    }

    @Test("What was asked of one process another follows")
    func otherProcess() async throws {
        try await withTokens(["nova": "playground.nova"]) { bench, setup in
            let gateway = try bench.start(extra: setup)
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            // As another process of the gateway writes it.
            let nova = try #require(BotID("nova"))
            _ = try await Bots(bench.client).add(nova, tokenReference: "file:nova")
            try await bench.waitUntilOnline("nova")
            try await Bots(bench.client).remove(nova)
            try await eventually("it has left") { try await bench.status()["nova"] == nil }
            try await eventually("Discord shows it offline") { try await !Self.online(bench).contains("Nova") }
        }
    }

    /// Bots that Discord shows online.
    private static func online(_ bench: GatewayBench) async throws -> [String] {
        struct World: Decodable {
            struct Bot: Decodable {
                let name: String
                let online: Bool
            }

            let bots: [Bot]
        }
        return try JSONDecoder().decode(World.self, from: Data(try await bench.look("/world").utf8)).bots
            .filter(\.online).map(\.name)
    }

    private func withTokens(
        _ tokens: [String: String],
        _ body: @escaping @Sendable (GatewayBench, [String: String]) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gateway-tokens-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, token) in tokens {
            try token.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        try await GatewayBench.with { try await body($0, ["GATEWAY_TOKEN_FOLDER": folder.path]) }
    }
}
