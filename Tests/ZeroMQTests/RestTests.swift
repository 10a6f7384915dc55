import Testing
import ZeroMQ

/// Only floods gather, and only for a moment.
@Suite struct RestTests {
    private let now = ContinuousClock.now

    @Test func fewMessagesNeverRest() {
        var rest = Rest()
        for _ in 0..<100 {
            rest.moved(Rest.flood - 1, isDrained: true, now: now)
            #expect(rest.end == nil)
        }
        let isOver = rest.finish(now)
        #expect(!isOver)
    }

    @Test func aFloodRestsOnceNothingIsLeft() {
        var rest = Rest()
        rest.moved(Rest.flood, isDrained: false, now: now)
        #expect(rest.end == nil)
        rest.moved(0, isDrained: true, now: now)
        #expect(rest.end == now + Rest.length)
        let early = rest.finish(now)
        let late = rest.finish(now + Rest.length)
        #expect(!early && late)
        #expect(rest.end == nil)
        // What was moved before the rest counts no more.
        rest.moved(Rest.flood - 1, isDrained: true, now: now)
        #expect(rest.end == nil)
    }
}
