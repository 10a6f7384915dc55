import BusContract
import DiscordModel
import DurableEvents
import TestSupport
import Testing

@Suite("positions")
struct PositionTrackerTests {
    private typealias Place = PositionTracker.Place

    private func tracker(_ places: [String: (UInt64, UInt64)] = [:]) -> PositionTracker {
        PositionTracker(
            events: ["A", "B"],
            places: places.mapValues { Place(stream: $0.0, seq: $0.1) }
        )
    }

    @Test("an event whose predecessor has been handled is next")
    func next() {
        var tracker = tracker(["A": (1, 4)])
        #expect(tracker.judge("A", stream: 1, seq: 7, prev: 4) == .deliver)
        tracker.advance("A", to: Place(stream: 1, seq: 7))
        #expect(tracker.judge("A", stream: 1, seq: 7, prev: 4) == .duplicate)
        #expect(tracker.judge("A", stream: 1, seq: 3, prev: 0) == .duplicate)
        #expect(tracker.judge("A", stream: 1, seq: 8, prev: 2) == .deliver)
    }

    @Test("a lost event of one kind is noticed though events of another kind have gone on")
    func gapBehindAnotherKind() {
        var tracker = tracker(["A": (1, 4), "B": (1, 4)])
        // A's 5 is lost; B's 6 arrives.
        tracker.advance("B", to: Place(stream: 1, seq: 6))
        #expect(tracker.judge("A", stream: 1, seq: 8, prev: 5) == .gap(upTo: Place(stream: 1, seq: 5)))
    }

    @Test("an event of a new stream waits for the old stream's end")
    func newStream() {
        var tracker = tracker(["A": (1, 4)])
        #expect(tracker.judge("A", stream: 2, seq: 1, prev: 0) == .gap(upTo: Place(stream: 2, seq: 0)))
        tracker.enter(stream: 2)
        #expect(tracker.judge("A", stream: 2, seq: 1, prev: 0) == .deliver)
        #expect(tracker.judge("A", stream: 1, seq: 9, prev: 4) == .duplicate)
    }

    @Test("a pulse shows a lost tail, of the events that are consumed only")
    func pulse() throws {
        let partition = Partition(bot: try #require(BotID(rawValue: "iris")), shard: 0)
        let tracker = tracker(["A": (1, 4), "B": (1, 2)])
        let level = Head(
            partition: partition,
            stream: 1,
            topics: [.init(event: "A", seq: 4), .init(event: "C", seq: 99)],
            journalled: 99
        )
        #expect(tracker.missing(in: level) == nil)
        let ahead = Head(partition: partition, stream: 1, topics: [.init(event: "B", seq: 3)], journalled: 0)
        #expect(tracker.missing(in: ahead)?.place == Place(stream: 1, seq: 3))
    }

    /// However events are lost, repeated and cut off, whatever is delivered is the next one, and nothing is skipped.
    @Test("random losses and repetitions never skip an event", arguments: 0..<50)
    func randomLosses(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let names = ["A", "B"]
        var history: [(name: String, seq: UInt64, prev: UInt64)] = []
        var last: [String: UInt64] = [:]
        for seq in 1...200 as ClosedRange<UInt64> {
            let name = names[Int(random.next() % 2)]
            history.append((name, seq, last[name] ?? 0))
            last[name] = seq
        }
        var tracker = tracker()
        tracker.enter(stream: 1)
        var handled: [String: [UInt64]] = [:]
        func handle(_ event: (name: String, seq: UInt64, prev: UInt64)) {
            handled[event.name, default: []].append(event.seq)
            tracker.advance(event.name, to: Place(stream: 1, seq: event.seq))
        }
        for event in history {
            if random.next() % 4 == 0 { continue }
            for _ in 0...(random.next() % 2) {
                switch tracker.judge(event.name, stream: 1, seq: event.seq, prev: event.prev) {
                case .deliver:
                    handle(event)
                case .duplicate:
                    break
                case .gap(let place):
                    // The journal: everything of every kind up to the place.
                    for missed in history
                    where missed.seq <= place.seq && missed.seq > tracker.place(of: missed.name).seq {
                        handle(missed)
                    }
                    #expect(tracker.judge(event.name, stream: 1, seq: event.seq, prev: event.prev) == .deliver)
                    handle(event)
                }
            }
        }
        for name in names {
            let whole = history.filter { $0.name == name }.map(\.seq)
            let got = handled[name] ?? []
            #expect(got == Array(whole.prefix(got.count)))
        }
    }
}
