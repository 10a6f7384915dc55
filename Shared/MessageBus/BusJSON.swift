import BusContract
import FoundationEssentials

/// The JSON of payloads: canonical proto3 JSON, as the Codable types of the contract write it.
package enum BusJSON {
    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return encoder
    }()

    private static let decoder = JSONDecoder()

    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        if let value = value as? any DirectJSON {
            var json = JSONBytes()
            value.write(to: &json)
            return json.bytes
        }
        return Array(try encoder.encode(value))
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Collection<UInt8>) throws -> Value
    {
        if let type = type as? any DirectJSON.Type, let value = directly(type, bytes) as? Value { return value }
        return try decoder.decode(type, from: Data(bytes))
    }

    private static func directly<Value: DirectJSON>(_ type: Value.Type, _ bytes: some Collection<UInt8>) -> Value? {
        bytes.withContiguousStorageIfAvailable { Value(directly: UnsafeRawBufferPointer($0)) } ?? nil
    }
}
