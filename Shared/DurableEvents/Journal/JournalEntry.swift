/// One event on its way to the journal.
package struct JournalEntry: Sendable {
    package var seq: UInt64
    /// Discord's name.
    package var event: String
    /// The bus header's bytes.
    package var header: [UInt8]
    package var payload: [UInt8]

    package init(seq: UInt64, event: String, header: [UInt8], payload: [UInt8]) {
        self.seq = seq
        self.event = event
        self.header = header
        self.payload = payload
    }

    var size: Int { header.count + payload.count + 64 }
}
