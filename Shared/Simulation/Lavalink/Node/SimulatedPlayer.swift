/// One player of the local node: a state machine that is told the time and tells what happened.
///
/// Times are milliseconds since 1970. The position runs only while a track plays, is not paused and voice is connected.
package struct SimulatedPlayer: Sendable {
    /// What its client is told.
    package enum Signal: Sendable, Equatable {
        case started(SimulatedTrack, userData: JSONValue)
        case ended(SimulatedTrack, userData: JSONValue, reason: String)
        case failed(SimulatedTrack, userData: JSONValue, message: String)
        case stuck(SimulatedTrack, userData: JSONValue, threshold: Int64)
        /// The position now, out of turn or in turn.
        case state
        case voiceClosed(code: Int64, reason: String, byRemote: Bool)
    }

    /// Periods of a real node, in milliseconds.
    package struct Timing: Sendable {
        /// Between two reports of the position (`playerUpdateInterval`).
        package var updates: Int64 = 5_000
        /// Without audio before a track counts as stuck (`trackStuckThresholdMs`).
        package var stuck: Int64 = 10_000
        /// Without a voice connection before the track is given up (lavaplayer's cleanup threshold).
        package var cleanup: Int64 = 60_000

        package init() {}
    }

    package let guild: String
    package private(set) var track: SimulatedTrack?
    package private(set) var userData: JSONValue = [:]
    package private(set) var voice: PlayerChange.Voice?
    package private(set) var isConnected = false
    package private(set) var isPaused = false
    package private(set) var volume: Int64 = 100
    package private(set) var filters: JSONValue = [:]
    package private(set) var endTime: Int64?

    private let timing: Timing
    private var course = SimulatedTrack.Course.normal
    /// The position was `anchorPosition` at `anchorTime`.
    private var anchorPosition: Int64 = 0
    private var anchorTime: Int64
    private var now: Int64
    private var nextUpdate: Int64?
    /// No audio comes since then.
    private var stuckSince: Int64?
    private var silentSince: Int64?
    private var signals: [Signal] = []
    /// When playing began on a voice connection; for the node's frame statistics.
    package private(set) var playingSince: Int64?

    package init(guild: String, timing: Timing = Timing(), now: Int64) {
        self.guild = guild
        self.timing = timing
        self.now = now
        anchorTime = now
    }

    private var speed: Double { FilterRules.speed(of: filters) }
    private var isRunning: Bool { track != nil && isConnected && !isPaused && stuckSince == nil }

    /// Where the track is, in milliseconds; 0 when nothing plays.
    package var position: Int64 {
        guard let track else { return 0 }
        let passed = isRunning ? Int64(Double(now - anchorTime) * speed) : 0
        return min(anchorPosition + passed, track.length)
    }

    private mutating func anchor(at position: Int64? = nil) {
        anchorPosition = position ?? self.position
        anchorTime = now
    }

    // MARK: - Commands, in the order in which one PATCH does them

    /// Connects voice; nothing happens when it is connected with the same credentials.
    mutating func connect(_ voice: PlayerChange.Voice) {
        if isConnected, self.voice == voice { return }
        anchor()
        self.voice = voice
        isConnected = true
        silentSince = nil
        anchor(at: anchorPosition)
        if track != nil { playingSince = now }
        signals.append(.state)
    }

    /// The voice connection ends.
    mutating func closeVoice(code: Int64, reason: String, byRemote: Bool) {
        guard isConnected else { return }
        anchor()
        isConnected = false
        playingSince = nil
        if track != nil { silentSince = now }
        signals += [.voiceClosed(code: code, reason: reason, byRemote: byRemote), .state]
    }

    /// Everything of a change but voice and track.
    mutating func apply(_ change: PlayerChange) {
        if let isPaused = change.isPaused, change.identifier == nil, change.encoded == .absent { pause(isPaused) }
        if change.encoded == .absent, change.identifier == nil, let data = change.userData, track != nil {
            userData = data
        }
        if let volume = change.volume { self.volume = volume }
        if change.encoded == .absent, change.identifier == nil {
            if let position = change.position { seek(to: position) }
            switch change.endTime {
            case .absent: break
            case .null: endTime = nil
            case .value(let end): if track != nil { endTime = end }
            }
        }
        if let filters = change.filters {
            anchor()
            self.filters = filters
            if track != nil { signals.append(.state) }
        }
    }

    private mutating func pause(_ isPaused: Bool) {
        anchor()
        self.isPaused = isPaused
    }

    private mutating func seek(to position: Int64) {
        guard let track, track.isSeekable else { return }
        anchor(at: min(position, track.length))
        stuckSince = nil
        signals.append(.state)
    }

    /// Starts a track in the place of the one that plays.
    mutating func play(_ track: SimulatedTrack, _ change: PlayerChange) {
        if self.track != nil { end("replaced") }
        self.track = track
        course = track.course
        userData = change.userData ?? [:]
        isPaused = change.isPaused ?? false
        endTime = if case .value(let end) = change.endTime { end } else { nil }
        anchor(at: min(change.position ?? track.position, track.length))
        stuckSince = nil
        silentSince = isConnected ? nil : now
        playingSince = isConnected ? now : nil
        nextUpdate = now + timing.updates
        // lavaplayer tells of the start before it has any audio.
        signals += [.started(track, userData: userData), .state]
        if course == .failsAtStart {
            fail()
            end("loadFailed")
        }
    }

    mutating func stop() { end("stopped") }

    /// The track is stuck from now on, whatever its course says.
    mutating func becomeStuck() {
        guard track != nil, stuckSince == nil else { return }
        anchor()
        stuckSince = now
    }

    /// The track fails now.
    mutating func breakTrack() {
        guard track != nil else { return }
        fail()
        end("finished")
    }

    private mutating func fail() {
        guard let track else { return }
        signals.append(.failed(track, userData: userData, message: "Something broke when playing the track."))
    }

    private mutating func end(_ reason: String) {
        guard let track else { return }
        signals.append(.ended(track, userData: userData, reason: reason))
        self.track = nil
        userData = [:]
        endTime = nil
        nextUpdate = nil
        stuckSince = nil
        silentSince = nil
        playingSince = nil
        course = .normal
    }

    // MARK: - Time

    /// When something will happen by itself; nil when nothing will.
    package var deadline: Int64? {
        [milestone.map(\.time), nextUpdate, stuckDeadline, silentSince.map { $0 + timing.cleanup }]
            .compactMap { $0 }
            .min()
    }

    /// After the deadline of a stuck track there is no further one: the client is told once.
    private var stuckDeadline: Int64? {
        stuckSince.flatMap { $0 == .max ? nil : $0 + timing.stuck }
    }

    /// The next point of the track's course that its position reaches, and when.
    private var milestone: (position: Int64, time: Int64)? {
        guard let track, isRunning, speed > 0 else { return nil }
        var position = min(endTime ?? .max, track.length)
        switch course {
        case .stuck(let at), .fails(let at): if anchorPosition <= at { position = min(position, at) }
        case .normal, .failsAtStart: break
        }
        guard position < .max else { return nil }
        let wait = Double(max(0, position - anchorPosition)) / speed
        return (position, anchorTime + Int64(wait.rounded(.up)))
    }

    /// Moves the time on and does everything that falls due on the way, in order.
    mutating func advance(to instant: Int64) {
        while let due = deadline, due <= instant {
            now = max(now, due)
            if let milestone, milestone.time <= now {
                reach(milestone.position)
            } else if let stuckDeadline, stuckDeadline <= now, let track {
                stuckSince = .max
                signals += [.stuck(track, userData: userData, threshold: timing.stuck), .state]
            } else if let silentSince, silentSince + timing.cleanup <= now {
                end("cleanup")
            } else if nextUpdate != nil {
                nextUpdate = now + timing.updates
                if isConnected { signals.append(.state) }
            }
        }
        now = max(now, instant)
    }

    private mutating func reach(_ position: Int64) {
        switch course {
        case .stuck(let at) where at == position:
            anchor(at: position)
            stuckSince = now
            course = .normal
        case .fails(let at) where at == position:
            anchor(at: position)
            breakTrack()
        default:
            anchor(at: position)
            end("finished")
        }
    }

    /// What happened since the last call, in order.
    mutating func takeSignals() -> [Signal] {
        defer { signals = [] }
        return signals
    }
}
