import DiscordModel

// The proto3 encoding of `ensemble.bus.v1.Header` (protos/bus/v1/header.proto), by hand: a header is written and read
// for every event, and the general library would cost more than the rest of the way.

/// The field numbers of `ensemble.bus.v1.Header`.
enum HeaderField {
    static let type = 1
    static let schemaVersion = 2
    static let source = 3
    static let stream = 4
    static let seq = 5
    static let prev = 6
    static let bot = 7
    static let guild = 8
    static let channel = 9
    static let user = 10
    static let flags = 11
    static let sentAt = 12
    static let traceHigh = 13
    static let traceLow = 14
    static let span = 15
    static let deadlineMilliseconds = 16
    static let key = 17
    static let contentType = 18
}

extension Header {
    private typealias Field = HeaderField

    /// What the encoded header takes at most.
    package var encodedBound: Int {
        13 * ProtoWriter.numberBound + ProtoWriter.bound(type) + ProtoWriter.bound(source)
            + ProtoWriter.bound(bot?.rawValue ?? "") + ProtoWriter.bound(key) + ProtoWriter.bound(contentType.rawValue)
    }

    /// Writes the encoded header into memory of at least `encodedBound` bytes, and what takes a `source` given here.
    ///
    /// - Parameters:
    ///   - source: written where the header has none, without making a second header for it.
    ///   - sentAt: written where the header has none.
    /// - Returns: the bytes written.
    package func encode(
        into memory: UnsafeMutableRawBufferPointer,
        source defaultSource: String = "",
        sentAt defaultSentAt: UInt64 = 0
    ) -> Int {
        var writer = ProtoWriter(memory)
        writer.write(type, field: Field.type)
        writer.write(schemaVersion, field: Field.schemaVersion)
        writer.write(source.isEmpty ? defaultSource : source, field: Field.source)
        writer.write(stream, field: Field.stream)
        writer.write(seq, field: Field.seq)
        writer.write(prev, field: Field.prev)
        if let bot { writer.write(bot.rawValue, field: Field.bot) }
        if let guild { writer.write(guild.rawValue, field: Field.guild) }
        if let channel { writer.write(channel.rawValue, field: Field.channel) }
        if let user { writer.write(user.rawValue, field: Field.user) }
        writer.write(flags.rawValue, field: Field.flags)
        writer.write(sentAt == 0 ? defaultSentAt : sentAt, field: Field.sentAt)
        if let trace {
            writer.write(trace.traceHigh, field: Field.traceHigh)
            writer.write(trace.traceLow, field: Field.traceLow)
            writer.write(trace.span, field: Field.span)
        }
        writer.write(deadlineMilliseconds, field: Field.deadlineMilliseconds)
        writer.write(key, field: Field.key)
        writer.write(contentType.rawValue, field: Field.contentType)
        return writer.count
    }

    /// The encoded header.
    package var encoded: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: encodedBound) { buffer, count in
            count = encode(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Reads a header; unknown fields are skipped, the last of a repeated field counts.
    ///
    /// - Throws: what is wrong with the bytes. Ids that are 0 become nil, as does a trace of zeros.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(WireError) {
        self.init()
        var reader = ProtoReader(bytes)
        var trace = TraceContext(traceHigh: 0, traceLow: 0, span: 0)
        while let field = try reader.nextField() {
            switch field {
            case Field.type: if let text = try reader.readText() { type = text }
            case Field.schemaVersion: if let number = try reader.readNumber() { schemaVersion = number }
            case Field.source: if let text = try reader.readText() { source = text }
            case Field.stream: if let number = try reader.readNumber() { stream = number }
            case Field.seq: if let number = try reader.readNumber() { seq = number }
            case Field.prev: if let number = try reader.readNumber() { prev = number }
            case Field.bot: if let text = try reader.readText() { bot = try Self.bot(text) }
            case Field.guild: if let number = try reader.readNumber() { guild = number == 0 ? nil : GuildID(number) }
            case Field.channel:
                if let number = try reader.readNumber() { channel = number == 0 ? nil : ChannelID(number) }
            case Field.user: if let number = try reader.readNumber() { user = number == 0 ? nil : UserID(number) }
            case Field.flags: if let number = try reader.readNumber() { flags = EventFlags(rawValue: number) }
            case Field.sentAt: if let number = try reader.readNumber() { sentAt = number }
            case Field.traceHigh: if let number = try reader.readNumber() { trace.traceHigh = number }
            case Field.traceLow: if let number = try reader.readNumber() { trace.traceLow = number }
            case Field.span: if let number = try reader.readNumber() { trace.span = number }
            case Field.deadlineMilliseconds:
                if let number = try reader.readNumber() { deadlineMilliseconds = number }
            case Field.key: if let text = try reader.readText() { key = text }
            case Field.contentType:
                if let text = try reader.readText() { contentType = ContentType(rawValue: text) }
            default: break
            }
        }
        if trace.traceHigh != 0 || trace.traceLow != 0 || trace.span != 0 { self.trace = trace }
    }

    /// Reads a header.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(WireError) -> Header in try Header(decoding: bytes) }
        }
        self = try result.get()
    }

    /// Reads a header from bytes that need not lie in one piece.
    package init(decoding bytes: some Collection<UInt8>) throws(WireError) {
        let decode = { (bytes: UnsafeRawBufferPointer) in
            Result { () throws(WireError) -> Header in try Header(decoding: bytes) }
        }
        let result =
            bytes.withContiguousStorageIfAvailable { decode(UnsafeRawBufferPointer($0)) }
            ?? [UInt8](bytes).withUnsafeBytes(decode)
        self = try result.get()
    }

    private static func bot(_ text: String) throws(WireError) -> BotID? {
        guard !text.isEmpty else { return nil }
        guard let bot = BotID(rawValue: text) else { throw WireError(.badValue, field: Field.bot) }
        return bot
    }
}
