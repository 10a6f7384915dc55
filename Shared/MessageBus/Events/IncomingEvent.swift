package import BusContract
import ZeroMQ

/// An event as it came: three frames, of which nothing has been decoded yet.
///
/// It refers to the block of memory of its whole batch. Copy what is kept longer than the batch is worked at.
package struct IncomingEvent: Sendable {
    private let batch: MessageBatch
    private let firstFrame: Int

    init(batch: MessageBatch, message: Int) {
        self.batch = batch
        firstFrame = batch.frames(of: message).lowerBound
    }

    /// The topic's bytes, with the dot at their end.
    package var topic: ArraySlice<UInt8> { batch.bytes[batch.range(ofFrame: firstFrame)] }

    /// The header as it came.
    package var headerBytes: ArraySlice<UInt8> { batch.bytes[batch.range(ofFrame: firstFrame + 1)] }

    package var payload: ArraySlice<UInt8> { batch.bytes[batch.range(ofFrame: firstFrame + 2)] }

    /// The header, decoded anew at each access.
    ///
    /// - Throws: what is wrong with its bytes: count the event as malformed and pass it over.
    package var header: Header {
        get throws(WireError) {
            try batch.bytes.withUnsafeBytes { bytes in
                let header = UnsafeRawBufferPointer(rebasing: bytes[batch.range(ofFrame: firstFrame + 1)])
                return Result { () throws(WireError) -> Header in try Header(decoding: header) }
            }.get()
        }
    }

    /// The event's place in its stream, without decoding the rest of the header.
    package var place: EventPlace {
        get throws(WireError) {
            try batch.bytes.withUnsafeBytes { bytes in
                let header = UnsafeRawBufferPointer(rebasing: bytes[batch.range(ofFrame: firstFrame + 1)])
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
        let parts = topic.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].elementsEqual("discord".utf8) else { return "" }
        return String(decoding: parts[3], as: UTF8.self)
    }
}
