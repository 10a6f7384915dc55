import BusContract
package import DiscordModel
package import Store

/// One player and its queue: what each command and each report of the bridge makes of them. Pure.
///
/// The caller loads both in a transaction that holds the player's row, applies one operation, and writes the player and
/// the `changes`.
package struct Playback: Hashable, Sendable {
    /// What has to be written about an entry.
    package enum Change: Hashable, Sendable {
        /// New, behind all others.
        case append(QueueEntry)
        case start(QueueEntryID)
        case end(QueueEntryID, QueueEntryState)
    }

    /// What came of a report.
    package enum Advance: Hashable, Sendable {
        /// The report concerns an entry that is no longer played: it came twice, or after a skip.
        case stale
        /// The next track plays.
        case next(QueueEntry)
        /// The queue is empty.
        case idle
        /// Too many tracks failed in a row; the queue waits for a member.
        case halted
    }

    /// Tracks that may fail in a row before a dead source would drain the queue.
    package static let failureLimit = 3
    /// Entries that a queue may hold.
    package static let capacity = 1000

    package var player: DesiredPlayer
    /// What plays; it is not in `queue`.
    package private(set) var current: QueueEntry?
    /// What comes, in order.
    package private(set) var queue: [QueueEntry]
    package private(set) var changes: [Change] = []
    /// Whether the player's row has changed.
    package private(set) var playerChanged = false

    package init(player: DesiredPlayer, current: QueueEntry?, queue: [QueueEntry]) {
        self.player = player
        self.current = current
        self.queue = queue
    }

    /// Adds tracks behind all others and starts the first if nothing plays.
    ///
    /// - Returns: How many were taken, and the place of the first: 0 = it plays now, 1 = it is next.
    package mutating func enqueue(_ entries: [QueueEntry]) -> (taken: Int, place: Int) {
        let taken = entries.prefix(max(0, Self.capacity - queue.count))
        let place = current == nil && queue.isEmpty ? 0 : queue.count + 1
        queue += taken
        changes += taken.map(Change.append)
        if current == nil {
            player.failures = 0
            playNext()
        }
        return (taken.count, place)
    }

    /// Goes on to the next track, whatever plays.
    ///
    /// - Returns: What was skipped (nil when nothing played) and what plays now.
    package mutating func skip() -> (skipped: QueueEntry?, next: QueueEntry?) {
        let skipped = current
        guard skipped != nil || !queue.isEmpty else { return (nil, nil) }
        if let skipped { changes.append(.end(skipped.id, .skipped)) }
        player.failures = 0
        playNext()
        return (skipped, current)
    }

    /// Empties the queue and stops; the caller takes the player away.
    ///
    /// - Returns: How many tracks went, the playing one included.
    package mutating func stop() -> Int {
        let all = [current].compactMap { $0 } + queue
        changes += all.map { .end($0.id, .stopped) }
        queue = []
        current = nil
        set(nil)
        return all.count
    }

    /// The bridge says that an entry has ended by itself.
    ///
    /// - Parameter reason: `finished`, `loadFailed` or `stuck`.
    package mutating func ended(_ entry: QueueEntryID, reason: String) -> Advance {
        guard let current, current.id == entry, player.entry == entry else { return .stale }
        let state: QueueEntryState =
            switch reason {
            case "loadFailed": .failed
            case "stuck": .stuck
            default: .finished
            }
        changes.append(.end(entry, state))
        player.failures = state == .failed ? player.failures + 1 : 0
        guard player.failures < Self.failureLimit else {
            self.current = nil
            set(nil)
            return queue.isEmpty ? .idle : .halted
        }
        playNext()
        return self.current.map(Advance.next) ?? .idle
    }

    /// A moderator has moved the bot, or music moves it.
    package mutating func move(to channel: ChannelID) {
        guard player.channel != channel else { return }
        player.channel = channel
        playerChanged = true
    }

    /// The bot must go back to where it belongs.
    package mutating func insistOnChannel() {
        player.voiceRevision += 1
        playerChanged = true
    }

    private mutating func playNext() {
        current = queue.isEmpty ? nil : queue.removeFirst()
        if let current { changes.append(.start(current.id)) }
        set(current)
    }

    private mutating func set(_ entry: QueueEntry?) {
        player.entry = entry?.id
        player.encoded = entry?.track.encoded ?? ""
        player.source = entry?.track.source ?? ""
        player.startPosition = 0
        player.paused = false
        playerChanged = true
    }
}
