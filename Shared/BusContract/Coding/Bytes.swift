import FoundationEssentials

/// Raw bytes; base64 in JSON, as proto3 maps `bytes`.
package struct Bytes: Hashable, Sendable, Codable {
    package var values: [UInt8]

    package init(_ values: [UInt8]) {
        self.values = values
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let data = Data(base64Encoded: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected base64")
        }
        values = Array(data)
    }

    var base64: String { Data(values).base64EncodedString() }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(base64)
    }
}
