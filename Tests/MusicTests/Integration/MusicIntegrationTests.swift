import BusContract
import DiscordModel
import LavalinkBridgeCore
import MusicCore
import Postgres
import Simulation
import Store
import Synchronization
import TestSupport
import Testing

@Suite("Music, from a member's command to a node", .timeLimit(.minutes(2)))
struct MusicIntegrationTests {
    @Test("/play goes to Rainbow, a second channel to Iris, and each node session plays its own bot's music")
    func twoChannels() async throws {
        try await withStage { stage in
            try await stage.with(LavalinkBridgeService.self) {
                try await stage.with(MusicService.self) {
                    stage.gateway.join(1, 10)
                    stage.gateway.join(2, 20)
                    let first = try await stage.play("paper boats", 1)
                    #expect(first.contains("Rainbow") && first.contains("<#10>"))
                    let second = try await stage.play("kettle", 2)
                    #expect(second.contains("Iris") && second.contains("<#20>"))
                    try await eventually("both play") {
                        stage.playing("rainbow") != nil && stage.playing("iris") != nil
                    }
                    #expect(stage.playing("rainbow")?.title != stage.playing("iris")?.title)
                    let places = stage.gateway.state.withLock { $0.bots }
                    #expect(places[FakeGateway.troupe[0]] == ChannelID(10))
                    #expect(places[FakeGateway.troupe[1]] == ChannelID(20))
                    #expect(
                        stage.gateway.state.withLock { $0.declared } == ["nowplaying", "play", "queue", "skip", "stop"]
                    )
                }
            }
        }
    }

    @Test("a whole evening: queue, now playing, skip, stop")
    func commands() async throws {
        try await withStage { stage in
            try await stage.with(LavalinkBridgeService.self) {
                try await stage.with(MusicService.self) {
                    expectAnswer(try await stage.use("nowplaying", 1), "Nothing is playing")
                    expectAnswer(try await stage.play("anything", 1), "Join a voice channel first")
                    stage.gateway.join(1, 10)
                    expectAnswer(try await stage.play("nothing", 1), "found nothing")
                    _ = try await stage.play("one", 1)
                    let queued = try await stage.play("two", 1)
                    #expect(queued.contains("Number 1 in Rainbow"))
                    try await eventually("the first plays") { stage.playing("rainbow") != nil }
                    let one = try #require(stage.playing("rainbow"))
                    let queue = try await stage.use("queue", 1)
                    #expect(queue.contains("▶️") && queue.contains("`1.`"))
                    try await eventually("the position is known") {
                        try await stage.use("nowplaying", 1).contains("▶️ ")
                    }
                    expectAnswer(try await stage.use("nowplaying", 1), "🔘")

                    expectAnswer(try await stage.use("skip", 2), "Join a voice channel first")
                    stage.gateway.join(2, 20)
                    expectAnswer(try await stage.use("skip", 2), "There is music in <#10>")
                    expectAnswer(try await stage.use("skip", 1), "Skipped")
                    try await eventually("the second plays") {
                        stage.playing("rainbow").map { $0.entry != one.entry } ?? false
                    }
                    expectAnswer(try await stage.use("skip", 1), "The queue is empty")
                    try await eventually("silence") { stage.playing("rainbow") == nil }
                    expectAnswer(try await stage.use("stop", 1, locale: "uk"), "зупиняє")
                    try await eventually("the bot leaves") {
                        stage.gateway.state.withLock { $0.bots.isEmpty }
                    }
                    try await eventually("nothing is left in the tables") {
                        let desired = try await DesiredPlayers(stage.database).all()
                        let observed = try await ObservedPlayers(stage.database).all()
                        return desired.isEmpty && observed.isEmpty
                    }
                }
            }
        }
    }

    @Test("the troupe is used up in its order; the fifth channel gets a clear answer; a bot in the channel is reused")
    func allBusy() async throws {
        try await withStage { stage in
            try await stage.with(LavalinkBridgeService.self) {
                try await stage.with(MusicService.self) {
                    for user in 1...5 { stage.gateway.join(UInt64(user), UInt64(user * 10)) }
                    for (user, name) in ["Rainbow", "Iris", "Aurora", "Selene"].enumerated() {
                        let answer = try await stage.play("song \(user)", UInt64(user + 1))
                        #expect(answer.contains(name))
                    }
                    expectAnswer(try await stage.play("song", 5), "All 4 bots are already playing")
                    stage.gateway.join(5, 30)
                    expectAnswer(try await stage.play("song", 5), "Number 1 in Aurora")
                }
            }
        }
    }

    @Test("a bot that may not speak is passed over; when none may, the answer says so")
    func permissions() async throws {
        try await withStage { stage in
            try await stage.with(LavalinkBridgeService.self) {
                try await stage.with(MusicService.self) {
                    stage.gateway.join(1, 10)
                    stage.gateway.state.withLock { $0.forbidden[FakeGateway.troupe[0]] = [.speak] }
                    expectAnswer(try await stage.play("song", 1), "Iris")
                    stage.gateway.join(2, 20)
                    stage.gateway.state.withLock { state in
                        for bot in FakeGateway.troupe { state.forbidden[bot] = [.speak] }
                    }
                    expectAnswer(try await stage.play("song", 2), "may not speak in <#20>")
                    stage.gateway.state.withLock { $0.online = [] }
                    expectAnswer(try await stage.use("play", 2, options: ["query": "song"]), "No bot")
                }
            }
        }
    }

    @Test("a node that fails a search is told to the member in plain words, and what plays goes on")
    func failingNode() async throws {
        try await withStage { stage in
            try await stage.with(LavalinkBridgeService.self) {
                try await stage.with(MusicService.self) {
                    stage.gateway.join(1, 10)
                    _ = try await stage.play("song", 1)
                    try await eventually("it plays") { stage.playing("rainbow").map { $0.position > 300 } ?? false }
                    let before = try #require(stage.playing("rainbow"))
                    stage.nodes[0].double.inject(.serverErrors(count: 1))
                    expectAnswer(try await stage.play("another", 1, interaction: 71), "music server does not answer")
                    stage.nodes[0].double.inject(.loadErrors(count: 1))
                    expectAnswer(try await stage.play("a third", 1, interaction: 72), "could not be read")
                    expectAnswer(try await stage.play("a fourth", 1), "Number 1 in Rainbow")
                    let after = try #require(stage.playing("rainbow"))
                    #expect(after.entry == before.entry && after.position >= before.position)
                }
            }
        }
    }

    @Test("one interaction handled three times at once adds one track and answers the same")
    func idempotent() async throws {
        try await withStage { stage in
            try await stage.with(LavalinkBridgeService.self) {
                try await stage.with(MusicService.self) {
                    stage.gateway.join(1, 10)
                    async let first = stage.play("song", 1, interaction: 42)
                    async let second = stage.play("song", 1, interaction: 42)
                    async let third = stage.play("song", 1, interaction: 42)
                    let answers = try await [first, second, third]
                    #expect(Set(answers).count == 1)
                    #expect(try await stage.play("song", 1, interaction: 42) == answers[0])
                    let rows = try await stage.database.query("SELECT count(*) AS n FROM queue_entries")
                    let count: Int = try rows.only()["n"]
                    #expect(count == 1)
                }
            }
        }
    }

    @Test("ten members in ten channels at once: four bots, each in one channel, six refusals")
    func race() async throws {
        try await withStage { stage in
            try await stage.with(LavalinkBridgeService.self) {
                try await stage.with(MusicService.self) {
                    for user in 1...10 { stage.gateway.join(UInt64(user), UInt64(user * 10)) }
                    let answers = try await withThrowingTaskGroup(of: String.self) { group in
                        for user in 1...10 {
                            group.addTask { try await stage.play("song \(user)", UInt64(user)) }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(answers.count { $0.contains("plays it in") } == 4)
                    #expect(answers.count { $0.contains("already playing") } == 6)
                    let players = try await DesiredPlayers(stage.database).all()
                    #expect(Set(players.map(\.key.bot)).count == 4 && Set(players.map(\.channel)).count == 4)
                }
            }
        }
    }

    @Test("tracks follow each other by themselves; three that cannot be played stop it, with the queue kept")
    func advance() async throws {
        try await withStage(lengths: 1...1) { stage in
            try await stage.with(LavalinkBridgeService.self) {
                try await stage.with(MusicService.self) {
                    stage.gateway.join(1, 10)
                    _ = try await stage.play("one", 1)
                    _ = try await stage.play("two", 1)
                    _ = try await stage.play("three", 1)
                    try await eventually("all three have played") {
                        let rows = try await stage.database.query(
                            "SELECT count(*) AS n FROM queue_entries WHERE state = 'finished'"
                        )
                        return try rows.only()["n"] == 3
                    }
                    // One that plays holds the others back until all are queued.
                    _ = try await stage.play("four", 1)
                    for number in 1...5 { _ = try await stage.play("broken \(number)", 1) }
                    try await eventually("it gives up") {
                        stage.gateway.state.withLock { state in
                            state.posts.contains { $0.body.contains("3 tracks in a row") }
                        }
                    }
                    let rows = try await stage.database.query(
                        "SELECT count(*) AS n FROM queue_entries WHERE state = 'queued'"
                    )
                    let count: Int = try rows.only()["n"]
                    #expect(count == 2)
                }
            }
        }
    }

    @Test("moved by a moderator the music goes along; disconnected it ends, and the members are told")
    func moderator() async throws {
        try await withStage { stage in
            try await stage.with(LavalinkBridgeService.self) {
                try await stage.with(MusicService.self) {
                    stage.gateway.join(1, 10)
                    _ = try await stage.play("song", 1)
                    try await eventually("it plays") { stage.playing("rainbow") != nil }
                    let rainbow = FakeGateway.troupe[0]
                    stage.gateway.move(rainbow, to: ChannelID(11))
                    try await eventually("the move is known") {
                        try await DesiredPlayers(stage.database).all().first?.channel == ChannelID(11)
                    }
                    try await eventually("it still plays") { stage.playing("rainbow") != nil }
                    stage.gateway.move(rainbow, to: nil)
                    try await eventually("it has ended") {
                        try await DesiredPlayers(stage.database).all().isEmpty
                    }
                    try await eventually("the members are told") {
                        stage.gateway.state.withLock { state in
                            state.posts.contains { $0.body.contains("disconnected from <#11>") }
                        }
                    }
                }
            }
        }
    }
}
