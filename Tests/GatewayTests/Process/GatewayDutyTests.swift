import BusContract
import DiscordModel
import Foundation
import MessageBus
import Postgres
import Simulation
import Store
import TestSupport
import Testing

/// What the built gateway does beside publishing: commands, interactions, members, presence, what it counts.
@Suite("Gateway duties", .serialized, .timeLimit(.minutes(3)))
struct GatewayDutyTests {
    private static let words = DeclareCommands(
        service: "moderation",
        version: 1,
        commands: [
            DeclaredCommand(
                name: "words",
                deferral: .ephemeral,
                definition: #"{"name":"words","description":"The list","default_member_permissions":"32"}"#
            )
        ],
        components: [DeclaredComponent(prefix: "words:", deferral: .update)]
    )

    @Test(
        "A database that belongs to another Discord: once a process the commands are compared, and put if they differ"
    )
    func commands() async throws {
        try await GatewayBench.with(tokens: ["rainbow"]) { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            _ = try await bench.service.request(Self.words, timeout: .seconds(5))
            try await eventually("the command is there") {
                try await Self.calls(bench, "PUT").count == 1
            }
            // Another process: Discord has them, so that it is asked, and nothing is sent.
            gateway.stop()
            gateway = try bench.start()
            try await eventually("it has compared") {
                gateway.output.contains("Discord has all slash commands")
            }
            #expect(try await Self.calls(bench, "PUT").count == 1)
            // The same database, and a Discord that knows nothing of them.
            let application = try #require(try await bench.status()["rainbow"]?.application)
            let cleared = try await bench.service.request(
                ExecuteREST(
                    bot: try #require(BotID("rainbow")),
                    method: "PUT",
                    path: "/applications/\(application)/commands",
                    body: "[]"
                ),
                timeout: .seconds(5)
            )
            #expect(cleared.status == 200)
            gateway.stop()
            gateway = try bench.start()
            try await eventually("the command is put again") {
                try await Self.calls(bench, "PUT").count == 3
            }
            // The digests are trusted from then on.
            _ = try await bench.service.request(Self.words, timeout: .seconds(5))
            try await bench.say("/")
            try await eventually("events flow") { bench.received.messages.contains("/") }
            #expect(try await Self.calls(bench, "PUT").count == 3)
        }
    }

    @Test("An allowance that is half used is told to everybody, one that is used up stops the bot before Discord does")
    func budgetAlarms() async throws {
        try await GatewayBench.with { bench in
            for (bot, count) in [("rainbow", 500), ("iris", 950)] {
                try await bench.client.query(
                    """
                    INSERT INTO identifies (bot, shard, sent_at)
                    SELECT \(bot), n, now() - interval '2 hours' FROM generate_series(1, \(count)::integer) n
                    """
                )
            }
            let gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            try await eventually("both alarms") {
                let alarms = bench.received.all.filter { $0.topic == "ensemble.gateway.budget-alarm." }
                    .compactMap { try? JSONDecoder().decode(BudgetAlarm.self, from: Data($0.payload.utf8)) }
                return Set(alarms.map { "\($0.bot?.rawValue ?? "") \($0.level.rawValue) \($0.used)/\($0.limit)" }) == [
                    "rainbow high 501/950", "iris exhausted 950/950",
                ]
            }
            #expect(try await bench.identifies("iris") == 950)
            #expect(try await bench.status()["iris"]?.reason == "nearly all sessions of the day are used up")
            #expect(gateway.output.contains("950 of 950 sessions of a day"))
        }
    }

    @Test("A message after a deferred update stands beside the message with the component, which stays as it was")
    func followUp() async throws {
        try await GatewayBench.with(tokens: ["rainbow"]) { bench in
            let gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            let rainbow = try #require(BotID("rainbow"))
            _ = try await bench.service.request(Self.words, timeout: .seconds(5))
            try await bench.say("hello")
            try await eventually("the channel is known") { !bench.received.messages.isEmpty }
            let channel = try #require(bench.received.all.compactMap(\.header.channel).first)
            let posted = try await bench.service.request(
                ExecuteREST(
                    bot: rainbow,
                    method: "POST",
                    path: "/channels/\(channel)/messages",
                    body: """
                        {"content":"the list","components":[{"type":1,"components":[
                        {"type":2,"style":1,"label":"more","custom_id":"words:more"}]}]}
                        """
                ),
                timeout: .seconds(5)
            )
            let message = try JSONDecoder().decode(Posted.self, from: Data(posted.body.utf8)).id
            try await withBackground {
                try await bench.service.serve(HandleInteraction.self, at: .commands(of: .moderation)) { _, _ in
                    // Slower than the gateway's patience.
                    try await eventually("the gateway has deferred") {
                        try await Self.calls(bench, "POST").contains { $0.path.hasSuffix("/callback") }
                    }
                    return InteractionReply(kind: .message, data: #"{"content":"more words","flags":64}"#)
                }
            } body: {
                try await eventually("the press is taken") {
                    try await bench.control(
                        "/components",
                        ["message": message, "author": "alice", "customId": "words:more"]
                    ).contains(#""id""#)
                }
                try await eventually("the message beside it") {
                    try await Self.transcript(bench).contains { $0.content == "more words" }
                }
                let original = try await Self.transcript(bench).first { $0.id == message }
                #expect(original?.content == "the list" && original?.edits == 0)
            }
        }
    }

    @Test("Members by id, by the beginning of a name, and all; all again must wait, and a foreign guild is none")
    func members() async throws {
        try await GatewayBench.with { bench in
            let gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            try await bench.say("hello")
            try await eventually("the guild is known") { !bench.received.messages.isEmpty }
            let guild = try #require(bench.received.all.compactMap(\.header.guild).first)
            let bob = try #require(bench.received.all.last { $0.topic.hasSuffix("MESSAGE_CREATE.") }?.header.user)
            func ask(_ query: QueryMembers) async throws -> MemberList {
                try await bench.service.request(query, timeout: .seconds(5))
            }
            let two = try await ask(QueryMembers(guild: guild, users: [bob, UserID(42)]))
            #expect(two.members.map(\.name) == ["bob"] && two.missing == [UserID(42)])
            let some = try await ask(QueryMembers(guild: guild, prefix: "AL", limit: 3))
            #expect(some.members.map(\.name) == ["alice"])
            let all = try await ask(QueryMembers(guild: guild))
            #expect(Set(all.members.map(\.name)).isSuperset(of: ["alice", "bob", "carol", "dave", "mallory"]))
            #expect(!all.isCut)
            // Discord would refuse it for 30 s, which is longer than this request may take.
            await #expect(throws: BusError.self) { try await ask(QueryMembers(guild: guild)) }
            await #expect(throws: BusError.self) { try await ask(QueryMembers(guild: GuildID(7), users: [bob])) }
            await #expect(throws: BusError.self) {
                try await ask(QueryMembers(guild: guild, users: Array(repeating: bob, count: 101)))
            }
            #expect(try await bench.status()["rainbow"]?.state == .online)
        }
    }

    @Test("A bot shows itself as fleet.yaml says, from the first session on and after a resume with another file")
    func presence() async throws {
        try await GatewayBench.with(tokens: ["rainbow"]) { bench in
            func write(_ presence: String) throws {
                try "bots:\n  - {name: rainbow, discord_token: \"${TOKEN_RAINBOW}\", presence: \(presence)}\n".write(
                    toFile: bench.config + "/fleet.yaml",
                    atomically: true,
                    encoding: .utf8
                )
            }
            func shown() throws -> String {
                try bench.discord.withWorld { world throws(DiscordError) in
                    world.findUser("rainbow").map { world.presenceJSON($0, of: nil).text } ?? ""
                }
            }
            try write("{status: idle, activity: {kind: watching, name: the harbour}}")
            var gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            #expect(try shown().contains(#""status":"idle""#) && shown().contains("the harbour"))
            gateway.stop()
            try write("{status: dnd}")
            gateway = try bench.start()
            try await bench.waitUntilOnline("rainbow")
            try await eventually("the new presence is shown") {
                try shown().contains(#""status":"dnd""#) && !shown().contains("the harbour")
            }
            #expect(try await bench.identifies("rainbow") == 1)
        }
    }

    @Test(
        "kill -9 before the table had the observer: it is found again, and nothing is lost",
        arguments: [true, false]
    )
    func observerNotSaved(isJournalled: Bool) async throws {
        try await GatewayBench.with { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            for index in 0..<5 { try await bench.say("before \(index)") }
            if isJournalled {
                try await eventually("the journal has them") { try await Self.journalled(bench).count == 5 }
            }
            gateway.kill()
            // As if the process had died before it wrote the row, and the snapshot, which come later than the journal.
            try await bench.client.query("DELETE FROM observers")
            try await bench.client.query("DELETE FROM guild_snapshots")
            for index in 0..<5 { try await bench.say("meanwhile \(index)") }
            gateway = try bench.start()
            try await bench.waitUntilOnline("rainbow", "iris")
            try await eventually("the journal has each once") {
                try await Self.journalled(bench)
                    == (0..<5).map { "before \($0)" } + (0..<5).map { "meanwhile \($0)" }
            }
            try await eventually("the table has the observer") {
                let rows = try await bench.client.query("SELECT bot FROM observers")
                return try rows.first?.decode(String.self, "bot") == "rainbow"
            }
            #expect(try await bench.identifies("rainbow") == 1)
        }
    }

    @Test("A guild that a bot has left is forgotten, also when that happened while nobody listened")
    func leftGuilds() async throws {
        try await GatewayBench.with { bench in
            let (rainbow, iris) = (try #require(BotID("rainbow")), try #require(BotID("iris")))
            let guilds = try bench.discord.withWorld { (world) throws(DiscordError) in
                for name in ["rainbow", "iris"] { _ = world.application(token: "playground.\(name)") }
                return [
                    try world.addGuild(named: "one", onShard: 0, of: 1),
                    try world.addGuild(named: "two", onShard: 0, of: 1),
                    try world.addGuild(named: "three", onShard: 0, of: 1),
                ]
            }
            @Sendable func leave(_ guild: GuildID, _ bots: BotID...) throws {
                try bench.discord.withWorld { (world) throws(DiscordError) in
                    for bot in bots {
                        guard let user = world.findUser(bot.rawValue) else { continue }
                        try world.leave(guild, user)
                    }
                }
            }
            @Sendable func bots(_ guild: GuildID) async throws -> Set<BotID> {
                Set(try await bench.service.request(QueryGuild(guild: guild), timeout: .seconds(2)).bots)
            }
            @Sendable func stored(_ guild: GuildID) async throws -> Set<String> {
                let rows = try await bench.client.query("SELECT bot FROM guild_snapshots WHERE guild = \(guild)")
                return Set(try rows.map { try $0.decode(String.self, "bot") })
            }
            var gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow", "iris")
            try await eventually("all are stored") {
                for guild in guilds {
                    guard try await bots(guild) == [rainbow, iris], try await !stored(guild).isEmpty else {
                        return false
                    }
                }
                return true
            }
            try leave(guilds[0], rainbow, iris)
            try leave(guilds[1], rainbow)
            try await eventually("told by GUILD_DELETE") {
                let (one, two) = (try await stored(guilds[0]), try await stored(guilds[1]))
                guard one.isEmpty, two == ["iris"] else { return false }
                let (left, kept) = (try await bots(guilds[0]), try await bots(guilds[1]))
                return left.isEmpty && kept == [iris]
            }
            gateway.kill()
            try leave(guilds[2], rainbow, iris)
            // The sessions are lost as well: nobody will say any more that the bots have left.
            try await bench.client.query("UPDATE streams SET session = 'unknown'")
            gateway = try bench.start()
            try await eventually("new sessions", within: .seconds(40)) {
                let count = (try await bench.identifies("rainbow"), try await bench.identifies("iris"))
                return count == (2, 2)
            }
            try await bench.waitUntilOnline("rainbow", "iris")
            try await eventually("told by READY") {
                guard try await stored(guilds[2]).isEmpty else { return false }
                let (left, kept) = (try await bots(guilds[2]), try await bots(guilds[1]))
                return left.isEmpty && kept == [iris]
            }
        }
    }

    @Test("Refused requests are counted over kill -9, and stop the next process when there were too many")
    func invalidRequests() async throws {
        try await GatewayBench.with(tokens: ["rainbow"]) { bench in
            var gateway = try bench.start()
            defer { gateway.kill() }
            try await bench.waitUntilOnline("rainbow")
            // The owner's nick is nobody's to change.
            let (guild, owner) = try bench.discord.withWorld { world throws(DiscordError) in
                (world.home, world.findUser("alice"))
            }
            let call = ExecuteREST(
                bot: try #require(BotID("rainbow")),
                method: "PATCH",
                path: "/guilds/\(guild)/members/\(try #require(owner))",
                body: #"{"nick":"x"}"#
            )
            for _ in 0..<3 {
                let outcome = try await bench.service.request(call, timeout: .seconds(5))
                #expect(outcome.status == 403)
            }
            try await eventually("they are counted") { try await Self.refusals(bench) == 3 }
            gateway.kill()
            // What other processes on this address had meanwhile.
            _ = try await InvalidRequests(bench.client).add(5000)
            gateway = try bench.start()
            try await eventually("nothing is sent any more") {
                let outcome = try? await bench.service.request(call, timeout: .seconds(2))
                let reason = try? await bench.status()["rainbow"]?.reason
                return outcome?.failure?.message.contains("suspended") == true || reason?.contains("suspended") == true
            }
            #expect(try await bench.status()["rainbow"]?.state != .online)
        }
    }

    // MARK: -

    private struct Posted: Decodable {
        let id: String
    }

    private struct Call: Decodable {
        let method: String
        let path: String
    }

    private struct Shown: Decodable {
        let id: String
        let content: String
        let edits: Int
    }

    private static func calls(_ bench: GatewayBench, _ method: String) async throws -> [Call] {
        try JSONDecoder().decode([Call].self, from: Data(try await bench.look("/calls?since=0").utf8)).filter {
            $0.method == method
        }
    }

    private static func transcript(_ bench: GatewayBench) async throws -> [Shown] {
        try JSONDecoder().decode([Shown].self, from: Data(try await bench.look("/transcript?channel=general").utf8))
    }

    private static func journalled(_ bench: GatewayBench) async throws -> [String] {
        try await bench.client.query("SELECT payload FROM journal WHERE event = 'MESSAGE_CREATE' ORDER BY seq").map {
            try MessageEvent(json: try $0.decode([UInt8].self, "payload")).content
        }
    }

    private static func refusals(_ bench: GatewayBench) async throws -> Int {
        try await InvalidRequests(bench.client).add(0)
    }
}
