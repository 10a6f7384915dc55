import BusContract
import DiscordModel
import Postgres
import Routing
import ServiceKit
import Store
import TestSupport
import Testing

@testable import PersonaCore

@Suite("Which turns an instance claims", .timeLimit(.minutes(1)))
struct TurnRoutingTests {
    private static let plan = """
        strategy: function
        routes:
          chat: {channels: ["채팅방-*"], instance_type: chat, fallback_instances: ["4"]}
          image: {channels: ["이미지생성-*"], instance_type: image}
        """
    private static let chat = ChannelID(1)
    private static let image = ChannelID(2)
    private static let names = ["채팅방-1", "이미지생성-1"]

    private func directory(_ bench: PersonaBench, _ text: String? = plan) throws -> InstanceDirectory {
        let settings = Settings(environment: [:])
        let plan = try text.map { try RoutingPlan(ConfigFile.parse($0, path: "routing.yaml", settings: settings)) }
        return InstanceDirectory(
            rules: RoutingRules(plan: plan),
            database: bench.database,
            logger: PersonaBench.logger
        )
    }

    private func routing(
        _ directory: InstanceDirectory,
        _ instance: String,
        _ profile: InstanceProfile
    ) -> TurnRouting {
        TurnRouting(
            directory: directory,
            names: ChannelNames { channel, _ in
                ChannelFacts(known: true, id: channel, name: Self.names[Int(channel.rawValue) - 1])
            },
            instance: instance,
            profile: profile,
            logger: PersonaBench.logger
        )
    }

    private func register(_ bench: PersonaBench, _ instance: String, _ type: InstanceType) async throws {
        try await Instances(bench.database).report(
            service: "persona",
            instance: instance,
            InstanceRun(run: "test", host: "127.0.0.1", port: 1, pid: 1),
            report: "{}",
            limits: InstanceProfile(type: type).limits
        )
    }

    private func place(_ channel: ChannelID) -> TurnPlace {
        TurnPlace(guild: FakeDiscord.guild, channelName: Self.names[Int(channel.rawValue) - 1])
    }

    @Test("Its own, and another's only while that one is away; nothing before it knows who is there")
    func claims() async throws {
        try await PersonaBench.run(ScriptedModel(.say(["x"]))) { bench in
            let directory = try directory(bench)
            let owner = routing(directory, "1", InstanceProfile(type: .chat))
            let fallback = routing(directory, "4", InstanceProfile(type: .image))
            let places = [place(Self.chat), place(Self.image)]
            #expect(owner.selects)
            #expect(owner.mine(of: places, load: 0).isEmpty)
            try await register(bench, "1", .chat)
            try await register(bench, "4", .image)
            await directory.refresh()
            #expect(owner.mine(of: places, load: 0) == [places[0]: "chat"])
            #expect(fallback.mine(of: places, load: 0) == [places[1]: "image"])
            try await bench.database.query(
                "UPDATE instances SET seen_at = now() - interval '11 s' WHERE instance = '1'"
            )
            await directory.refresh()
            #expect(fallback.mine(of: places, load: 0) == [places[0]: "chat", places[1]: "image"])
            // It speaks again: what has not been claimed meanwhile is its own at once, whatever was known a moment ago.
            try await register(bench, "1", .chat)
            #expect(fallback.mine(of: places, load: 0).count == 2)
            #expect(await fallback.claimable(of: places, load: 0) == [places[1]: "image"])
            #expect(await owner.claimable(of: places, load: 0) == [places[0]: "chat"])
        }
    }

    @Test("Without a plan an instance takes whatever its own settings let it, and asks for names only then")
    func limits() async throws {
        try await PersonaBench.run(ScriptedModel(.say(["x"]))) { bench in
            let directory = try directory(bench, nil)
            await directory.refresh()
            let message = MessageEvent(
                id: MessageID(900),
                channelID: Self.chat,
                guildID: FakeDiscord.guild,
                author: .init(id: FakeDiscord.member, username: "alice"),
                content: "hi",
                timestamp: Timestamp(milliseconds: 0)
            )
            let free = routing(directory, "1", InstanceProfile())
            #expect(!free.selects)
            #expect(try await free.place(of: message) == ChannelNames.Place())
            let limited = routing(directory, "2", InstanceProfile(channels: [ChannelGlob("채팅방-*")]))
            #expect(limited.selects)
            #expect(try await limited.place(of: message) == ChannelNames.Place(channel: "채팅방-1"))
            let places = [place(Self.chat), place(Self.image), TurnPlace(guild: nil)]
            #expect(limited.mine(of: places, load: 0) == [places[0]: ""])
            // Somebody else's settings ask for names too.
            try await Instances(bench.database).report(
                service: "persona",
                instance: "2",
                InstanceRun(run: "test", host: "127.0.0.1", port: 1, pid: 1),
                report: "{}",
                limits: limited.profile.limits
            )
            await directory.refresh()
            #expect(!free.selects)
            #expect(try await free.place(of: message).channel == "채팅방-1")
        }
    }

    @Test("Two workers: each answers in its own channels, and each question is answered once")
    func pools() async throws {
        try await PersonaBench.run(ScriptedModel(.say(["x"]))) { bench in
            let directory = try directory(bench)
            try await register(bench, "1", .chat)
            try await register(bench, "4", .image)
            try await bench.database.query("UPDATE instances SET seen_at = now() + interval '1 hour'")
            await directory.refresh()
            let owner = routing(directory, "1", InstanceProfile(type: .chat))
            let fallback = routing(directory, "4", InstanceProfile(type: .image))
            let ownerPool = TurnPool(
                runner: try bench.runner(),
                database: bench.database,
                worker: "persona-1",
                routing: owner
            )
            let fallbackPool = TurnPool(
                runner: try bench.runner(),
                database: bench.database,
                worker: "persona-4",
                routing: fallback
            )
            try await withBackground {
                try await ownerPool.run()
            } body: {
                try await withBackground {
                    try await fallbackPool.run()
                } body: {
                    let first = try await ask(bench, in: Self.chat)
                    let second = try await ask(bench, in: Self.image)
                    try await bench.expect("answered", of: first)
                    try await bench.expect("answered", of: second)
                    #expect(try await worker(of: first, bench) == "persona-1 chat")
                    #expect(try await worker(of: second, bench) == "persona-4 image")
                    #expect(bench.discord.answers(in: Self.chat).count == 1)
                    #expect(bench.discord.answers(in: Self.image).count == 1)
                }
            }
        }
    }

    @Test("A turn whose route nobody serves waits until it expires; then its member is told by whoever is there")
    func nobody() async throws {
        try await PersonaBench.run(ScriptedModel(.say(["x"]))) { bench in
            let directory = try directory(bench)
            await directory.refresh()
            let other = routing(directory, "4", InstanceProfile(type: .video))
            let turn = try await ask(bench, in: Self.image)
            #expect(other.mine(of: [place(Self.image)], load: 0).isEmpty)
            let pool = TurnPool(
                runner: try bench.runner(),
                database: bench.database,
                worker: "persona-4",
                routing: other
            )
            try await withBackground {
                try await pool.run()
            } body: {
                #expect(try await bench.turns.claim(worker: "x", lifetime: .zero, among: [:]) == nil)
                try await bench.database.query("UPDATE turns SET expires_at = now()")
                try await bench.expect("expired", of: turn)
                #expect(bench.discord.answers(in: Self.image).count == 1)
            }
        }
    }

    private func ask(_ bench: PersonaBench, in channel: ChannelID) async throws -> NewTurn {
        try await bench.ask("hello", in: channel, named: Self.names[Int(channel.rawValue) - 1])
    }

    private func worker(of turn: NewTurn, _ bench: PersonaBench) async throws -> String {
        let row = try await bench.database.query(
            "SELECT worker || ' ' || route AS worker FROM turns WHERE message = \(turn.message)"
        ).only()
        return try row["worker"]
    }
}
