import BusContract

/// Makes a value of any message type out of nothing: a decoder that answers every question with a sample.
///
/// So no message can be forgotten, and no field: whatever a type decodes is in its sample.
struct SampleDecoder: Decoder {
    /// What the fields hold.
    enum Filling: Sendable {
        /// Every field set, none at its default; lists have two elements.
        case full
        /// Every field absent or at its default.
        case empty
    }

    let filling: Filling
    /// What a single value is asked for, by the name of its type.
    var typeName = ""
    var seed = 1
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    static func sample<Value: Decodable>(_ type: Value.Type, _ filling: Filling) throws -> Value {
        try Value(from: SampleDecoder(filling: filling))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(SampleKeyedContainer(filling: filling))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        SampleUnkeyedContainer(filling: filling)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        SampleSingleValueContainer(filling: filling, typeName: typeName, seed: seed)
    }
}

private struct SampleKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let filling: SampleDecoder.Filling
    let codingPath: [any CodingKey] = []
    let allKeys: [Key] = []

    /// A number that differs from field to field, so that two exchanged fields are noticed.
    private func seed(_ key: Key) -> Int {
        key.stringValue.utf8.reduce(7) { ($0 * 31 + Int($1)) % 9973 } + 1
    }

    func contains(_ key: Key) -> Bool { filling == .full }
    func decodeNil(forKey key: Key) throws -> Bool { filling == .empty }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try Value(from: SampleDecoder(filling: filling, typeName: "\(type)", seed: seed(key)))
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        KeyedDecodingContainer(SampleKeyedContainer<Nested>(filling: filling))
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        SampleUnkeyedContainer(filling: filling)
    }

    func superDecoder() throws -> any Decoder { SampleDecoder(filling: filling) }
    func superDecoder(forKey key: Key) throws -> any Decoder { SampleDecoder(filling: filling) }
}

private struct SampleUnkeyedContainer: UnkeyedDecodingContainer {
    let filling: SampleDecoder.Filling
    let codingPath: [any CodingKey] = []
    private(set) var currentIndex = 0
    var count: Int? { filling == .full ? 2 : 0 }
    var isAtEnd: Bool { currentIndex >= (count ?? 0) }

    init(filling: SampleDecoder.Filling) {
        self.filling = filling
    }

    mutating func decodeNil() throws -> Bool { false }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        currentIndex += 1
        return try Value(from: SampleDecoder(filling: filling, typeName: "\(type)", seed: currentIndex))
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        currentIndex += 1
        return KeyedDecodingContainer(SampleKeyedContainer<Nested>(filling: filling))
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        currentIndex += 1
        return SampleUnkeyedContainer(filling: filling)
    }

    mutating func superDecoder() throws -> any Decoder { SampleDecoder(filling: filling) }
}

private struct SampleSingleValueContainer: SingleValueDecodingContainer {
    let filling: SampleDecoder.Filling
    let typeName: String
    let seed: Int
    let codingPath: [any CodingKey] = []

    func decodeNil() -> Bool { false }
    func decode(_ type: Bool.Type) throws -> Bool { filling == .full }
    func decode(_ type: Double.Type) throws -> Double { filling == .full ? Double(seed) + 0.5 : 0 }
    func decode(_ type: Float.Type) throws -> Float { filling == .full ? Float(seed) : 0 }

    func decode(_ type: String.Type) throws -> String {
        // Types that write themselves as a string of a certain shape ask for one here.
        if typeName.hasPrefix("Snowflake") || typeName.hasPrefix("Permissions") || typeName.hasPrefix("ProtoInteger") {
            return filling == .full ? "\(9_007_199_254_740_993 + seed)" : "0"
        }
        switch typeName {
        case "Bytes": return filling == .full ? "AAEC/v8=" : ""
        case "BotID": return filling == .full ? "bot-\(seed)" : "x"
        default: return filling == .full ? "text \(seed) \"é\u{1F980}" : ""
        }
    }

    private func integer<Number: FixedWidthInteger>() -> Number {
        filling == .full ? Number(clamping: seed) : 0
    }

    func decode(_ type: Int.Type) throws -> Int { integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { integer() }
    func decode(_ type: UInt.Type) throws -> UInt { integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { integer() }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try Value(from: SampleDecoder(filling: filling, typeName: "\(type)", seed: seed))
    }
}
