/// A string inside a document: the bytes between its quotes, already checked, not yet unescaped.
package struct JSONString {
    let bytes: UnsafeBufferPointer<UInt8>
    let hasEscapes: Bool

    /// Whether its text is the given one; an escaped spelling of the same text is the same.
    @inline(__always)
    package func equals(_ text: StaticString) -> Bool {
        guard !hasEscapes else { return value == text.description }
        guard bytes.count == text.utf8CodeUnitCount, let base = bytes.baseAddress else {
            return bytes.count == text.utf8CodeUnitCount
        }
        for index in 0..<bytes.count where base[index] != text.utf8Start[index] { return false }
        return true
    }

    /// Its text.
    package var value: String {
        guard hasEscapes else { return String(decoding: bytes, as: UTF8.self) }
        return String(unsafeUninitializedCapacity: bytes.count) { unescape(into: $0) }
    }

    /// The decimal number that it spells, or nil.
    var unsigned: UInt64? {
        guard hasEscapes else { return UInt64(decimal: bytes) }
        return Array(value.utf8).withUnsafeBufferPointer { UInt64(decimal: $0) }
    }

    /// Writes the text; escapes never grow (six bytes of `\u` make at most three, twelve make four).
    private func unescape(into target: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var read = 0
        var written = 0
        func put(_ byte: UInt8) {
            target[written] = byte
            written += 1
        }
        func unit() -> UInt32 {
            var unit: UInt32 = 0
            for index in 0..<4 { unit = unit << 4 | (hexDigit(bytes[read + index]) ?? 0) }
            read += 4
            return unit
        }
        while read < bytes.count {
            let byte = bytes[read]
            read += 1
            guard byte == UInt8(ascii: "\\") else {
                put(byte)
                continue
            }
            let kind = bytes[read]
            read += 1
            switch kind {
            case UInt8(ascii: "b"): put(0x08)
            case UInt8(ascii: "f"): put(0x0C)
            case UInt8(ascii: "n"): put(0x0A)
            case UInt8(ascii: "r"): put(0x0D)
            case UInt8(ascii: "t"): put(0x09)
            case UInt8(ascii: "u"):
                var scalar = unit()
                if scalar & 0xFC00 == 0xD800 {
                    read += 2
                    scalar = 0x10000 + (scalar & 0x3FF) << 10 + (unit() & 0x3FF)
                }
                for byte in String(Unicode.Scalar(scalar) ?? "\u{FFFD}").utf8 { put(byte) }
            default: put(kind)
            }
        }
        return written
    }
}

/// The text of a number inside a document.
package struct JSONNumber {
    let bytes: UnsafeBufferPointer<UInt8>
    let isInteger: Bool

    /// Its value if it is a whole number of 0 or more without fraction or exponent.
    package var unsigned: UInt64? { isInteger ? UInt64(decimal: bytes) : nil }
}

extension UInt64 {
    /// Reads 1 to 20 decimal digits; a sign, another byte or a value past 2^64 - 1 is nil.
    @inline(__always)
    init?(decimal bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress, (1...20).contains(bytes.count) else { return nil }
        var value: UInt64 = 0
        var index = 0
        // A snowflake has 17 to 19 digits: two words of eight, which cannot be too large, and a few more.
        while bytes.count - index >= 8, index < 16 {
            guard let eight = Self(eightDigits: start + index) else { return nil }
            value = value &* 100_000_000 &+ eight
            index += 8
        }
        while index < bytes.count {
            let digit = start[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt64(digit))
            guard !tooLarge, !carried else { return nil }
            value = sum
            index += 1
        }
        self = value
    }

    /// Reads exactly eight decimal digits, all at once: neighbours are joined to pairs, pairs to fours, fours to the whole.
    @inline(__always)
    private init?(eightDigits bytes: UnsafePointer<UInt8>) {
        let word = UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
        let highs: UInt64 = 0xF0F0_F0F0_F0F0_F0F0
        // Digits are 0x30 to 0x39, and only they keep their upper half when 6 is added.
        guard word & highs == 0x3030_3030_3030_3030,
            (word &+ 0x0606_0606_0606_0606) & highs == 0x3030_3030_3030_3030
        else { return nil }
        let digits = word & 0x0F0F_0F0F_0F0F_0F0F
        let pairs = ((digits &* 10) &+ (digits >> 8)) & 0x00FF_00FF_00FF_00FF
        let fours = ((pairs &* 100) &+ (pairs >> 16)) & 0x0000_FFFF_0000_FFFF
        self = ((fours &* 10_000) &+ (fours >> 32)) & 0xFFFF_FFFF
    }
}
