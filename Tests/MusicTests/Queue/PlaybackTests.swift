import BusContract
import DiscordModel
import MusicCore
import Store
import Testing

@Suite("A queue")
struct PlaybackTests {
    private let key = PlayerKey(bot: BotID(rawValue: "iris")!, guild: GuildID(1))

    private func entry(_ number: Int) -> QueueEntry {
        QueueEntry(
            id: QueueEntryID(interaction: InteractionID(5), index: number),
            track: Track(
                encoded: "enc\(number)",
                identifier: "i",
                title: "T\(number)",
                author: "A",
                length: 1000,
                isStream: false,
                isSeekable: true,
                uri: "",
                artwork: "",
                source: "youtube"
            ),
            requester: UserID(3)
        )
    }

    private func playback(_ count: Int) -> Playback {
        var playback = Playback(player: DesiredPlayer(key: key, channel: ChannelID(9)), current: nil, queue: [])
        if count > 0 { _ = playback.enqueue((0..<count).map(entry)) }
        return Playback(player: playback.player, current: playback.current, queue: playback.queue)
    }

    @Test("the first track plays, the others wait")
    func enqueue() {
        var playback = playback(0)
        let result = playback.enqueue([entry(0), entry(1)])
        #expect(result.taken == 2 && result.place == 0)
        #expect(playback.current == entry(0) && playback.queue == [entry(1)])
        #expect(playback.player.entry == entry(0).id && playback.player.encoded == "enc0")
        #expect(playback.changes == [.append(entry(0)), .append(entry(1)), .start(entry(0).id)])
        #expect(playback.enqueue([entry(2)]).place == 2)
        #expect(playback.player.entry == entry(0).id)
    }

    @Test("a full queue takes no more")
    func capacity() {
        var playback = playback(1)
        let result = playback.enqueue((1...Playback.capacity + 5).map(entry))
        #expect(result.taken == Playback.capacity)
        #expect(playback.enqueue([entry(5000)]).taken == 0)
    }

    @Test("skip goes on, and the last skip leaves silence")
    func skip() {
        var playback = playback(2)
        let first = playback.skip()
        #expect(first.skipped == entry(0) && first.next == entry(1))
        #expect(playback.changes == [.end(entry(0).id, .skipped), .start(entry(1).id)])
        let second = playback.skip()
        #expect(second.skipped == entry(1) && second.next == nil)
        #expect(playback.player.entry == nil)
        #expect(playback.skip().skipped == nil)
    }

    @Test("stop empties it")
    func stop() {
        var playback = playback(3)
        #expect(playback.stop() == 3)
        #expect(playback.current == nil && playback.queue.isEmpty && playback.player.entry == nil)
        #expect(playback.changes.count == 3)
    }

    @Test("the end of a track starts the next; the same end again, or of another track, does nothing")
    func ended() {
        var playback = playback(2)
        #expect(playback.ended(entry(0).id, reason: "finished") == .next(entry(1)))
        let after = playback
        #expect(playback.ended(entry(0).id, reason: "finished") == .stale)
        #expect(playback == after)
        #expect(playback.ended(entry(1).id, reason: "finished") == .idle)
        #expect(playback.player.entry == nil)
    }

    @Test("three failures in a row stop it with the queue kept; a member's wish starts it again")
    func failures() {
        var playback = playback(6)
        #expect(playback.ended(entry(0).id, reason: "loadFailed") == .next(entry(1)))
        #expect(playback.ended(entry(1).id, reason: "loadFailed") == .next(entry(2)))
        #expect(playback.ended(entry(2).id, reason: "loadFailed") == .halted)
        #expect(playback.player.entry == nil && playback.queue.count == 3)
        #expect(playback.skip().next == entry(3))
        #expect(playback.player.failures == 0)
    }

    @Test("a track that plays to its end forgives earlier failures")
    func forgiven() {
        var playback = playback(6)
        _ = playback.ended(entry(0).id, reason: "loadFailed")
        _ = playback.ended(entry(1).id, reason: "loadFailed")
        _ = playback.ended(entry(2).id, reason: "finished")
        #expect(playback.ended(entry(3).id, reason: "loadFailed") == .next(entry(4)))
    }

    @Test("stuck tracks are passed over and told apart")
    func stuck() {
        var playback = playback(2)
        #expect(playback.ended(entry(0).id, reason: "stuck") == .next(entry(1)))
        #expect(playback.changes.first == .end(entry(0).id, .stuck))
    }

    @Test("moves change the channel only")
    func move() {
        var playback = playback(1)
        playback.move(to: ChannelID(9))
        #expect(!playback.playerChanged)
        playback.move(to: ChannelID(8))
        #expect(playback.playerChanged && playback.player.channel == ChannelID(8))
        playback.insistOnChannel()
        #expect(playback.player.voiceRevision == 1)
    }
}
