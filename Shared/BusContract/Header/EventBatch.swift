/// Events of one topic that left together, as one message: in a flood, a message costs far more than an event.
///
/// On the wire it is an event like any other: the topic, a header whose `type` names the batch, and as payload the
/// proto3 message `ensemble.bus.v1.EventBatch` in protobuf's own encoding (`protos/bus/v1/header.proto`). The events in
/// it have their own headers; that of the batch says nothing about them.
package enum EventBatch {
    package static let typeName = "ensemble.bus.v1.EventBatch"

    /// The encoded header of every batch.
    package static let header: [UInt8] = {
        var header = Header()
        header.type = typeName
        header.contentType = ContentType(rawValue: "protobuf")
        return header.encoded
    }()

    /// Bytes of events that travel together: a queue that is full of batches stays within some hundred megabytes.
    package static let byteLimit = 32 << 10

    private enum Field {
        /// Of `EventBatch`.
        static let events = 1
        /// Of `BatchedEvent`.
        static let header = 1
        static let payload = 2
    }

    /// Whether an encoded header says that the payload is a batch. It decodes no more than the header's first field.
    package static func isAnnounced(by header: UnsafeRawBufferPointer) -> Bool {
        var reader = ProtoReader(header)
        guard let field = try? reader.nextField(), field == HeaderField.type, let type = try? reader.readBytes() else {
            return false
        }
        return type.elementsEqual(typeName.utf8)
    }

    // MARK: Writing

    /// Bytes that an event takes in a batch.
    package static func size(header: Int, payload: Int) -> Int {
        ProtoWriter.size(ofBytes: contentSize(header, payload))
    }

    private static func contentSize(_ header: Int, _ payload: Int) -> Int {
        ProtoWriter.size(ofBytes: header) + ProtoWriter.size(ofBytes: payload)
    }

    /// Adds an event to a batch's payload.
    package static func write(
        header: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        with writer: inout ProtoWriter
    ) {
        writer.beginMessage(of: contentSize(header.count, payload.count), field: Field.events)
        writer.write(header, field: Field.header)
        writer.write(payload, field: Field.payload)
    }

    // MARK: Reading

    /// How many events a batch's payload has; a damaged one, up to the damage.
    package static func count(of payload: UnsafeRawBufferPointer) -> Int {
        var reader = ProtoReader(payload)
        var count = 0
        while let field = try? reader.nextField() {
            if field == Field.events, let event = try? reader.readRange(), !event.isEmpty { count += 1 }
        }
        return count
    }

    /// Reads the events of a batch's payload one after the other, as ranges of its bytes.
    package struct Reader {
        private var reader: ProtoReader

        /// The bytes must outlive the reader.
        package init(_ payload: UnsafeRawBufferPointer) {
            reader = ProtoReader(payload)
        }

        /// The next event; nil at the end.
        package mutating func next() throws(WireError) -> (header: Range<Int>, payload: Range<Int>)? {
            while let field = try reader.nextField() {
                guard field == Field.events, let content = try reader.readRange() else { continue }
                var parts = ProtoReader(reader.slice(content))
                var header = 0..<0
                var payload = 0..<0
                while let field = try parts.nextField() {
                    switch field {
                    case Field.header: if let range = try parts.readRange() { header = range }
                    case Field.payload: if let range = try parts.readRange() { payload = range }
                    default: break
                    }
                }
                let start = content.lowerBound
                return (
                    start + header.lowerBound..<start + header.upperBound,
                    start + payload.lowerBound..<start + payload.upperBound
                )
            }
            return nil
        }
    }
}
