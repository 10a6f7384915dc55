import DiscordModel

/// A message that is so frequent and so small that Codable's reading and writing would take longer than all else that is
/// done about it: it reads and writes the same JSON by itself.
///
/// Codable stays the rule of what is right. What the direct reader does not take, whatever the reason, is read again by
/// Codable, which also says what is wrong with it; a test compares the two.
package protocol DirectJSON: Codable {
    /// Reads the plain spelling of a message: each field once, in any order. Nil for everything else.
    init?(directly json: UnsafeRawBufferPointer)

    /// Appends the message's JSON.
    func write(to json: inout JSONBytes)
}

/// JSON under construction: objects whose fields have values other than their defaults.
package struct JSONBytes {
    package private(set) var bytes: [UInt8] = []

    package init() {
        bytes.reserveCapacity(256)
    }

    /// Writes an object with the fields that `fields` writes.
    package mutating func object(_ fields: (inout Self) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        fields(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    package mutating func field(_ name: StaticString, _ value: String) {
        key(name)
        append(value)
    }

    package mutating func field(_ name: StaticString, _ value: Int) {
        key(name)
        bytes.append(contentsOf: String(value).utf8)
    }

    package mutating func field<Elements: Collection>(
        _ name: StaticString,
        _ elements: Elements,
        _ element: (inout Self, Elements.Element) -> Void
    ) {
        key(name)
        bytes.append(UInt8(ascii: "["))
        for value in elements {
            if bytes.last != UInt8(ascii: "[") { bytes.append(UInt8(ascii: ",")) }
            element(&self, value)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Begins a field whose value is written next.
    package mutating func key(_ name: StaticString) {
        if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
        append(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    private mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        var plain = text.startIndex
        for index in text.indices where text[index] < 0x20 || text[index] == 0x22 || text[index] == 0x5C {
            bytes.append(contentsOf: text[plain..<index])
            plain = index + 1
            escape(text[index])
        }
        bytes.append(contentsOf: text[plain...])
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x00..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 0xF)])
        default: bytes.append(byte)
        }
    }
}

extension JSONCursor {
    /// Reads a whole document that is one object; nil when `field` gives false for one of its fields, when a name comes
    /// twice, or when it is not JSON.
    static func readObject(
        _ json: UnsafeRawBufferPointer,
        _ field: (JSONString, inout JSONCursor) throws(MalformedJSON) -> Bool
    ) -> Bool {
        guard var cursor = JSONCursor(json) else { return false }
        do {
            try cursor.beginObject()
            var isFirst = true
            while let name = try cursor.nextKey(&isFirst) {
                guard try field(name, &cursor) else { return false }
            }
            try cursor.expectEnd()
            return true
        } catch {
            return false
        }
    }

    /// Takes a string into a field that has none yet; false for a value of another kind, and the second time.
    mutating func take(into field: inout String?) throws(MalformedJSON) -> Bool {
        guard field == nil, peekKind() == .string else { return false }
        field = try string().value
        return true
    }

    /// Takes a whole number of 0 or more into a field that has none yet.
    mutating func take(into field: inout Int?) throws(MalformedJSON) -> Bool {
        guard field == nil, peekKind() == .number, let value = try number().unsigned else { return false }
        field = Int(exactly: value)
        return field != nil
    }

    /// Takes an empty array.
    mutating func takeEmptyArray() throws(MalformedJSON) -> Bool {
        guard peekKind() == .array else { return false }
        try beginArray()
        var isFirst = true
        return try !nextElement(&isFirst)
    }
}
