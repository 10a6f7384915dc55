package import FoundationEssentials

/// A value that a row can be read as.
package protocol PostgresDecodable {
    /// Reads the cell.
    /// - Throws: code `decoding` when the cell is null or of another type.
    init(cell: Cell) throws(PostgresError)
}

/// A value that can be an element of an array column.
package protocol PostgresArrayDecodable: PostgresDecodable {
    /// Reads a whole array column.
    static func decode(arrayIn cell: Cell) throws(PostgresError) -> [Self]
}

extension PostgresArrayDecodable {
    package static func decode(arrayIn cell: Cell) throws(PostgresError) -> [Self] {
        let bytes = try cell.present([Self].self)
        guard bytes.count >= 12 else { throw cell.mismatch([Self].self) }
        let dimensions = bytes.bigEndian(Int32.self)
        if dimensions == 0 { return [] }
        guard dimensions == 1, bytes.count >= 20 else { throw cell.mismatch([Self].self) }
        let element = bytes.bigEndian(UInt32.self, at: 8)
        let count = Int(bytes.bigEndian(Int32.self, at: 12))
        guard count >= 0, count <= bytes.count else { throw cell.mismatch([Self].self) }
        var values: [Self] = []
        values.reserveCapacity(count)
        var offset = 20
        for _ in 0..<count {
            guard bytes.count >= offset + 4 else { throw cell.mismatch([Self].self) }
            let length = Int(bytes.bigEndian(Int32.self, at: offset))
            offset += 4
            guard length >= 0 else {
                values.append(try Self(cell: Cell(bytes: nil, type: element, column: cell.column)))
                continue
            }
            guard bytes.count >= offset + length else { throw cell.mismatch([Self].self) }
            let slice = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
            values.append(try Self(cell: Cell(bytes: slice, type: element, column: cell.column)))
            offset += length
        }
        return values
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package init(cell: Cell) throws(PostgresError) {
        self = cell.bytes == nil ? nil : .some(try Wrapped(cell: cell))
    }
}

extension Optional: PostgresArrayDecodable where Wrapped: PostgresDecodable {}

extension Array: PostgresDecodable where Element: PostgresArrayDecodable {
    package init(cell: Cell) throws(PostgresError) {
        self = try Element.decode(arrayIn: cell)
    }
}

/// `[UInt8]` is a `bytea`.
extension UInt8: PostgresArrayDecodable {
    package init(cell: Cell) throws(PostgresError) {
        guard let value = UInt8(exactly: try cell.integer(UInt8.self)) else { throw cell.mismatch(UInt8.self) }
        self = value
    }

    package static func decode(arrayIn cell: Cell) throws(PostgresError) -> [UInt8] {
        guard cell.type == 17 else { throw cell.mismatch([UInt8].self) }
        return Array(try cell.present([UInt8].self))
    }
}

extension Array: PostgresArrayDecodable where Element == UInt8 {}

extension Bool: PostgresArrayDecodable {
    package init(cell: Cell) throws(PostgresError) {
        let bytes = try cell.present(Bool.self)
        guard cell.type == 16, bytes.count == 1 else { throw cell.mismatch(Bool.self) }
        self = bytes[0] != 0
    }
}

extension Int32: PostgresArrayDecodable {
    package init(cell: Cell) throws(PostgresError) {
        guard let value = Int32(exactly: try cell.integer(Int32.self)) else { throw cell.mismatch(Int32.self) }
        self = value
    }
}

extension Int64: PostgresArrayDecodable {
    package init(cell: Cell) throws(PostgresError) { self = try cell.integer(Int64.self) }
}

extension Int: PostgresArrayDecodable {
    package init(cell: Cell) throws(PostgresError) { self = Int(try cell.integer(Int.self)) }
}

extension UInt64: PostgresArrayDecodable {
    package init(cell: Cell) throws(PostgresError) { self = UInt64(bitPattern: try cell.integer(UInt64.self)) }
}

extension Double: PostgresArrayDecodable {
    package init(cell: Cell) throws(PostgresError) {
        let bytes = try cell.present(Double.self)
        switch (cell.type, bytes.count) {
        case (701, 8): self = Double(bitPattern: bytes.bigEndian(UInt64.self))
        case (700, 4): self = Double(Float(bitPattern: bytes.bigEndian(UInt32.self)))
        case (1700, _):
            guard let value = Double(try cell.numeric(Double.self)) else { throw cell.mismatch(Double.self) }
            self = value
        default: self = Double(try cell.integer(Double.self))
        }
    }
}

/// Any textual type; also uuid, json, numeric, and enumerations, whose binary form is their label.
extension String: PostgresArrayDecodable {
    package init(cell: Cell) throws(PostgresError) {
        let bytes = try cell.present(String.self)
        switch cell.type {
        case 16, 17, 20, 21, 23, 26, 700, 701, 1082, 1114, 1184, 1186: throw cell.mismatch(String.self)
        case 1700: self = try cell.numeric(String.self)
        case 2950:
            guard bytes.count == 16 else { throw cell.mismatch(String.self) }
            self = UUID(uuid: bytes.loadUnaligned(as: uuid_t.self)).uuidString.lowercased()
        case 3802:
            // The first byte is the version of jsonb's binary form.
            self = String(decoding: bytes.dropFirst(), as: UTF8.self)
        default: self = String(decoding: bytes, as: UTF8.self)
        }
    }
}

extension Date: PostgresArrayDecodable {
    package init(cell: Cell) throws(PostgresError) {
        let bytes = try cell.present(Date.self)
        guard cell.type == 1184, bytes.count == 8 else { throw cell.mismatch(Date.self) }
        let microseconds = bytes.bigEndian(Int64.self)
        switch microseconds {
        case .max: self = .distantFuture
        case .min: self = .distantPast
        default: self.init(timeIntervalSince1970: postgresEpoch + Double(microseconds) / 1_000_000)
        }
    }
}

/// Days and months, which have no fixed length, are refused; our statements make intervals of seconds.
extension Duration: PostgresDecodable {
    package init(cell: Cell) throws(PostgresError) {
        let bytes = try cell.present(Duration.self)
        guard cell.type == 1186, bytes.count == 16, bytes.bigEndian(Int64.self, at: 8) == 0 else {
            throw cell.mismatch(Duration.self)
        }
        self = .microseconds(bytes.bigEndian(Int64.self))
    }
}
