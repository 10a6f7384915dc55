/// A JSON value whose meaning belongs to somebody else: a plugin's fields, a track's user data.
///
/// It is kept as it came and written back the same, so that fields which we do not know survive the way through us.
package enum OpaqueJSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([OpaqueJSON])
    case object([String: OpaqueJSON])

    /// The member of an object; nil for a missing one and for everything that is not an object.
    package subscript(key: String) -> OpaqueJSON? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    /// The text of a string; nil for everything else.
    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// A whole number, also when it came as `2.0` or as a string of digits (ids are written as strings).
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        case .string(let text): Int64(text)
        default: nil
        }
    }
}

extension OpaqueJSON: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([OpaqueJSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: OpaqueJSON].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

extension OpaqueJSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByDictionaryLiteral {
    package init(stringLiteral value: String) {
        self = .string(value)
    }

    package init(integerLiteral value: Int64) {
        self = .integer(value)
    }

    package init(dictionaryLiteral elements: (String, OpaqueJSON)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}
