/// Reads the fields of a proto3 message one after the other; never outside the bytes, whatever they say.
///
/// Use: `while let field = try reader.nextField()`, then the `read…` method of the field's shape, which gives nil, and
/// skips the value, when the peer used another shape (protobuf treats that as an unknown field). A field without a
/// `read…` is skipped by the next `nextField`.
package struct ProtoReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    private var pending: WireType?
    private var field = 0

    /// The bytes must outlive the reader.
    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The next field's number, or nil at the end.
    package mutating func nextField() throws(WireError) -> Int? {
        try skipPending()
        guard offset < bytes.count else { return nil }
        let (number, type) = try readTag()
        guard type != .endGroup else { throw WireError(.badTag, field: number) }
        field = number
        pending = type
        return number
    }

    package mutating func readNumber() throws(WireError) -> UInt64? {
        guard take(.fixed64) else { return nil }
        return try readFixed64()
    }

    package mutating func readText() throws(WireError) -> String? {
        guard take(.lengthDelimited) else { return nil }
        let text = UnsafeRawBufferPointer(rebasing: bytes[try readLength()])
        // Nearly all texts are ASCII, which needs no validation.
        if text.allSatisfy({ $0 < 0x80 }) { return String(decoding: text, as: UTF8.self) }
        guard let text = String(validating: text, as: UTF8.self) else { throw WireError(.badText, field: field) }
        return text
    }

    /// Reads a text's bytes, which are valid as long as the message's: for texts that are compared and not kept.
    package mutating func readBytes() throws(WireError) -> UnsafeRawBufferPointer? {
        guard take(.lengthDelimited) else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes[try readLength()])
    }

    /// Reads a text's, or a message's, place in the bytes.
    package mutating func readRange() throws(WireError) -> Range<Int>? {
        guard take(.lengthDelimited) else { return nil }
        return try readLength()
    }

    /// The bytes of a place.
    package func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    /// Reads a packed run, or one value of an unpacked one: the caller appends.
    package mutating func readNumbers() throws(WireError) -> [UInt64]? {
        if take(.fixed64) { return [try readFixed64()] }
        guard take(.lengthDelimited) else { return nil }
        let range = try readLength()
        guard range.count.isMultiple(of: 8) else { throw WireError(.truncated, field: field) }
        return stride(from: range.lowerBound, to: range.upperBound, by: 8).map { load($0) }
    }

    // MARK: Parts

    private mutating func take(_ type: WireType) -> Bool {
        guard pending == type else { return false }
        pending = nil
        return true
    }

    private func load(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    private mutating func readFixed64() throws(WireError) -> UInt64 {
        guard bytes.count - offset >= 8 else { throw WireError(.truncated, field: field) }
        defer { offset += 8 }
        return load(offset)
    }

    /// The range of a length-delimited value, which is passed over.
    private mutating func readLength() throws(WireError) -> Range<Int> {
        let length = try readVarint(maximumBytes: 10)
        guard length <= UInt64(bytes.count - offset) else { throw WireError(.truncated, field: field) }
        defer { offset += Int(length) }
        return offset..<offset + Int(length)
    }

    private mutating func readTag() throws(WireError) -> (Int, WireType) {
        let tag = try readVarint(maximumBytes: 5)
        guard tag <= UInt64(UInt32.max), tag >> 3 != 0, let type = WireType(rawValue: tag & 7) else {
            throw WireError(.badTag, field: field)
        }
        return (Int(tag >> 3), type)
    }

    private mutating func readVarint(maximumBytes: Int) throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<maximumBytes {
            guard offset < bytes.count else { throw WireError(.truncated, field: field) }
            let byte = bytes[offset]
            offset += 1
            // The tenth byte of a 64-bit number has room for one bit.
            if index == 9, byte > 1 { throw WireError(.oversizeNumber, field: field) }
            value |= UInt64(byte & 0x7F) << UInt64(7 * index)
            if byte < 0x80 { return value }
        }
        throw WireError(.oversizeNumber, field: field)
    }

    private mutating func skipPending() throws(WireError) {
        guard let type = pending else { return }
        pending = nil
        try skip(type, group: field)
    }

    /// Passes over a value; groups, which proto3 no longer writes, to their end.
    private mutating func skip(_ type: WireType, group: Int) throws(WireError) {
        switch type {
        case .varint: _ = try readVarint(maximumBytes: 10)
        case .fixed64: _ = try readFixed64()
        case .lengthDelimited: _ = try readLength()
        case .fixed32:
            guard bytes.count - offset >= 4 else { throw WireError(.truncated, field: field) }
            offset += 4
        case .startGroup: try skipGroup(group)
        case .endGroup: throw WireError(.badTag, field: field)
        }
    }

    /// Groups nest, and a peer chooses how deep: an own stack with a limit instead of recursion.
    private mutating func skipGroup(_ number: Int) throws(WireError) {
        var open = [number]
        while let innermost = open.last {
            let (number, type) = try readTag()
            switch type {
            case .startGroup:
                guard open.count < 100 else { throw WireError(.badTag, field: number) }
                open.append(number)
            case .endGroup:
                guard number == innermost else { throw WireError(.badTag, field: number) }
                open.removeLast()
            default: try skip(type, group: number)
            }
        }
    }
}
