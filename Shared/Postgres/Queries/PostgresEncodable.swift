package import FoundationEssentials

/// A value that a query can bind.
package protocol PostgresEncodable: Sendable {
    /// The type in which the value is sent.
    static var postgresType: PostgresType { get }
    /// Whether the value is SQL's null.
    var isNull: Bool { get }
    /// Appends the value in its type's form.
    func encode(into bytes: inout [UInt8])
}

extension PostgresEncodable {
    package var isNull: Bool { false }
}

/// A value that can stand in an array parameter.
package protocol PostgresArrayElement: PostgresEncodable {
    /// The type of an array of these.
    static var postgresArrayType: PostgresType { get }
    /// The element type in the array's binary header.
    static var postgresElementType: PostgresType { get }
    /// Appends a whole array in binary form.
    static func encode(array: [Self], into bytes: inout [UInt8])
}

extension PostgresArrayElement {
    package static var postgresElementType: PostgresType { postgresType }

    package static func encode(array: [Self], into bytes: inout [UInt8]) {
        encode(elements: array, into: &bytes)
    }

    /// The binary form of a one-dimensional array: dimensions, whether nulls occur, element type, length, lower bound,
    /// then each element with its length (`array_recv` in the server).
    static func encode(elements array: [Self], into bytes: inout [UInt8]) {
        bytes.appendBigEndian(Int32(array.isEmpty ? 0 : 1))
        bytes.appendBigEndian(Int32(array.contains { $0.isNull } ? 1 : 0))
        bytes.appendBigEndian(postgresElementType.oid)
        guard !array.isEmpty else { return }
        bytes.appendBigEndian(Int32(truncatingIfNeeded: array.count))
        bytes.appendBigEndian(Int32(1))
        for element in array {
            guard !element.isNull else {
                bytes.appendBigEndian(Int32(-1))
                continue
            }
            let lengthAt = bytes.count
            bytes.appendBigEndian(Int32(0))
            element.encode(into: &bytes)
            let length = UInt32(truncatingIfNeeded: bytes.count - lengthAt - 4)
            for index in 0..<4 {
                bytes[lengthAt + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index))
            }
        }
    }
}

extension Array where Element == UInt8 {
    /// Appends an integer with its highest byte first, as the protocol has it.
    package mutating func appendBigEndian<Value: FixedWidthInteger>(_ value: Value) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package static var postgresType: PostgresType { Wrapped.postgresType }
    package var isNull: Bool { self?.isNull ?? true }
    package func encode(into bytes: inout [UInt8]) { self?.encode(into: &bytes) }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement {
    package static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
    package static var postgresElementType: PostgresType { Wrapped.postgresElementType }
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    package static var postgresType: PostgresType { Element.postgresArrayType }
    package func encode(into bytes: inout [UInt8]) { Element.encode(array: self, into: &bytes) }
}

/// Bytes: `[UInt8]` is a `bytea`, and `[[UInt8]]` an array of them.
extension UInt8: PostgresArrayElement {
    package static var postgresType: PostgresType { .int2 }
    package static var postgresArrayType: PostgresType { .bytea }
    package func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(Int16(self)) }
    package static func encode(array: [UInt8], into bytes: inout [UInt8]) { bytes += array }
}

extension Array: PostgresArrayElement where Element == UInt8 {
    package static var postgresArrayType: PostgresType { .byteaArray }
}

/// A `bytea` too: bytes that lie in somebody else's array.
extension ArraySlice: PostgresEncodable where Element == UInt8 {
    package static var postgresType: PostgresType { .bytea }
    package func encode(into bytes: inout [UInt8]) { bytes += self }
}

extension ArraySlice: PostgresArrayElement where Element == UInt8 {
    package static var postgresArrayType: PostgresType { .byteaArray }

    package static func encode(array: [Self], into bytes: inout [UInt8]) {
        // Megabytes, often: growing step by step would copy them again and again.
        bytes.reserveCapacity(bytes.count + array.reduce(20) { $0 + $1.count + 4 })
        encode(elements: array, into: &bytes)
    }
}

extension Bool: PostgresArrayElement {
    package static var postgresType: PostgresType { .bool }
    package static var postgresArrayType: PostgresType { .boolArray }
    package func encode(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
}

extension Int32: PostgresArrayElement {
    package static var postgresType: PostgresType { .int4 }
    package static var postgresArrayType: PostgresType { .int4Array }
    package func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

extension Int64: PostgresArrayElement {
    package static var postgresType: PostgresType { .int8 }
    package static var postgresArrayType: PostgresType { .int8Array }
    package func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

extension Int: PostgresArrayElement {
    package static var postgresType: PostgresType { .int8 }
    package static var postgresArrayType: PostgresType { .int8Array }
    package func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(Int64(self)) }
}

/// A `bigint` with the same bits: numbers from 2^63 come out negative in SQL and return unharmed.
extension UInt64: PostgresArrayElement {
    package static var postgresType: PostgresType { .int8 }
    package static var postgresArrayType: PostgresType { .int8Array }
    package func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

extension Double: PostgresArrayElement {
    package static var postgresType: PostgresType { .float8 }
    package static var postgresArrayType: PostgresType { .float8Array }
    package func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(bitPattern) }
}

/// Text. A zero character, which PostgreSQL's text cannot hold, becomes U+FFFD.
extension String: PostgresArrayElement {
    package static var postgresType: PostgresType { .inferred }
    package static var postgresArrayType: PostgresType { .textArray }
    package static var postgresElementType: PostgresType { .text }
    package func encode(into bytes: inout [UInt8]) {
        if utf8.contains(0) {
            for byte in utf8 {
                if byte == 0 { bytes += [0xEF, 0xBF, 0xBD] } else { bytes.append(byte) }
            }
        } else {
            bytes += utf8
        }
    }
}

/// A `timestamptz`, to the microsecond.
extension Date: PostgresArrayElement {
    package static var postgresType: PostgresType { .timestamptz }
    package static var postgresArrayType: PostgresType { .timestamptzArray }
    package func encode(into bytes: inout [UInt8]) {
        let seconds = timeIntervalSince1970 - postgresEpoch
        // Beyond any sensible instant the server's own infinities stand.
        let limit = 9.2e12
        let microseconds: Int64 =
            seconds >= limit ? .max : seconds <= -limit ? .min : Int64((seconds * 1_000_000).rounded())
        bytes.appendBigEndian(microseconds)
    }
}

/// The first second of 2000, from which PostgreSQL counts, in seconds since 1970.
let postgresEpoch: Double = 946_684_800

/// An `interval` in microseconds.
extension Duration: PostgresEncodable {
    package static var postgresType: PostgresType { .interval }
    package func encode(into bytes: inout [UInt8]) {
        bytes.appendBigEndian(components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000)
        bytes.appendBigEndian(Int32(0))
        bytes.appendBigEndian(Int32(0))
    }
}
