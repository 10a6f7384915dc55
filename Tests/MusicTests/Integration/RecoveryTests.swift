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

@Suite("Music when something is killed", .timeLimit(.minutes(2)))
struct MusicRecoveryTests {
    @Test("the bridge is killed: the same track goes on without a break, and commands work again")
    func bridgeKilled() async throws {
        try await withStage { stage in
            try await stage.with(MusicService.self) {
                stage.gateway.join(1, 10)
                let before = try await stage.with(LavalinkBridgeService.self) {
                    _ = try await stage.play("song", 1)
                    _ = try await stage.play("next", 1)
                    try await eventually("it plays") { stage.playing("rainbow").map { $0.position > 300 } ?? false }
                    return stage.playing("rainbow")
                }
                #expect(stage.playing("rainbow")?.entry == before?.entry, "the node plays on by itself")
                let joins = stage.gateway.state.withLock { $0.joins.count }
                try await stage.with(LavalinkBridgeService.self) {
                    try await eventually("the bridge knows its player again") {
                        let row = try await ObservedPlayers(stage.database).all().first
                        return row?.isPlaying == true && row?.entry?.rawValue == before?.entry
                    }
                    let after = try #require(stage.playing("rainbow"))
                    #expect(after.entry == before?.entry && after.position >= before?.position ?? 0)
                    #expect(stage.gateway.state.withLock { $0.joins.count } == joins, "no new join was needed")
                    expectAnswer(try await stage.use("skip", 1), "Skipped")
                    try await eventually("the skip is carried out") {
                        stage.playing("rainbow").map { $0.entry != before?.entry } ?? false
                    }
                }
            }
        }
    }

    @Test("music is killed: the track plays on, its end is not missed, and no entry is lost")
    func musicKilled() async throws {
        try await withStage(lengths: 2...2) { stage in
            try await stage.with(LavalinkBridgeService.self) {
                stage.gateway.join(1, 10)
                let first = try await stage.with(MusicService.self) {
                    _ = try await stage.play("one", 1)
                    _ = try await stage.play("two", 1)
                    try await eventually("it plays") { stage.playing("rainbow") != nil }
                    return stage.playing("rainbow")?.entry
                }
                try await eventually("the first ends with nobody to go on") { stage.playing("rainbow") == nil }
                try await stage.with(MusicService.self) {
                    try await eventually("the second plays") {
                        stage.playing("rainbow").map { $0.entry != first } ?? false
                    }
                }
            }
        }
    }

    @Test("the node's connections drop: nobody notices")
    func socketsDrop() async throws {
        try await withStage { stage in
            try await stage.with(LavalinkBridgeService.self) {
                try await stage.with(MusicService.self) {
                    stage.gateway.join(1, 10)
                    _ = try await stage.play("song", 1)
                    try await eventually("it plays") { stage.playing("rainbow").map { $0.position > 300 } ?? false }
                    let before = try #require(stage.playing("rainbow"))
                    stage.nodes[0].double.inject(.dropSockets)
                    try await eventually("the player is known to play again") {
                        let row = try await ObservedPlayers(stage.database).all().first
                        return row?.isPlaying == true && row?.position ?? 0 > before.position
                    }
                    let after = try #require(stage.playing("rainbow"))
                    #expect(after.entry == before.entry && after.position > before.position)
                }
            }
        }
    }

    @Test("a node dies: the same track goes on at the other within three seconds, where it was")
    func nodeDies() async throws {
        try await withStage(nodes: 2) { stage in
            try await stage.with(LavalinkBridgeService.self) {
                try await stage.with(MusicService.self) {
                    stage.gateway.join(1, 10)
                    _ = try await stage.play("song", 1)
                    try await eventually("it plays") { stage.playing("rainbow").map { $0.position > 500 } ?? false }
                    let before = try #require(stage.playing("rainbow"))
                    let dying = try #require(stage.nodes.first { $0.name == before.node })
                    dying.double.inject(.dead(.seconds(60)))
                    try await eventually("it goes on elsewhere") {
                        stage.nodes.contains { node in
                            node.name != before.node
                                && node.double.node.sessions.values.contains { session in
                                    session.players["\(FakeGateway.guild)"]?.userData["entry"]?.stringValue
                                        == before.entry
                                }
                        }
                    }
                    let position =
                        stage.nodes.filter { $0.name != before.node }.flatMap {
                            $0.double.node.sessions.values.compactMap { $0.players["\(FakeGateway.guild)"]?.position }
                        }.max() ?? 0
                    #expect(position >= before.position - 200)
                }
            }
        }
    }

    @Test("4006: a new voice connection, the same track, the same place")
    func voiceClosed() async throws {
        try await withStage { stage in
            try await stage.with(LavalinkBridgeService.self) {
                try await stage.with(MusicService.self) {
                    stage.gateway.join(1, 10)
                    _ = try await stage.play("song", 1)
                    try await eventually("it plays") { stage.playing("rainbow").map { $0.position > 300 } ?? false }
                    let before = try #require(stage.playing("rainbow"))
                    stage.nodes[0].double.inject(.voiceClosed(code: 4006, bot: nil))
                    try await eventually("it is heard again") {
                        guard let now = stage.playing("rainbow") else { return false }
                        return now.entry == before.entry && now.position > before.position
                    }
                    let joins = stage.gateway.state.withLock { $0.joins.map(\.1) }
                    #expect(joins == [ChannelID(10), nil, ChannelID(10)])
                }
            }
        }
    }

    @Test("the bot's gateway session is made anew: it joins again and goes on")
    func gatewayIdentified() async throws {
        try await withStage { stage in
            try await stage.with(LavalinkBridgeService.self) {
                try await stage.with(MusicService.self) {
                    stage.gateway.join(1, 10)
                    _ = try await stage.play("song", 1)
                    try await eventually("it plays") { stage.playing("rainbow").map { $0.position > 300 } ?? false }
                    let before = try #require(stage.playing("rainbow"))
                    let rainbow = FakeGateway.troupe[0]
                    // Discord forgets the voice of a session that is gone.
                    stage.gateway.state.withLock { state in
                        state.bots[rainbow] = nil
                        state.sessions[rainbow] = nil
                    }
                    stage.nodes[0].double.inject(.voiceClosed(code: 4014, bot: nil))
                    stage.gateway.announce(rainbow, [.connecting, .online])
                    try await eventually("it is heard again") {
                        guard let now = stage.playing("rainbow") else { return false }
                        return now.entry == before.entry && now.position > before.position
                    }
                }
            }
        }
    }
}
