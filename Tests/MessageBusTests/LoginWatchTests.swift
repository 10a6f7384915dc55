import MessageBus
import Testing
import ZeroMQ

/// What is told of failing log-ins, and when a refused one is tried again.
@Suite struct LoginWatchTests {
    private let start = ContinuousClock.now
    private var watch: LoginWatch { LoginWatch(patience: .seconds(5), now: start) }

    @Test func silenceIsToldAfterAWhileAndThenSeldom() {
        var watch = watch
        #expect(watch.tick(start + .seconds(4)) == [])
        #expect(watch.tick(start + .seconds(5)) == [.complain(.silent)])
        #expect(watch.tick(start + .seconds(34)) == [])
        #expect(watch.tick(start + .seconds(35)) == [.complain(.silent)])
    }

    @Test func aRefusalIsToldAtOnceAndTriedAgain() {
        var watch = watch
        watch.heard(.refused, now: start + .seconds(1))
        #expect(watch.tick(start + .seconds(1)) == [.complain(.refused)])
        #expect(watch.tick(start + .seconds(5)) == [])
        #expect(watch.tick(start + .seconds(6)) == [.reconnect])
        watch.heard(.refused, now: start + .seconds(7))
        #expect(watch.tick(start + .seconds(7)) == [])
        #expect(watch.tick(start + .seconds(12)) == [.reconnect])
        watch.heard(.succeeded, now: start + .seconds(13))
        #expect(watch.tick(start + .seconds(60)) == [])
        #expect(watch.current == nil)
    }

    @Test func aBusThatStopsInTheMidstOfALoginIsNoTrouble() {
        var watch = watch
        watch.heard(.succeeded, now: start)
        watch.heard(.cutOff, now: start + .seconds(100))
        #expect(watch.tick(start + .seconds(104)) == [])
        watch.heard(.succeeded, now: start + .seconds(104))
        #expect(watch.tick(start + .seconds(110)) == [])
        watch.heard(.cutOff, now: start + .seconds(200))
        watch.heard(.cutOff, now: start + .seconds(201))
        #expect(watch.tick(start + .seconds(205)) == [.complain(.cutOff)])
    }
}
