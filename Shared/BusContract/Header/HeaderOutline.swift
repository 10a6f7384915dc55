package import DiscordModel

/// What a header says in numbers: where an event stands, whom it concerns, what kind of message it is.
///
/// That is all that most decisions need, and reading it makes no text, of which a header has four. The fields are those
/// of ``Header``.
package struct HeaderOutline: Hashable, Sendable {
    package var stream: UInt64 = 0
    package var seq: UInt64 = 0
    package var prev: UInt64 = 0
    package var guild: GuildID?
    package var channel: ChannelID?
    package var user: UserID?
    package var flags: EventFlags = []
    package var sentAt: UInt64 = 0
    package var trace: TraceContext?

    /// The outline of a whole header.
    package init(_ header: Header) {
        stream = header.stream
        seq = header.seq
        prev = header.prev
        guild = header.guild
        channel = header.channel
        user = header.user
        flags = header.flags
        sentAt = header.sentAt
        trace = header.trace
    }

    /// Reads the numbers out of an encoded header and passes over the rest.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(WireError) {
        var reader = ProtoReader(bytes)
        var trace = TraceContext(traceHigh: 0, traceLow: 0, span: 0)
        while let field = try reader.nextField() {
            guard let number = try reader.readNumber() else { continue }
            switch field {
            case HeaderField.stream: stream = number
            case HeaderField.seq: seq = number
            case HeaderField.prev: prev = number
            case HeaderField.guild: guild = number == 0 ? nil : GuildID(number)
            case HeaderField.channel: channel = number == 0 ? nil : ChannelID(number)
            case HeaderField.user: user = number == 0 ? nil : UserID(number)
            case HeaderField.flags: flags = EventFlags(rawValue: number)
            case HeaderField.sentAt: sentAt = number
            case HeaderField.traceHigh: trace.traceHigh = number
            case HeaderField.traceLow: trace.traceLow = number
            case HeaderField.span: trace.span = number
            default: break
            }
        }
        if trace.traceHigh != 0 || trace.traceLow != 0 || trace.span != 0 { self.trace = trace }
    }
}
