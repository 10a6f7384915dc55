import DiscordModel

/// One shard's session with Discord's gateway: what to do next, decided without clock, dice or network.
///
/// The shell (`ShardSession`) tells it what happened and when, and carries out the actions that it returns. Rules from
/// the gateway documentation ("Connections", "Resuming", "Rate Limiting"); the numbers in comments are pitfalls that
/// other clients fell into.
struct SessionMachine: Sendable {
    /// A session that can be taken up again.
    struct Resumable: Equatable, Sendable {
        var sessionID: String
        /// Where Discord wants the resume; another address gets the session dropped more often.
        var url: String
        /// The last sequence number that we keep for good.
        var sequence: UInt64
    }

    enum State: Equatable, Sendable {
        /// Not connected; `nextStep` says what comes.
        case idle(until: ContinuousClock.Instant)
        /// Not connected, because something of ours can take no more; until `release`.
        case held
        case connecting
        case awaitingHello(until: ContinuousClock.Instant)
        case awaitingReady(until: ContinuousClock.Instant)
        case awaitingResumed(until: ContinuousClock.Instant)
        case online(since: ContinuousClock.Instant)
        /// We have closed, and wait for the socket to end.
        case closing
        case stopped(String)
    }

    /// What the shell does before the next connection.
    enum Step: Equatable {
        case wait(until: ContinuousClock.Instant)
        /// Tell when there is room again, by `release`.
        case hold
        /// Resume there; nil: at the address that Discord gives out afresh.
        case resume(url: String?)
        /// A new session: it needs a permit before, because each one counts.
        case identify
        case stopped(String)
    }

    enum Action: Equatable {
        case sendHeartbeat(UInt64?)
        case sendIdentify
        case sendResume(Resumable)
        /// Close our side. Any code but 1000 and 1001 keeps the session.
        case close(GatewayCloseCode)
        /// What has happened since cannot be had any more: the gap begins here.
        case sessionLost(String)
    }

    /// Deadlines of one connection.
    struct Timing: Sendable {
        var hello = Duration.seconds(10)
        var ready = Duration.seconds(30)
        var resumed = Duration.seconds(60)
        /// A connection that held so long has earned a fresh start of the back-off.
        var stable = Duration.seconds(60)
        var backoffBase = Duration.seconds(1)
        var backoffCap = Duration.seconds(60)
    }

    private(set) var state: State
    private(set) var resumable: Resumable?
    /// Between heartbeat and acknowledgement.
    private(set) var latency: Duration?
    private let timing: Timing
    /// Connections since the last stable one (1: counted at connect, so that a dead network cannot make a hot loop).
    private var attempts = 0
    /// Connections that failed at the resume address (2: it may be gone for good).
    private var failuresAtResumeURL = 0
    /// Resumes that got HELLO but no RESUMED.
    private var fruitlessResumes = 0
    private var heartbeat: Heartbeat?

    private struct Heartbeat {
        var interval: Duration
        var next: ContinuousClock.Instant
        /// When the last one left that has not been acknowledged.
        var unacknowledgedSince: ContinuousClock.Instant?
    }

    init(resumable: Resumable?, timing: Timing = Timing(), now: ContinuousClock.Instant) {
        self.resumable = resumable
        self.timing = timing
        state = .idle(until: now)
    }

    // MARK: - Between connections

    func nextStep(_ now: ContinuousClock.Instant) -> Step? {
        switch state {
        case .idle(let until):
            if until > now { return .wait(until: until) }
            guard let resumable else { return .identify }
            return .resume(url: failuresAtResumeURL < 2 ? resumable.url : nil)
        case .held: return .hold
        case .stopped(let reason): return .stopped(reason)
        default: return nil
        }
    }

    /// The shell begins to connect.
    mutating func connecting() {
        attempts += 1
        state = .connecting
        heartbeat = nil
    }

    /// No connection came about.
    mutating func connectFailed(_ now: ContinuousClock.Instant, random: Double) {
        guard case .connecting = state else { return }
        failuresAtResumeURL += 1
        idle(now, random: random)
    }

    /// The permit for a new session is not to be had before an instant.
    mutating func postpone(until instant: ContinuousClock.Instant) {
        guard case .stopped = state else {
            state = .idle(until: instant)
            return
        }
    }

    // MARK: - One connection

    /// The WebSocket is open. A stop that came while it was being opened found nothing to close.
    mutating func connected(_ now: ContinuousClock.Instant) -> [Action] {
        switch state {
        case .connecting:
            state = .awaitingHello(until: now + timing.hello)
            return []
        case .stopped: return [.close(.keepSession)]
        default: return []
        }
    }

    /// HELLO: heartbeats begin at a random point of the first interval (5), and the session is taken up or begun.
    mutating func hello(interval: Duration, _ now: ContinuousClock.Instant, random: Double) -> [Action] {
        guard case .awaitingHello = state else { return [] }
        guard interval >= .milliseconds(100), interval <= .seconds(600) else {
            state = .closing
            return [.close(.decodeError)]
        }
        heartbeat = Heartbeat(interval: interval, next: now + interval * random)
        if let resumable {
            state = .awaitingResumed(until: now + timing.resumed)
            return [.sendResume(resumable)]
        }
        state = .awaitingReady(until: now + timing.ready)
        return [.sendIdentify]
    }

    /// READY: a new session.
    mutating func ready(sessionID: String, url: String, sequence: UInt64, _ now: ContinuousClock.Instant) {
        if case .stopped = state { return }
        // Also if the connection has ended meanwhile: the session is there, and was paid for.
        resumable = Resumable(sessionID: sessionID, url: url, sequence: sequence)
        if case .awaitingReady = state { online(now) }
    }

    /// RESUMED: everything missed has been replayed.
    mutating func resumed(_ now: ContinuousClock.Instant) {
        guard case .awaitingResumed = state else { return }
        online(now)
    }

    private mutating func online(_ now: ContinuousClock.Instant) {
        state = .online(since: now)
        failuresAtResumeURL = 0
        fruitlessResumes = 0
    }

    /// A dispatch has been handled. It is kept from the first replayed event on (6: forgetting it burns an IDENTIFY).
    mutating func dispatched(_ sequence: UInt64) {
        guard let current = resumable?.sequence, sequence > current else { return }
        resumable?.sequence = sequence
    }

    /// Discord asks for a heartbeat at once.
    func heartbeatRequested() -> [Action] {
        heartbeat == nil ? [] : [.sendHeartbeat(resumable?.sequence)]
    }

    mutating func heartbeatAcknowledged(_ now: ContinuousClock.Instant) {
        guard let since = heartbeat?.unacknowledgedSince else { return }
        latency = now - since
        heartbeat?.unacknowledgedSince = nil
    }

    /// RECONNECT: close, keeping the session, and resume. It may come in place of HELLO.
    mutating func reconnectRequested() -> [Action] {
        guard isConnected else { return [] }
        state = .closing
        return [.close(.unknownError)]
    }

    /// INVALID_SESSION: whether the session may still be resumed.
    mutating func sessionInvalidated(isResumable: Bool) -> [Action] {
        guard isConnected else { return [] }
        state = .closing
        guard !isResumable, resumable != nil else { return [.close(.unknownError)] }
        return loseSession("Discord has ended the session") + [.close(.unknownError)]
    }

    /// The stream cannot be decoded any more (broken compression, an oversize message): begin again from the last event.
    mutating func streamBroken() -> [Action] {
        guard isConnected else { return [] }
        state = .closing
        return [.close(.unknownError)]
    }

    /// Something of ours can take no more (the journal is full): close so that Discord holds what follows, and stay away
    /// until `release`.
    mutating func suspend() -> [Action] {
        guard isConnected else { return [] }
        isSuspended = true
        state = .closing
        return [.close(.unknownError)]
    }

    private var isSuspended = false

    /// There is room again: the session is taken up at once.
    mutating func release(_ now: ContinuousClock.Instant) {
        guard case .held = state else { return }
        state = .idle(until: now)
    }

    /// The intents have changed, which only a new session can have.
    mutating func identifyAnew(_ reason: String) -> [Action] {
        let lost = loseSession(reason)
        guard isConnected else { return lost }
        state = .closing
        return lost + [.close(.normal)]
    }

    /// The socket has ended, by whichever side.
    ///
    /// - Parameter code: what Discord said; nil if it said nothing or we closed first.
    mutating func closed(_ code: GatewayCloseCode?, _ now: ContinuousClock.Instant, random: Double) -> [Action] {
        let before = state
        heartbeat = nil
        if case .stopped = before { return [] }
        if case .closing = before {
            if isSuspended {
                isSuspended = false
                state = .held
                return []
            }
            // Our own decision, or Discord's request: no pause for the first time, as after a RESUME that came too late;
            // sessions that end again and again get the pause that Discord used to ask for.
            let isRepeated = resumable == nil && attempts > 1
            idle(now, random: random, minimum: isRepeated ? .seconds(1) + .seconds(4) * random : .zero)
            return []
        }
        if case .online(let since) = before, now - since >= timing.stable { attempts = 0 }
        if case .awaitingResumed = before { fruitlessResumes += 1 }
        let action = code?.action ?? .resume
        switch action {
        case .stop:
            state = .stopped(code?.explanation ?? "Discord closed the connection for good")
            return []
        case .identify:
            idle(now, random: random, minimum: .seconds(1) + .seconds(4) * random)
            return loseSession(code?.explanation ?? "the session is gone")
        case .resumeAfterBackOff:
            idle(now, random: random, minimum: .seconds(5))
            return []
        case .resume:
            idle(now, random: random)
            if fruitlessResumes >= 3 {
                fruitlessResumes = 0
                return loseSession("three resumes came to nothing")
            }
            return []
        }
    }

    /// The operator or the process stops the shard.
    mutating func stop(_ reason: String, endingSession: Bool) -> [Action] {
        let wasConnected = isConnected
        state = .stopped(reason)
        if endingSession { resumable = nil }
        return wasConnected ? [.close(endingSession ? .normal : .keepSession)] : []
    }

    // MARK: - Time

    /// When `tick` has something to do; nil while not connected.
    var nextDeadline: ContinuousClock.Instant? {
        let beat = heartbeat?.next
        switch state {
        case .awaitingHello(let until): return until
        case .awaitingReady(let until), .awaitingResumed(let until): return min(until, beat ?? until)
        case .online: return beat
        default: return nil
        }
    }

    /// Heartbeats, and deadlines that have passed.
    mutating func tick(_ now: ContinuousClock.Instant) -> [Action] {
        switch state {
        case .awaitingHello(let until) where until <= now:
            state = .closing
            failuresAtResumeURL += 1
            return [.close(.unknownError)]
        case .awaitingReady(let until) where until <= now:
            state = .closing
            return [.close(.unknownError)]
        case .awaitingResumed(let until) where until <= now:
            state = .closing
            fruitlessResumes += 1
            guard fruitlessResumes >= 3 else { return [.close(.unknownError)] }
            fruitlessResumes = 0
            return loseSession("three resumes came to nothing") + [.close(.unknownError)]
        default: break
        }
        guard isConnected, var beat = heartbeat, beat.next <= now else { return [] }
        guard beat.unacknowledgedSince == nil else {
            // A zombie: one missed acknowledgement is enough (5).
            state = .closing
            heartbeat = nil
            return [.close(.unknownError)]
        }
        beat.unacknowledgedSince = now
        beat.next = now + beat.interval
        heartbeat = beat
        return [.sendHeartbeat(resumable?.sequence)]
    }

    // MARK: - Helpers

    private var isConnected: Bool {
        switch state {
        case .awaitingHello, .awaitingReady, .awaitingResumed, .online: return true
        default: return false
        }
    }

    private mutating func loseSession(_ reason: String) -> [Action] {
        guard resumable != nil else { return [] }
        resumable = nil
        failuresAtResumeURL = 0
        return [.sessionLost(reason)]
    }

    /// Full jitter over an exponential ceiling; the first try after a stable connection goes at once.
    private mutating func idle(_ now: ContinuousClock.Instant, random: Double, minimum: Duration = .zero) {
        var pause = Duration.zero
        if attempts > 1 {
            let ceiling = min(timing.backoffBase * (1 << min(attempts - 2, 16)), timing.backoffCap)
            // Never less than a quarter, so that a run of small dice is no hot loop.
            pause = ceiling / 4 + ceiling * 0.75 * random
        }
        state = .idle(until: now + max(pause, minimum))
    }
}

extension GatewayCloseCode {
    /// Says goodbye and keeps the session: anything but 1000 and 1001.
    static let keepSession = Self(rawValue: 4900)
}
