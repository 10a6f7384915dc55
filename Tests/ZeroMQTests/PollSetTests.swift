import Testing
import ZeroMQ

/// Waiting for sockets: whatever libzmq has signalled once and never again is still found.
@Suite(.timeLimit(.minutes(1))) struct PollSetTests {
    private let doorbell: Doorbell
    private let left: Socket
    private let right: Socket

    init() throws {
        doorbell = try Doorbell()
        let context = try ZeroMQContext()
        var options = SocketOptions()
        options.sendHighWaterMark = 50_000
        options.receiveHighWaterMark = 50_000
        left = try Socket(.pair, options: options, context: context)
        right = try Socket(.pair, options: options, context: context)
        try left.bind("inproc://pair")
        try right.connect("inproc://pair")
    }

    /// How long a wait took that would take a minute if it missed what it waits for.
    private func wait(_ set: inout PollSet, _ timeout: Duration = .seconds(60)) throws -> Duration {
        let start = ContinuousClock.now
        try set.wait(timeout, doorbell: doorbell)
        return start.duration(to: .now)
    }

    private func drain(_ socket: Socket) throws -> Int {
        let frame = Frame()
        var count = 0
        while try socket.receive(into: frame) { count += 1 }
        return count
    }

    @Test func aMessageThatComesAfterAnEmptyReceiveWakes() throws {
        var set = PollSet(doorbell: doorbell)
        let index = set.add(right, .readable)
        for _ in 0..<100 {
            _ = try drain(right)
            #expect(try left.send([1], more: false))
            #expect(try wait(&set) < .seconds(30))
            #expect(set.events(at: index) == .readable)
            #expect(try drain(right) == 1)
        }
    }

    @Test func aSignalThatASendTookNoteOfIsNotLost() throws {
        var set = PollSet(doorbell: doorbell)
        let index = set.add(right, .readable)
        for _ in 0..<5 {
            _ = try drain(right)
            #expect(try left.send([1], more: false))
            // libzmq takes note of signals at every send, but at most once in some milliseconds.
            let end = ContinuousClock.now + .milliseconds(10)
            while .now < end { #expect(try right.send([2], more: false)) }
            #expect(try wait(&set) < .seconds(30))
            #expect(set.events(at: index) == .readable)
            _ = try drain(left)
        }
    }

    @Test func whatIsNotReadStaysReady() throws {
        var set = PollSet(doorbell: doorbell)
        let index = set.add(right, .readable)
        #expect(try left.send([1], more: false))
        for _ in 0..<3 {
            #expect(try wait(&set) < .seconds(30))
            #expect(set.events(at: index) == .readable)
        }
        #expect(try drain(right) == 1)
        #expect(try wait(&set, .milliseconds(1)) >= .milliseconds(1))
        #expect(set.events(at: index) == [])
    }

    @Test func roomInAFullSocketIsReported() throws {
        var set = PollSet(doorbell: doorbell)
        while try left.send([1], more: false) {}
        let index = set.add(left, [.readable, .writable])
        #expect(try wait(&set, .milliseconds(1)) >= .milliseconds(1))
        #expect(try drain(right) > 50_000)
        #expect(try wait(&set) < .seconds(30))
        #expect(set.events(at: index) == .writable)
    }

    @Test func aRestingSocketIsLeftAloneAndFoundAfterwards() throws {
        var set = PollSet(doorbell: doorbell)
        let index = set.add(right, .readable)
        set.setEvents([], at: index)
        #expect(try left.send([1], more: false))
        #expect(try wait(&set, .milliseconds(5)) >= .milliseconds(5))
        #expect(set.events(at: index) == [])
        set.setEvents(.readable, at: index)
        #expect(try wait(&set) < .seconds(30))
        #expect(set.events(at: index) == .readable)
    }

    @Test func onlyWhatIsUrgentEnoughRings() throws {
        var set = PollSet(doorbell: doorbell)
        doorbell.arm(for: .urgent)
        doorbell.ring(.patient)
        #expect(try wait(&set, .milliseconds(5)) >= .milliseconds(5))
        doorbell.ring(.urgent)
        #expect(try wait(&set) < .seconds(30))
        doorbell.arm()
        doorbell.ring(.patient)
        #expect(try wait(&set) < .seconds(30))
        // Whoever is awake is not rung.
        doorbell.disarm()
        doorbell.ring(.urgent)
        #expect(try wait(&set, .milliseconds(5)) >= .milliseconds(5))
    }
}
