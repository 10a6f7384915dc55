import Foundation

/// A JSON document as Foundation reads it: the other opinion on what our own readers say.
package enum Document: Decodable, Equatable {
    case null
    case boolean(Bool)
    case unsigned(UInt64)
    /// Every other number.
    case number
    case text(String)
    case array([Document])
    case object([String: Document])

    /// Nil if Foundation refuses the bytes.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)) else { return nil }
        self = document
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .unsigned(value)
        } else if let value = try? container.decode([String: Document].self) {
            self = .object(value)
        } else if let value = try? container.decode([Document].self) {
            self = .array(value)
        } else {
            _ = try container.decode(Double.self)
            self = .number
        }
    }

    package subscript(key: String) -> Document? {
        guard case .object(let fields) = self else { return nil }
        return fields[key]
    }

    package var isObject: Bool {
        if case .object = self { true } else { false }
    }

    package var elements: [Document] {
        if case .array(let elements) = self { elements } else { [] }
    }

    package var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    package var isTrue: Bool { self == .boolean(true) }

    /// The id that a string or a number spells.
    package var id: UInt64? {
        switch self {
        case .unsigned(let id): return id
        case .text(let text):
            // Swift's own reading takes a plus sign, and any number of leading zeros.
            guard text.utf8.count <= 20, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return UInt64(text)
        default: return nil
        }
    }
}
