import DiscordModel
import FoundationEssentials
import LavalinkModel
import Testing

private func decode<Value: Decodable>(_ type: Value.Type = Value.self, _ json: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(json.utf8))
}

private func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

private let track = """
    {"encoded":"QAAA","info":{"identifier":"abc","isSeekable":true,"author":"A","length":2.0,"isStream":false,
    "position":0,"title":"T","uri":null,"sourceName":"http","later":1},"pluginInfo":{"x":[1,2.5,null]},
    "userData":{"entry":"7.0"}}
    """

@Suite("What a node says")
struct ServerMessageTests {
    @Test("ready carries a session id that no description shows")
    func ready() throws {
        let message = try decode(ServerMessage.self, #"{"op":"ready","resumed":true,"sessionId":"la3kfsdf5eafe848"}"#)
        #expect(message == .ready(sessionId: LavalinkSessionID("la3kfsdf5eafe848"), resumed: true))
        #expect(!"\(message)".contains("la3kf"))
    }

    @Test("stats pass without frameStats, with fractional numbers and with unknown fields")
    func stats() throws {
        let message = try decode(
            ServerMessage.self,
            #"{"op":"stats","players":1.0,"playingPlayers":1,"uptime":1234,"cpu":{"cores":4.0,"systemLoad":0.5,"lavalinkLoad":0,"nodelinkLoad":1},"memory":null}"#
        )
        guard case .stats(let stats) = message else {
            Issue.record("not stats: \(message)")
            return
        }
        #expect(stats.players == 1)
        #expect(stats.cpu == NodeStats.CPU(cores: 4, systemLoad: 0.5, lavalinkLoad: 0))
        #expect(stats.frameStats == nil)
    }

    @Test("an unknown op and an unknown event are no errors")
    func unknown() throws {
        #expect(try decode(ServerMessage.self, #"{"op":"pluginThing","a":1}"#) == .unknown(op: "pluginThing"))
        let event = try decode(
            ServerMessage.self,
            #"{"op":"event","type":"SegmentSkipped","guildId":"5","segment":{}}"#
        )
        #expect(event == .event(PlayerEvent(guildId: GuildID(5), kind: .unknown(type: "SegmentSkipped"))))
    }

    @Test("a track's user data comes back with every event")
    func trackEnd() throws {
        let message = try decode(
            ServerMessage.self,
            #"{"op":"event","type":"TrackEndEvent","guildId":"5","reason":"loadFailed","track":\#(track)}"#
        )
        guard case .event(let event) = message, case .trackEnd(let ended, let reason) = event.kind else {
            Issue.record("not a track end: \(message)")
            return
        }
        #expect(reason == .loadFailed)
        #expect(reason.mayStartNext)
        #expect(ended.userData["entry"]?.string == "7.0")
        #expect(ended.info.length == 2)
    }

    @Test("a message without its guild is refused, not guessed")
    func missingGuild() {
        #expect(throws: DecodingError.self) {
            try decode(ServerMessage.self, #"{"op":"playerUpdate","state":{"position":1}}"#)
        }
    }

    @Test("every message reads back what it writes")
    func roundTrip() throws {
        let played = try decode(LavalinkTrack.self, track)
        let exception = LavalinkException(message: "m", severity: .fault, cause: "c")
        let kinds: [PlayerEvent.Kind] = [
            .trackStart(played), .trackEnd(played, .finished), .trackException(played, exception),
            .trackStuck(played, thresholdMs: 10_000),
            .webSocketClosed(code: 4006, reason: "Session is no longer valid", byRemote: true),
        ]
        let state = PlayerState(time: 5, position: 6, connected: true, ping: 7)
        var messages: [ServerMessage] = kinds.map { .event(PlayerEvent(guildId: GuildID(9), kind: $0)) }
        messages.append(.playerUpdate(guildId: GuildID(9), state: state))
        messages.append(.ready(sessionId: LavalinkSessionID("s"), resumed: false))
        messages.append(
            .stats(
                NodeStats(players: 1, playingPlayers: 1, uptime: 2, frameStats: .init(sent: 1, nulled: 2, deficit: -3))
            )
        )
        for message in messages {
            #expect(try decode(ServerMessage.self, encode(message)) == message)
        }
    }
}

@Suite("Load results")
struct LoadResultTests {
    @Test("each type", arguments: ["null", "{}"])
    func empty(data: String) throws {
        #expect(try decode(LoadResult.self, #"{"loadType":"empty","data":\#(data)}"#) == .empty)
        #expect(try decode(LoadResult.self, #"{"loadType":"empty"}"#) == .empty)
    }

    @Test("search, track and playlist")
    func found() throws {
        let one = try decode(LavalinkTrack.self, track)
        #expect(try decode(LoadResult.self, #"{"loadType":"search","data":[\#(track)]}"#) == .search([one]))
        #expect(try decode(LoadResult.self, #"{"loadType":"track","data":\#(track)}"#) == .track(one))
        let list = #"{"loadType":"playlist","data":{"info":{"name":"P","selectedTrack":-1},"tracks":[\#(track)]}}"#
        #expect(
            try decode(LoadResult.self, list) == .playlist(LoadedPlaylist(info: .init(name: "P"), tracks: [one]))
        )
    }

    @Test("NodeLink's error under another name is an error too")
    func nodeLink() throws {
        let json = #"{"loadType":"error","exception":{"message":"no","severity":"common","cause":"x"}}"#
        let exception = LavalinkException(message: "no", severity: .common, cause: "x")
        #expect(try decode(LoadResult.self, json) == .error(exception))
        #expect(!exception.isWorthAnotherNode)
    }

    @Test("a stream's length stays a whole number")
    func stream() throws {
        let info = try decode(
            TrackInfo.self,
            #"{"identifier":"r","title":"Radio","length":9223372036854775807,"isStream":true,"sourceName":"http"}"#
        )
        #expect(info.length == .max)
        let wide = try decode(
            TrackInfo.self,
            #"{"identifier":"r","title":"Radio","length":9.223372036854776e18,"isStream":true,"sourceName":"http"}"#
        )
        #expect(wide.length == .max)
    }
}

@Suite("Player updates")
struct PlayerUpdateTests {
    @Test("what is not set is not written, and a stop is null")
    func body() throws {
        #expect(try encode(PlayerUpdate()) == "{}")
        #expect(PlayerUpdate().isEmpty)
        #expect(try encode(PlayerUpdate(track: .init(encoded: nil))) == #"{"track":{"encoded":null}}"#)
        let update = PlayerUpdate(track: .init(encoded: EncodedTrack("Q"), userData: ["entry": "1.0"]), position: 5)
        #expect(try encode(update) == #"{"position":5,"track":{"encoded":"Q","userData":{"entry":"1.0"}}}"#)
    }

    @Test("voice credentials show no token")
    func credentials() throws {
        let voice = VoiceCredentials(token: "tok", endpoint: "eu.example", sessionId: "ses", channelId: ChannelID(3))
        #expect(voice.isComplete)
        #expect(!"\(voice)".contains("tok") && !"\(voice)".contains("ses"))
        #expect(
            try encode(voice) == #"{"channelId":"3","endpoint":"eu.example","sessionId":"ses","token":"tok"}"#
        )
        #expect(!VoiceCredentials(token: "t", endpoint: "e", sessionId: "s", channelId: nil).isComplete)
    }

    @Test("a player reads with and without its optional parts")
    func player() throws {
        let json =
            #"{"guildId":"4","track":null,"volume":50.0,"paused":true,"state":{"time":1,"position":2.0,"connected":true,"ping":3},"voice":{"token":"t","endpoint":"e","sessionId":"s"},"filters":{"equalizer":{"bands":[]}}}"#
        let player = try decode(LavalinkPlayer.self, json)
        #expect(player.volume == 50)
        #expect(player.track == nil)
        #expect(player.state == PlayerState(time: 1, position: 2, connected: true, ping: 3))
        #expect(try encode(player).contains(#""track":null"#))
    }
}

@Suite("Node figures")
struct NodeTests {
    private func stats(playing: Int, load: Double = 0, frames: NodeStats.Frames? = nil) -> NodeStats {
        NodeStats(
            players: playing,
            playingPlayers: playing,
            uptime: 1,
            cpu: .init(cores: 4, systemLoad: load, lavalinkLoad: 0),
            frameStats: frames
        )
    }

    @Test("the penalty is that of the long-lived clients")
    func penalty() {
        #expect(NodePenalty(stats: stats(playing: 3), pending: 2).value == 5)
        let loaded = NodePenalty(stats: stats(playing: 0, load: 0.5), pending: 0).value
        #expect(abs(loaded - 104.674) < 0.01)
        let lossy = NodePenalty(
            stats: stats(playing: 0, frames: .init(sent: 2900, nulled: 60, deficit: 40)),
            pending: 0
        )
        // 1.03^(500*40/3000)*600-600 + (1.03^(500*60/3000)*300-300)*2
        #expect(abs(lossy.value - 337.0) < 1)
    }

    @Test("nonsense figures never make a node attractive")
    func nonsense() {
        let negative = NodePenalty(
            stats: stats(playing: -5, load: -1, frames: .init(sent: 0, nulled: -9, deficit: -9)),
            pending: 0
        )
        #expect(negative.value == 0)
        #expect(NodePenalty(stats: nil, pending: 1) < NodePenalty(stats: stats(playing: 2), pending: 0))
    }

    @Test("voice encryption came with 4.2")
    func encryption() {
        #expect(!NodeInfo.Version(semver: "4.1.9", major: 4, minor: 1, patch: 9).hasVoiceEncryption)
        #expect(NodeInfo.Version(semver: "4.2.0", major: 4, minor: 2, patch: 0).hasVoiceEncryption)
        #expect(NodeInfo.Version(semver: "5.0.0", major: 5, minor: 0, patch: 0).hasVoiceEncryption)
    }

    @Test(
        "voice close codes",
        arguments: [
            (1000, VoiceCloseCode.Remedy.nothing), (4006, .rejoin), (4009, .rejoin), (4014, .awaitState),
            (4015, .awaitServer), (4017, .nodeUnfit), (4021, .giveUp), (4022, .giveUp), (4004, .rejoinOnce),
            (1006, .awaitServer),
        ]
    )
    func closeCodes(code: Int, remedy: VoiceCloseCode.Remedy) {
        #expect(VoiceCloseCode(rawValue: code).remedy == remedy)
    }
}
