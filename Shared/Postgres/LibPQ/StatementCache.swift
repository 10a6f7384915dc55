/// Which statements a connection has prepared, the least recently used going first.
struct StatementCache {
    struct Key: Hashable {
        let sql: String
        let types: [UInt32]
    }

    enum Lookup {
        case prepared(String)
        /// Prepare under this name; first drop the statement `evicting`.
        case prepare(String, evicting: String?)
    }

    private struct Entry {
        let name: String
        var lastUse: UInt64
    }

    let capacity: Int
    private var entries: [Key: Entry] = [:]
    private var clock: UInt64 = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    var count: Int { entries.count }

    mutating func use(_ key: Key) -> Lookup {
        clock += 1
        if let name = entries[key]?.name {
            entries[key]?.lastUse = clock
            return .prepared(name)
        }
        var evicted: String?
        if entries.count >= capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            evicted = oldest.value.name
            entries[oldest.key] = nil
        }
        let name = "s\(clock)"
        entries[key] = Entry(name: name, lastUse: clock)
        return .prepare(name, evicting: evicted)
    }

    /// Forgets a statement whose preparation failed or whose plan is stale.
    mutating func forget(_ key: Key) {
        entries[key] = nil
    }
}
