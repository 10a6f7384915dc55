/// Where an event stands in its stream: the part of its header that gap detection needs.
package struct EventPlace: Hashable, Sendable {
    package var stream: UInt64 = 0
    package var seq: UInt64 = 0
    package var prev: UInt64 = 0

    /// Reads the three numbers out of an encoded header and passes over the rest: no strings are made.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(WireError) {
        var reader = ProtoReader(bytes)
        while let field = try reader.nextField() {
            switch field {
            case HeaderField.stream: if let number = try reader.readNumber() { stream = number }
            case HeaderField.seq: if let number = try reader.readNumber() { seq = number }
            case HeaderField.prev: if let number = try reader.readNumber() { prev = number }
            default: break
            }
        }
    }
}
