/// Writes what Java's `DataOutputStream` writes: big-endian numbers, and text in modified UTF-8 after its 16-bit length.
struct JavaDataWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Text longer than 65535 bytes is cut at a character.
    mutating func write(_ text: String) {
        var encoded: [UInt8] = []
        for character in text {
            let next = character.utf16.flatMap(Self.modifiedUTF8)
            if encoded.count + next.count > Int(UInt16.max) { break }
            encoded += next
        }
        write(UInt16(encoded.count))
        bytes += encoded
    }

    mutating func write(optional text: String?) {
        write(text == nil ? 0 : 1 as UInt8)
        if let text { write(text) }
    }

    /// Each UTF-16 unit by itself, and NUL in two bytes (java.io.DataInput, "Modified UTF-8").
    private static func modifiedUTF8(_ unit: UInt16) -> [UInt8] {
        switch unit {
        case 0x01...0x7F: [UInt8(unit)]
        case 0, 0x80...0x7FF: [0xC0 | UInt8(unit >> 6), 0x80 | UInt8(unit & 0x3F)]
        default: [0xE0 | UInt8(unit >> 12), 0x80 | UInt8(unit >> 6 & 0x3F), 0x80 | UInt8(unit & 0x3F)]
        }
    }
}

/// Reads what ``JavaDataWriter`` wrote; every read is nil at the end of the bytes or where they make no sense.
struct JavaDataReader {
    private let bytes: [UInt8]
    private var index = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { index == bytes.count }

    mutating func readInteger<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer? {
        let size = Integer.bitWidth / 8
        guard bytes.count - index >= size else { return nil }
        defer { index += size }
        return bytes[index..<index + size].reduce(0) { $0 << 8 | Integer(truncatingIfNeeded: $1) }
    }

    mutating func readText() -> String? {
        guard let count = readInteger(UInt16.self), bytes.count - index >= Int(count) else { return nil }
        let end = index + Int(count)
        var units: [UInt16] = []
        while index < end {
            let byte = UInt16(bytes[index])
            let length = byte < 0x80 ? 1 : byte >> 5 == 0b110 ? 2 : byte >> 4 == 0b1110 ? 3 : 0
            guard length > 0, index + length <= end else { return nil }
            let rest = bytes[index + 1..<index + length]
            guard rest.allSatisfy({ $0 & 0xC0 == 0x80 }) else { return nil }
            let lead = length == 1 ? byte : length == 2 ? byte & 0x1F : byte & 0x0F
            units.append(rest.reduce(lead) { $0 << 6 | UInt16($1 & 0x3F) })
            index += length
        }
        return String(decoding: units, as: UTF16.self)
    }

    /// The outer nil is an error, the inner one a text that is absent.
    mutating func readOptionalText() -> String?? {
        guard let isPresent = readInteger(UInt8.self) else { return nil }
        guard isPresent != 0 else { return .some(nil) }
        guard let text = readText() else { return nil }
        return .some(text)
    }
}
