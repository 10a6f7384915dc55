import MessageBus
import Testing

@Suite struct BrokerLinkTests {
    private let start = ContinuousClock.now

    @Test func helloIsSaidUntilWelcomeThenThePulseBeats() {
        var link = BrokerLink(pulse: .seconds(1), patience: .seconds(3), now: start)
        #expect(link.tick(start) == [.sendHello])
        // The socket did not take it: it is due again.
        #expect(link.tick(start) == [.sendHello])
        link.sent(start)
        #expect(link.tick(start + .milliseconds(999)) == [])
        #expect(link.tick(start + .seconds(1)) == [.sendHello])
        link.sent(start + .seconds(1))
        link.heard(start + .seconds(1))
        link.welcomed()
        #expect(link.tick(start + .seconds(2)) == [.sendPulse])
    }

    @Test func silenceMeansLostAndHelloBeginsAgain() {
        var link = BrokerLink(pulse: .seconds(1), patience: .seconds(3), now: start)
        link.welcomed()
        link.sent(start)
        #expect(link.nextTick(start) == start + .seconds(1))
        #expect(link.tick(start + .seconds(3)) == [.lost, .sendHello])
        #expect(!link.isUp)
        // Lost is said once.
        #expect(link.tick(start + .seconds(4)) == [.sendHello])
    }

    @Test func aForgetfulSwitchboardIsGreetedAtOnce() {
        var link = BrokerLink(pulse: .seconds(1), patience: .seconds(3), now: start)
        link.welcomed()
        link.sent(start)
        link.forgotten()
        #expect(link.nextTick(start) == start)
        #expect(link.tick(start) == [.sendHello])
    }
}
