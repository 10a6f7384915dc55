/// Appends proto3 fields to bytes: the three shapes that the bus's hand-written messages use.
///
/// A field at its default (0, empty) is left out, as proto3 does.
/// Source: "Encoding", protobuf.dev.
package struct ProtoWriter {
    package private(set) var bytes: [UInt8]

    /// Continues after the bytes given.
    package init(appendingTo bytes: consuming [UInt8] = []) {
        self.bytes = bytes
    }

    /// Writes a `fixed64`.
    package mutating func write(_ value: UInt64, field: Int) {
        guard value != 0 else { return }
        writeTag(field, .fixed64)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Writes a `string`.
    package mutating func write(_ text: String, field: Int) {
        guard !text.isEmpty else { return }
        var text = text
        writeTag(field, .lengthDelimited)
        text.withUTF8 { utf8 in
            writeVarint(UInt64(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    /// Writes a `repeated fixed64`, packed.
    package mutating func write(_ values: [UInt64], field: Int) {
        guard !values.isEmpty else { return }
        writeTag(field, .lengthDelimited)
        writeVarint(UInt64(values.count * 8))
        for value in values {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
    }

    private mutating func writeTag(_ field: Int, _ type: WireType) {
        writeVarint(UInt64(field) << 3 | type.rawValue)
    }

    private mutating func writeVarint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
    }
}

/// How a field's value is laid out.
enum WireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case startGroup = 3
    case endGroup = 4
    case fixed32 = 5
}
