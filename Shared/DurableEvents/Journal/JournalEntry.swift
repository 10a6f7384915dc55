/// One event on its way to the journal.
package struct JournalEntry: Sendable {
    package let seq: UInt64
    /// Its kind (`EventKind`).
    package let event: String
    /// The bus header's bytes, and behind them the payload's; those of events that came together may share one array.
    private let content: ArraySlice<UInt8>
    private let headerCount: Int

    /// - Parameter content: the header's bytes, and behind them the payload's.
    package init(seq: UInt64, event: String, content: ArraySlice<UInt8>, headerCount: Int) {
        self.seq = seq
        self.event = event
        self.content = content
        self.headerCount = headerCount
    }

    package init(seq: UInt64, event: String, header: [UInt8], payload: [UInt8]) {
        self.init(seq: seq, event: event, content: (header + payload)[...], headerCount: header.count)
    }

    package var header: ArraySlice<UInt8> { content.prefix(headerCount) }

    package var payload: ArraySlice<UInt8> { content.dropFirst(headerCount) }

    package var size: Int { Self.size(of: content.count) }

    /// What an event takes of a journal's room, with so many bytes of header and payload.
    static func size(of content: Int) -> Int { content + 64 }
}

/// How much a journal takes.
package struct JournalRoom: Sendable {
    private var count: Int
    private var bytes: Int

    init(count: Int, bytes: Int) {
        self.count = count
        self.bytes = bytes
    }

    /// Takes room for an event with so many bytes of header and payload; false when there is none.
    package mutating func take(_ content: Int) -> Bool {
        let size = JournalEntry.size(of: content)
        guard count > 0, size <= bytes else { return false }
        count -= 1
        bytes -= size
        return true
    }
}
