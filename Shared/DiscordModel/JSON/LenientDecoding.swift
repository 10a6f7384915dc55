/// Decoding that loses a field or an element rather than the object around it.
///
/// Discord adds values, nulls fields and changes shapes without notice; an event must not be lost over a field that
/// nobody needed. What an object cannot be without is decoded strictly.
extension KeyedDecodingContainer {
    /// The value, or nil if it is absent, null or not of this type.
    package func lenient<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
        (try? decodeIfPresent(Value.self, forKey: key)) ?? nil
    }

    /// The value, or nil if it is absent, null or not of this type.
    package func lenient<Value: Decodable>(_ key: Key) -> Value? {
        lenient(Value.self, key)
    }

    /// The value, or the given one if it is absent, null or not of this type.
    package func lenient<Value: Decodable>(_ key: Key, or other: Value) -> Value {
        lenient(Value.self, key) ?? other
    }

    /// The elements that can be decoded; those that cannot are left out. Absent, null or no array is empty.
    package func lenientArray<Element: Decodable>(_ type: Element.Type, _ key: Key) -> [Element] {
        lenient([Lenient<Element>].self, key)?.compactMap(\.value) ?? []
    }

    /// The elements that can be decoded; those that cannot are left out.
    package func lenientArray<Element: Decodable>(_ key: Key) -> [Element] {
        lenientArray(Element.self, key)
    }
}

/// An element that may turn out to be something else.
private struct Lenient<Value: Decodable>: Decodable {
    let value: Value?

    init(from decoder: any Decoder) throws {
        value = try? Value(from: decoder)
    }
}
