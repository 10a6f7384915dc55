/// The bound values of a statement, laid out as libpq takes them: one run of bytes and a slot for each value.
struct Parameters: Sendable {
    struct Slot: Sendable {
        let type: UInt32
        let isBinary: Bool
        /// Where the value starts in `bytes`; meaningless for null.
        let offset: Int
        /// Its length, or nil for null.
        let length: Int?
    }

    private(set) var slots: [Slot] = []
    private(set) var bytes: [UInt8] = []

    var count: Int { slots.count }

    /// The types in order; together with the text they name a prepared statement.
    var types: [UInt32] { slots.map(\.type) }

    mutating func append<Value: PostgresEncodable>(_ value: Value) {
        let type = Value.postgresType
        guard !value.isNull else {
            slots.append(Slot(type: type.oid, isBinary: type.isBinary, offset: 0, length: nil))
            return
        }
        let start = bytes.count
        value.encode(into: &bytes)
        slots.append(Slot(type: type.oid, isBinary: type.isBinary, offset: start, length: bytes.count - start))
        // libpq reads text parameters to the terminating zero.
        if !type.isBinary { bytes.append(0) }
    }

    mutating func append(contentsOf other: Parameters) {
        let shift = bytes.count
        bytes += other.bytes
        slots += other.slots.map {
            Slot(type: $0.type, isBinary: $0.isBinary, offset: $0.offset + shift, length: $0.length)
        }
    }
}
