import DequeModule

/// What waits for the journal, within bounds. Pure.
struct JournalBuffer: Sendable {
    /// Bounds a shard (DESIGN: 20,000 events or 64 MB).
    let countLimit: Int
    /// More than these waiting is a reason to take events more slowly.
    private static let comfortableCount = 8_000
    private static let comfortableBytes = 16 << 20
    let byteLimit: Int
    private(set) var entries: Deque<JournalEntry> = []
    private(set) var bytes = 0
    /// Events that are on their way to another table than the journal, ascending: nothing behind the first is written.
    private var holds: Deque<UInt64> = []

    init(countLimit: Int = 20_000, byteLimit: Int = 64 << 20) {
        self.countLimit = countLimit
        self.byteLimit = byteLimit
    }

    /// Takes all of the events; none, and gives false, when there is no room: the session is to be closed so that Discord
    /// holds the rest.
    mutating func append(_ new: [JournalEntry]) -> Bool {
        let size = new.reduce(0) { $0 + $1.size }
        guard entries.count + new.count <= countLimit, bytes + size <= byteLimit else { return false }
        entries.append(contentsOf: new)
        bytes += size
        return true
    }

    var room: JournalRoom { JournalRoom(count: countLimit - entries.count, bytes: byteLimit - bytes) }

    /// Whether whoever reads from Discord need not slow down: guilds of a large bot are few events, but many bytes.
    var isComfortable: Bool { entries.count <= Self.comfortableCount && bytes <= Self.comfortableBytes }

    var isHalfEmpty: Bool { entries.count <= countLimit / 2 && bytes <= byteLimit / 2 }

    /// Whether anything waits, to be written or to be released.
    var isEmpty: Bool { entries.isEmpty && holds.isEmpty }

    /// Whether the first event may be written now.
    var canWrite: Bool { entries.first.map { !isHeld($0) } ?? false }

    private func isHeld(_ entry: JournalEntry) -> Bool { holds.first.map { $0 < entry.seq } ?? false }

    /// Keeps what follows that event from being written.
    mutating func hold(_ seq: UInt64) {
        holds.append(seq)
    }

    mutating func release(_ seq: UInt64) {
        if let index = holds.firstIndex(of: seq) { holds.remove(at: index) }
    }

    /// The first events that may be written, at most so many and so many bytes, without taking them out.
    func prefix(count: Int, bytes limit: Int) -> [JournalEntry] {
        var result: [JournalEntry] = []
        var size = 0
        for entry in entries.prefix(count) {
            if isHeld(entry) || (!result.isEmpty && size + entry.size > limit) { break }
            size += entry.size
            result.append(entry)
        }
        return result
    }

    /// Takes out what has been written.
    mutating func removeFirst(_ count: Int) {
        let count = min(count, entries.count)
        for index in 0..<count { bytes -= entries[index].size }
        entries.removeFirst(count)
    }

    mutating func removeAll() {
        entries.removeAll()
        bytes = 0
    }
}
