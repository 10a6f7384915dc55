import Testing

@testable import Simulation

@Suite("The local Lavalink node")
struct LavalinkNodeTests {
    private static let start: Int64 = 1_800_000_000_000
    private static let guild = "81384788765712384"
    private static let voice = PlayerChange.Voice(token: "t", endpoint: "e", sessionID: "s", channelID: "1")

    private var node = LavalinkNode(now: start)

    private func track(_ query: String, in node: inout LavalinkNode) throws -> SimulatedTrack {
        guard case .search(let tracks) = node.catalogue.load("ytsearch:\(query)") else {
            throw LavalinkError(500, "no search result")
        }
        return try #require(tracks.first)
    }

    private func connect(_ user: UInt64, to node: inout LavalinkNode) throws -> String {
        let session = node.connect(user: user, resuming: nil)
        return try #require(session)
    }

    private func change(playing track: SimulatedTrack? = nil, voice: PlayerChange.Voice? = Self.voice) -> PlayerChange {
        var change = PlayerChange()
        if let track { change.encoded = .value(TrackEncoding.encode(track)) }
        change.voice = voice
        return change
    }

    /// The kinds of the messages that wait: `ready`, `stats`, `playerUpdate`, or an event's type with its reason.
    private func kinds(_ node: inout LavalinkNode) -> [String] {
        node.takeMessages().map { _, message in
            let type = message["type"]?.stringValue ?? message["op"]?.stringValue ?? "?"
            return message["reason"].map { "\(type) \($0.stringValue ?? "")" } ?? type
        }
    }

    @Test("a new session is greeted and gets statistics; a track starts, reports, and ends when its time is over")
    mutating func playsThrough() throws {
        let session = try connect(1, to: &node)
        #expect(session.count == 16)
        #expect(kinds(&node) == ["ready", "stats"])
        let track = try track("harbour", in: &node)
        let player = try node.update(Self.guild, of: session, change(playing: track))
        #expect(player["track"]?["info"]?["title"]?.stringValue == track.title)
        #expect(player["state"]?["connected"] == true)
        #expect(kinds(&node) == ["playerUpdate", "TrackStartEvent", "playerUpdate"])

        node.advance(to: Self.start + 5_000)
        #expect(kinds(&node) == ["playerUpdate"])
        #expect(try node.player(Self.guild, of: session)["state"]?["position"] == 5_000)

        node.advance(to: Self.start + track.length - 1)
        #expect(!kinds(&node).contains("TrackEndEvent finished"))
        node.advance(to: Self.start + track.length)
        #expect(kinds(&node).filter { $0.hasPrefix("Track") } == ["TrackEndEvent finished"])
        #expect(try node.player(Self.guild, of: session)["track"]?.isNull == true)
    }

    @Test("the position stands while paused and without voice, and runs faster under a timescale")
    mutating func position() throws {
        let session = try connect(1, to: &node)
        let track = try track("blue", in: &node)
        _ = try node.update(Self.guild, of: session, change(playing: track, voice: nil))
        node.advance(to: Self.start + 3_000)
        #expect(try node.player(Self.guild, of: session)["state"]?["position"] == 0)
        _ = try node.update(Self.guild, of: session, change())
        node.advance(to: Self.start + 4_000)
        #expect(try node.player(Self.guild, of: session)["state"]?["position"] == 1_000)

        var pause = PlayerChange()
        pause.isPaused = true
        _ = try node.update(Self.guild, of: session, pause)
        node.advance(to: Self.start + 9_000)
        #expect(try node.player(Self.guild, of: session)["state"]?["position"] == 1_000)

        var faster = PlayerChange()
        faster.isPaused = false
        faster.filters = ["timescale": ["speed": 2.0]]
        _ = try node.update(Self.guild, of: session, faster)
        node.advance(to: Self.start + 11_000)
        #expect(try node.player(Self.guild, of: session)["state"]?["position"] == 5_000)
    }

    @Test("replacing, stopping, seeking and an end time act as Lavalink documents")
    mutating func commands() throws {
        let session = try connect(1, to: &node)
        let first = try track("one", in: &node)
        let second = try track("two", in: &node)
        _ = try node.update(Self.guild, of: session, change(playing: first))
        _ = kinds(&node)
        _ = try node.update(Self.guild, of: session, change(playing: second), noReplace: true)
        #expect(try node.player(Self.guild, of: session)["track"]?["info"]?["title"]?.stringValue == first.title)
        _ = try node.update(Self.guild, of: session, change(playing: second))
        #expect(kinds(&node) == ["TrackEndEvent replaced", "TrackStartEvent", "playerUpdate"])

        var seek = PlayerChange()
        seek.position = 4_000
        seek.endTime = .value(6_000)
        _ = try node.update(Self.guild, of: session, seek)
        node.advance(to: Self.start + 1_999)
        #expect(kinds(&node) == ["playerUpdate"])
        node.advance(to: Self.start + 2_000)
        #expect(kinds(&node) == ["TrackEndEvent finished"])

        _ = try node.update(Self.guild, of: session, change(playing: first))
        var stop = PlayerChange()
        stop.encoded = .null
        _ = kinds(&node)
        _ = try node.update(Self.guild, of: session, stop)
        #expect(kinds(&node) == ["TrackEndEvent stopped"])
        try node.destroy(Self.guild, of: session)
        #expect(throws: LavalinkError.playerNotFound) { try node.player(Self.guild, of: session) }
        try node.destroy(Self.guild, of: session)
    }

    @Test("a stuck track is told once and never ends; a broken one fails before it starts; a glitch ends it")
    mutating func courses() throws {
        let session = try connect(1, to: &node)
        _ = try node.update(Self.guild, of: session, change(playing: try track("stuck", in: &node)))
        _ = kinds(&node)
        node.advance(to: Self.start + 12_999)
        #expect(!kinds(&node).contains("TrackStuckEvent"))
        node.advance(to: Self.start + 13_000)
        #expect(kinds(&node).first == "TrackStuckEvent")
        node.advance(to: Self.start + 600_000)
        #expect(!kinds(&node).contains { $0.hasPrefix("Track") })

        _ = try node.update(Self.guild, of: session, change(playing: try track("broken", in: &node)))
        #expect(
            kinds(&node).filter { $0.hasPrefix("Track") }
                == ["TrackEndEvent replaced", "TrackStartEvent", "TrackExceptionEvent", "TrackEndEvent loadFailed"]
        )

        _ = try node.update(Self.guild, of: session, change(playing: try track("glitch", in: &node)))
        node.advance(to: Self.start + 603_000)
        #expect(
            kinds(&node).filter { $0.hasPrefix("Track") }
                == ["TrackStartEvent", "TrackExceptionEvent", "TrackEndEvent finished"]
        )
    }

    @Test("without voice for a minute a track is cleaned up")
    mutating func cleanup() throws {
        let session = try connect(1, to: &node)
        _ = try node.update(Self.guild, of: session, change(playing: try track("x", in: &node)))
        node.disturb(Self.guild, of: session) { $0.closeVoice(code: 4014, reason: "Disconnected.", byRemote: true) }
        #expect(kinds(&node).contains("WebSocketClosedEvent Disconnected."))
        node.advance(to: Self.start + 60_000)
        #expect(kinds(&node).contains("TrackEndEvent cleanup"))
    }

    @Test("voice that Discord does not know is refused with 500 and 4006")
    mutating func refusedVoice() throws {
        let session = try connect(7, to: &node)
        _ = try node.update(Self.guild, of: session, change())
        _ = kinds(&node)
        var other = Self.voice
        other.token = "old"
        #expect(throws: LavalinkError.voiceFailed) {
            try node.update(Self.guild, of: session, change(voice: other)) { user, voice in
                #expect(user == 7)
                return voice.token == "t"
            }
        }
        #expect(kinds(&node) == ["WebSocketClosedEvent Session is no longer valid.", "playerUpdate"])
    }

    @Test("a session that resumes gets ready, what it missed, and the positions; requests meanwhile find none")
    mutating func resuming() throws {
        let session = try connect(1, to: &node)
        let answer = try node.configure(session, ["resuming": true, "timeout": 120])
        #expect(answer == ["resuming": true, "timeout": 120])
        let track = try track("harbour", in: &node)
        _ = try node.update(Self.guild, of: session, change(playing: track))
        _ = kinds(&node)
        node.disconnect(session)
        #expect(throws: LavalinkError.sessionNotFound) { try node.players(of: session) }
        node.advance(to: Self.start + min(track.length, 119_000))
        #expect(kinds(&node).isEmpty)
        #expect(node.canResume(session) == true)
        let resumed = node.connect(user: 1, resuming: session)
        #expect(resumed == session)
        let messages = kinds(&node)
        #expect(messages.first == "ready")
        #expect(messages.last == "playerUpdate")
        #expect(messages.contains("TrackEndEvent finished") == (track.length <= 119_000))
    }

    @Test("a session ends with its time, or at once if it was not told to resume")
    mutating func endOfSessions() throws {
        let waiting = try connect(1, to: &node)
        _ = try node.configure(waiting, ["resuming": true, "timeout": 10])
        node.disconnect(waiting)
        node.advance(to: Self.start + 10_000)
        #expect(node.sessions.isEmpty)
        let next = node.connect(user: 1, resuming: waiting)
        #expect(next != waiting)
        node.disconnect(try #require(next))
        #expect(node.sessions.isEmpty)
    }

    @Test(
        "refuses what Lavalink refuses",
        arguments: [
            nil, "text", ["track": ["encoded": "a", "identifier": "b"]], ["track": [:], "identifier": "b"],
            ["volume": 1_001], ["volume": -1], ["position": -5], ["endTime": 0], ["paused": 1],
            ["track": ["userData": "text"]], ["voice": ["token": "a", "endpoint": "b", "sessionId": "c"]],
            ["voice": ["token": " ", "endpoint": "b", "sessionId": "c", "channelId": "1"]],
            ["filters": ["karaoke": [:]]], ["filters": ["equalizer": [["band": 15, "gain": 0.1]]]],
            ["filters": ["timescale": ["speed": 0]]],
        ] as [JSONValue?]
    )
    func badChanges(body: JSONValue?) {
        let error = #expect(throws: LavalinkError.self) { try PlayerChange(body, disabledFilters: ["karaoke"]) }
        #expect(error?.status == 400)
    }

    @Test("statistics count all sessions, frames only after a minute of playing")
    mutating func statistics() throws {
        let one = try connect(1, to: &node)
        let two = try connect(2, to: &node)
        var long = try track("long", in: &node)
        long.length = 600_000
        _ = try node.update(Self.guild, of: one, change(playing: long))
        #expect(node.stats["players"] == 1)
        _ = node.takeMessages()
        node.advance(to: Self.start + 60_000)
        let stats = node.takeMessages().filter { $0.message["op"] == "stats" }
        #expect(stats.count == 2)
        #expect(stats.first { $0.session == one }?.message["frameStats"]?["sent"] == 3_000)
        #expect(stats.first { $0.session == two }?.message["frameStats"]?.isNull == true)
        #expect(stats.allSatisfy { $0.message["playingPlayers"] == 1 })
    }
}
