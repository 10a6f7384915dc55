import DiscordModel

// proto3's JSON mapping, where it differs from what the compiler synthesises for Codable. The overloads below are seen
// by the synthesised code of this module alone: a field that stands at its default may be absent, and 64-bit numbers
// are strings (JavaScript's numbers end at 2^53). Source: "ProtoJSON Format", protobuf.dev.

extension KeyedDecodingContainer {
    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        try decodeIfPresent(type, forKey: key) ?? ""
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
        try decodeIfPresent(type, forKey: key) ?? false
    }

    func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
        try decodeIfPresent(type, forKey: key) ?? 0
    }

    func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
        try decodeIfPresent(type, forKey: key) ?? 0
    }

    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
        try decodeIfPresent(ProtoInteger<Int64>.self, forKey: key)?.value ?? 0
    }

    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
        try decodeIfPresent(ProtoInteger<UInt64>.self, forKey: key)?.value ?? 0
    }

    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
        try decodeIfPresent(ProtoInteger<Int64>.self, forKey: key)?.value
    }

    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? {
        try decodeIfPresent(ProtoInteger<UInt64>.self, forKey: key)?.value
    }

    func decode<Element: Decodable>(_ type: [Element].Type, forKey key: Key) throws -> [Element] {
        try decodeIfPresent(type, forKey: key) ?? []
    }

    func decode<Value: OpenEnum>(_ type: Value.Type, forKey key: Key) throws -> Value {
        Value(rawValue: try decodeIfPresent(String.self, forKey: key) ?? "")
    }

    func decode<Kind>(_ type: Snowflake<Kind>.Type, forKey key: Key) throws -> Snowflake<Kind> {
        try decodeIfPresent(type, forKey: key) ?? Snowflake(0)
    }

    func decode(_ type: Permissions.Type, forKey key: Key) throws -> Permissions {
        try decodeIfPresent(type, forKey: key) ?? []
    }

    func decode(_ type: Bytes.Type, forKey key: Key) throws -> Bytes {
        try decodeIfPresent(type, forKey: key) ?? Bytes([])
    }
}

extension KeyedEncodingContainer {
    mutating func encode(_ value: Int64, forKey key: Key) throws {
        try encode(String(value), forKey: key)
    }

    mutating func encode(_ value: UInt64, forKey key: Key) throws {
        try encode(String(value), forKey: key)
    }

    mutating func encodeIfPresent(_ value: Int64?, forKey key: Key) throws {
        try encodeIfPresent(value.map(String.init), forKey: key)
    }

    mutating func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws {
        try encodeIfPresent(value.map(String.init), forKey: key)
    }
}

/// A 64-bit number as proto3 JSON may carry it: a string, or a number.
private struct ProtoInteger<Value: FixedWidthInteger & Decodable & LosslessStringConvertible>: Decodable {
    let value: Value

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            guard let value = Value(text) else {
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "expected a whole number, found \"\(text)\""
                )
            }
            self.value = value
        } else {
            value = try container.decode(Value.self)
        }
    }
}
