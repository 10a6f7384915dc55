/// Writes proto3 fields: the three shapes that the bus's hand-written messages use.
///
/// It writes into memory whose size the message has bounded beforehand, since checking for room at each byte would cost
/// more than the writing. A field at its default (0, empty) is left out, as proto3 does.
/// Source: "Encoding", protobuf.dev.
package struct ProtoWriter {
    /// What a number takes at most: two bytes of tag and eight of value.
    package static let numberBound = 10

    private let memory: UnsafeMutableRawBufferPointer

    /// Bytes written.
    package private(set) var count = 0

    /// The memory must outlive the writer, and hold the sum of the bounds of what is written.
    package init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    /// What a text takes at most, in a message of less than 256 MB.
    package static func bound(_ text: String) -> Int {
        text.utf8.count + 6
    }

    /// What the packed numbers take at most.
    package static func bound(_ values: [UInt64]) -> Int {
        values.count * 8 + 6
    }

    /// The bytes that `body` writes.
    package static func bytes(bound: Int, _ body: (inout ProtoWriter) -> Void) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            var writer = ProtoWriter(UnsafeMutableRawBufferPointer(buffer))
            body(&writer)
            count = writer.count
        }
    }

    /// Writes a `fixed64`.
    package mutating func write(_ value: UInt64, field: Int) {
        guard value != 0 else { return }
        writeTag(field, .fixed64)
        writeFixed64(value)
    }

    /// Writes a `string`.
    package mutating func write(_ text: String, field: Int) {
        guard !text.isEmpty else { return }
        writeTag(field, .lengthDelimited)
        // Swift's own strings lie in one piece; only a bridged one, which Linux does not know, would be copied.
        if text.utf8.withContiguousStorageIfAvailable({ writeBytes($0) }) == nil {
            Array(text.utf8).withUnsafeBufferPointer { writeBytes($0) }
        }
    }

    private mutating func writeBytes(_ bytes: UnsafeBufferPointer<UInt8>) {
        writeVarint(UInt64(bytes.count))
        precondition(count + bytes.count <= memory.count)
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: UnsafeRawBufferPointer(bytes))
        count += bytes.count
    }

    /// Writes a `bytes`, an empty one too: where it stands in a message that is repeated, it is not left out.
    package mutating func write(_ bytes: UnsafeRawBufferPointer, field: Int) {
        writeTag(field, .lengthDelimited)
        bytes.withMemoryRebound(to: UInt8.self) { writeBytes($0) }
    }

    /// What a `bytes`, or a message, takes with its tag and length, in a field below 16.
    package static func size(ofBytes count: Int) -> Int {
        // Seven bits of the length a byte.
        1 + max(1, (UInt.bitWidth - UInt(count).leadingZeroBitCount + 6) / 7) + count
    }

    /// Begins a message within this one; its fields are written next, and take exactly so many bytes.
    package mutating func beginMessage(of count: Int, field: Int) {
        writeTag(field, .lengthDelimited)
        writeVarint(UInt64(count))
    }

    /// Writes a `repeated fixed64`, packed.
    package mutating func write(_ values: [UInt64], field: Int) {
        guard !values.isEmpty else { return }
        writeTag(field, .lengthDelimited)
        writeVarint(UInt64(values.count * 8))
        for value in values { writeFixed64(value) }
    }

    @inline(__always)
    private mutating func writeFixed64(_ value: UInt64) {
        // Raw memory is checked in debug builds only: a wrong bound must not become a wild write.
        precondition(count + 8 <= memory.count)
        memory.storeBytes(of: value.littleEndian, toByteOffset: count, as: UInt64.self)
        count += 8
    }

    @inline(__always)
    private mutating func writeTag(_ field: Int, _ type: WireType) {
        writeVarint(UInt64(field) << 3 | type.rawValue)
    }

    private mutating func writeVarint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            writeByte(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        writeByte(UInt8(truncatingIfNeeded: value))
    }

    @inline(__always)
    private mutating func writeByte(_ byte: UInt8) {
        precondition(count < memory.count)
        memory[count] = byte
        count += 1
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
