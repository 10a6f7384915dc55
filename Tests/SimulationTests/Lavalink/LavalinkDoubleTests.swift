import DiscordModel
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import Simulation

@Suite("The local Lavalink and the local Discord")
struct LavalinkDoubleTests {
    /// A Discord that knows one token, and remembers what it was told.
    private final class Authority: VoiceAuthority {
        let token = Mutex("good")
        let told = Mutex<[NowPlaying?]>([])

        func acceptsVoice(bot: UserID, guild: GuildID, sessionID: String, token: String, endpoint: String) -> Bool {
            self.token.withLock { $0 == token }
        }

        func setPlaying(_ track: NowPlaying?, bot: UserID, guild: GuildID) {
            told.withLock { $0.append(track) }
        }
    }

    private let clock = ManualClock()
    private let authority = Authority()

    private func double() -> LavalinkDouble {
        LavalinkDouble(configuration: .init(clock: clock, start: 1_800_000_000_000), authority: authority)
    }

    private func play(on lavalink: LavalinkDouble) throws -> (session: String, track: SimulatedTrack) {
        let track = SimulatedTrack(identifier: "a", title: "A", author: "B", length: 30_000, sourceName: "youtube")
        var change = PlayerChange()
        change.voice = .init(token: "good", endpoint: "e", sessionID: "s", channelID: "1")
        change.encoded = .value(TrackEncoding.encode(track))
        let prepared = change
        let session = try lavalink.withNode { node throws(LavalinkError) in
            let session = node.connect(user: 7, resuming: nil) ?? ""
            _ = try node.update("9", of: session, prepared)
            return session
        }
        return (session, track)
    }

    @Test("Discord hears what plays, where it is each second, and when it ends")
    func reports() throws {
        let lavalink = double()
        let (_, track) = try play(on: lavalink)
        #expect(authority.told.withLock { $0.count } == 1)
        clock.advance(by: .milliseconds(400))
        lavalink.look()
        #expect(authority.told.withLock { $0.count } == 1)
        clock.advance(by: .milliseconds(700))
        lavalink.look()
        #expect(authority.told.withLock { $0.last.flatMap { $0 }?.position } == 1_100)
        clock.advance(by: .milliseconds(track.length))
        lavalink.look()
        #expect(authority.told.withLock { $0.last == .some(nil) })
    }

    @Test("a voice connection that Discord ends is closed with 4014")
    func kicked() throws {
        let lavalink = double()
        let (session, _) = try play(on: lavalink)
        lavalink.look()
        #expect(lavalink.node.sessions[session]?.players["9"]?.isConnected == true)
        authority.token.withLock { $0 = "another" }
        lavalink.look()
        #expect(lavalink.node.sessions[session]?.players["9"]?.isConnected == false)
        #expect(authority.told.withLock { $0.last == .some(nil) })
    }

    @Test(
        "a handshake needs the password and a numeric user",
        arguments: [
            (["authorization": "youshallnotpass", "user-id": "5"], nil), (["user-id": "5"], 401),
            (["authorization": "wrong", "user-id": "5"], 401), (["authorization": "youshallnotpass"], 400),
            (["authorization": "youshallnotpass", "user-id": "0"], 400),
        ] as [([String: String], Int?)]
    )
    func handshake(headers: [String: String], status: Int?) {
        #expect(double().handshakeError(HTTPHeaders(headers.map { ($0.key, $0.value) }))?.status == status)
    }

    @Test("a dead node refuses for as long as it was told to")
    func dead() {
        let lavalink = double()
        lavalink.inject(.dead(.seconds(2)))
        #expect(lavalink.isDead)
        clock.advance(by: .seconds(2))
        #expect(!lavalink.isDead)
    }

    @Test("a stuck or broken track of one bot leaves the others alone")
    func faults() throws {
        let lavalink = double()
        let (session, _) = try play(on: lavalink)
        lavalink.inject(.exception(bot: 8))
        #expect(lavalink.node.sessions[session]?.players["9"]?.track != nil)
        lavalink.inject(.exception(bot: 7))
        #expect(lavalink.node.sessions[session]?.players["9"]?.track == nil)
    }
}
