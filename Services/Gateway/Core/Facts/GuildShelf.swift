import DiscordModel

/// All guilds of the process: the last that somebody asked for or that changed as values, the others packed.
///
/// A large bot is in thousands of guilds and hears of some at a time. Packing and unpacking one takes some fifty
/// microseconds.
struct GuildShelf {
    private struct Open {
        var entry: GuildEntry
        var lastUse: UInt64
    }

    /// Guilds kept as values; as many are packed at a time as a quarter of it.
    let openBound: Int
    private var open: [GuildID: Open] = [:]
    private var packed: [GuildID: [UInt8]] = [:]
    private var uses: UInt64 = 0

    init(openBound: Int = 256) {
        self.openBound = max(openBound, 4)
    }

    var count: Int { open.count + packed.count }

    var openCount: Int { open.count }

    func contains(_ guild: GuildID) -> Bool { open[guild] != nil || packed[guild] != nil }

    /// All guilds in outline, in the order of their ids.
    var outlines: [GuildOutline] {
        (open.values.map(\.entry.outline) + packed.values.compactMap(GuildPacking.outline)).sorted { $0.id < $1.id }
    }

    /// A guild, unpacked from now on.
    mutating func entry(_ guild: GuildID) -> GuildEntry? {
        take(guild) ? open[guild]?.entry : nil
    }

    /// Changes a guild in place; nothing happens if it is not there.
    mutating func update(_ guild: GuildID, _ body: (inout GuildEntry) throws -> Void) rethrows {
        // Taken out meanwhile, so that it is changed in place and not copied.
        guard take(guild), var slot = open.removeValue(forKey: guild) else { return }
        defer { open[guild] = slot }
        try body(&slot.entry)
    }

    /// Puts a guild in the place of what was known of it.
    mutating func put(_ entry: GuildEntry) {
        uses += 1
        packed[entry.state.id] = nil
        open[entry.state.id] = Open(entry: entry, lastUse: uses)
        packIdle()
    }

    /// Puts a packed guild there, and gives it; nil if it cannot be read.
    mutating func put(packed bytes: [UInt8]) -> GuildEntry? {
        guard let entry = GuildPacking.unpack(bytes) else { return nil }
        open[entry.state.id] = nil
        packed[entry.state.id] = bytes
        return entry
    }

    mutating func remove(_ guild: GuildID) {
        open[guild] = nil
        packed[guild] = nil
    }

    /// A guild's packed form.
    func bytes(of guild: GuildID) -> [UInt8]? {
        packed[guild] ?? open[guild].map { GuildPacking.pack($0.entry) }
    }

    /// Sees to it that a guild is there as a value.
    private mutating func take(_ guild: GuildID) -> Bool {
        uses += 1
        if open[guild] != nil {
            open[guild]?.lastUse = uses
            return true
        }
        guard let bytes = packed[guild], let entry = GuildPacking.unpack(bytes) else { return false }
        packed[guild] = nil
        open[guild] = Open(entry: entry, lastUse: uses)
        packIdle()
        return true
    }

    private mutating func packIdle() {
        guard open.count > openBound else { return }
        let idle = open.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(openBound / 4)
        for (guild, slot) in idle {
            packed[guild] = GuildPacking.pack(slot.entry)
            open[guild] = nil
        }
    }
}
