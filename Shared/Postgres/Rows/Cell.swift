/// One value of a result, still in the server's binary form.
///
/// It points into the result and is only valid while the row that made it decodes; decoders copy what they keep.
package struct Cell {
    /// The value, or nil for null.
    package let bytes: UnsafeRawBufferPointer?
    let type: UInt32
    let column: String

    /// The error of a decoder that cannot read this cell as `wanted`.
    func mismatch(_ wanted: Any.Type) -> PostgresError {
        PostgresError(
            .decoding,
            bytes == nil
                ? "column \(column) is null where \(wanted) was expected"
                : "column \(column) of type \(type) does not read as \(wanted)"
        )
    }

    /// The value's bytes.
    func present(_ wanted: Any.Type) throws(PostgresError) -> UnsafeRawBufferPointer {
        guard let bytes else { throw mismatch(wanted) }
        return bytes
    }

    /// Any integer type of the server, widened.
    func integer(_ wanted: Any.Type) throws(PostgresError) -> Int64 {
        let bytes = try present(wanted)
        switch (type, bytes.count) {
        case (21, 2): return Int64(bytes.bigEndian(Int16.self))
        case (23, 4): return Int64(bytes.bigEndian(Int32.self))
        case (26, 4): return Int64(bytes.bigEndian(UInt32.self))
        case (20, 8): return bytes.bigEndian(Int64.self)
        case (1700, _):
            guard let value = Int64(try numeric(wanted)) else { throw mismatch(wanted) }
            return value
        default: throw mismatch(wanted)
        }
    }

    /// A `numeric` as decimal text; its binary form is digits in base 10,000 (`numeric_recv` in the server).
    func numeric(_ wanted: Any.Type) throws(PostgresError) -> String {
        let bytes = try present(wanted)
        guard bytes.count >= 8 else { throw mismatch(wanted) }
        let count = Int(bytes.bigEndian(Int16.self))
        let weight = Int(bytes.bigEndian(Int16.self, at: 2))
        let sign = bytes.bigEndian(UInt16.self, at: 4)
        let scale = Int(bytes.bigEndian(Int16.self, at: 6))
        guard sign == 0 || sign == 0x4000, count >= 0, bytes.count == 8 + 2 * count else {
            if sign == 0xC000 { return "NaN" }
            throw mismatch(wanted)
        }
        func group(_ index: Int) -> String {
            guard (0..<count).contains(index) else { return "0000" }
            let digits = String(bytes.bigEndian(Int16.self, at: 8 + 2 * index))
            return String(repeating: "0", count: 4 - digits.utf8.count) + digits
        }
        var whole = ""
        if weight >= 0 { for index in 0...weight { whole += group(index) } }
        let leading = whole.prefix { $0 == "0" }.count
        whole = leading == whole.count ? "0" : String(whole.dropFirst(leading))
        var fraction = ""
        var index = weight + 1
        while fraction.count < scale {
            fraction += group(index)
            index += 1
        }
        fraction = String(fraction.prefix(scale))
        return (sign == 0x4000 ? "-" : "") + whole + (scale > 0 ? "." + fraction : "")
    }
}

extension UnsafeRawBufferPointer {
    /// Reads an integer whose highest byte comes first; the caller has checked the length.
    func bigEndian<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int = 0) -> Value {
        Value(bigEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
}
