package import BusContract

/// An event as it came: topic, header and payload, of which nothing has been decoded yet.
///
/// It refers to the block of memory of its whole delivery. Copy what is kept longer than the batch is worked at.
package struct IncomingEvent: Sendable {
    private let block: EventBlock
    private let parts: EventBlock.Place

    init(block: EventBlock, place: EventBlock.Place) {
        self.block = block
        parts = place
    }

    /// The topic's bytes, with the dot at their end.
    package var topic: ArraySlice<UInt8> { slice(parts.topic) }

    package var payload: ArraySlice<UInt8> { slice(parts.payload) }

    private func slice(_ range: Range<Int32>) -> ArraySlice<UInt8> {
        block.bytes[Int(range.lowerBound)..<Int(range.upperBound)]
    }

    private func unsafeHeader(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[Int(parts.header.lowerBound)..<Int(parts.header.upperBound)])
    }

    /// The header, decoded anew at each access.
    ///
    /// - Throws: what is wrong with its bytes: count the event as malformed and pass it over.
    package var header: Header {
        get throws(WireError) {
            try block.bytes.withUnsafeBytes { bytes in
                Result { () throws(WireError) -> Header in try Header(decoding: unsafeHeader(in: bytes)) }
            }.get()
        }
    }

    /// The numbers of the header, without decoding the rest of it.
    package var outline: HeaderOutline {
        get throws(WireError) {
            try block.bytes.withUnsafeBytes { bytes in
                Result { () throws(WireError) -> HeaderOutline in try HeaderOutline(decoding: unsafeHeader(in: bytes)) }
            }.get()
        }
    }

    /// Whether the topic is exactly that one.
    package func hasTopic(_ other: [UInt8]) -> Bool {
        block.bytes.withUnsafeBytes { bytes in
            let topic = UnsafeRawBufferPointer(
                rebasing: bytes[Int(parts.topic.lowerBound)..<Int(parts.topic.upperBound)]
            )
            return other.withUnsafeBytes { topic.hasSameBytes(as: $0) }
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
