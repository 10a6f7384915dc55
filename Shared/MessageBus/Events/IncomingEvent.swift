package import BusContract

/// An event as it came: three frames, of which nothing has been decoded yet.
///
/// It refers to the block of memory of its whole delivery. Copy what is kept longer than the batch is worked at.
package struct IncomingEvent: Sendable {
    private let block: EventBlock
    private let start: Int32
    private let ends: (topic: Int32, header: Int32, payload: Int32)

    init(block: EventBlock, start: Int32, ends: (Int32, Int32, Int32)) {
        self.block = block
        self.start = start
        self.ends = ends
    }

    /// The topic's bytes, with the dot at their end.
    package var topic: ArraySlice<UInt8> { block.bytes[Int(start)..<Int(ends.topic)] }

    /// The header as it came.
    package var headerBytes: ArraySlice<UInt8> { block.bytes[Int(ends.topic)..<Int(ends.header)] }

    package var payload: ArraySlice<UInt8> { block.bytes[Int(ends.header)..<Int(ends.payload)] }

    /// The header, decoded anew at each access.
    ///
    /// - Throws: what is wrong with its bytes: count the event as malformed and pass it over.
    package var header: Header {
        get throws(WireError) {
            try block.bytes.withUnsafeBytes { bytes in
                let header = UnsafeRawBufferPointer(rebasing: bytes[Int(ends.topic)..<Int(ends.header)])
                return Result { () throws(WireError) -> Header in try Header(decoding: header) }
            }.get()
        }
    }

    /// The event's place in its stream, without decoding the rest of the header.
    package var place: EventPlace {
        get throws(WireError) {
            try block.bytes.withUnsafeBytes { bytes in
                let header = UnsafeRawBufferPointer(rebasing: bytes[Int(ends.topic)..<Int(ends.header)])
                return Result { () throws(WireError) -> EventPlace in try EventPlace(decoding: header) }
            }.get()
        }
    }

    /// Reads the payload as one of our messages.
    package func decode<Event: BusMessage>(_ type: Event.Type) throws -> Event {
        try BusJSON.decode(type, from: payload)
    }

    /// Whether the topic is that one, or begins with it.
    package func isUnder(_ topic: Topic) -> Bool {
        self.topic.starts(with: topic.rawValue.utf8)
    }

    /// The event of a Discord topic: `MESSAGE_CREATE` of `discord.iris.0.MESSAGE_CREATE.`; empty for other topics.
    package var discordName: String {
        topic.withUnsafeBufferPointer { topic in
            let dot = UInt8(ascii: ".")
            guard topic.last == dot, topic.starts(with: "discord.".utf8) else { return "" }
            var dots = 0
            var start = 0
            for index in 0..<topic.count - 1 where topic[index] == dot {
                dots += 1
                start = index + 1
            }
            return dots == 3 ? String(decoding: topic[start..<topic.count - 1], as: UTF8.self) : ""
        }
    }
}
