// Nodes and their plugins are written in several languages, and numbers come as `2` or `2.0`, optional objects as
// null or not at all. These helpers read what is there and fall back instead of failing a whole message.

extension KeyedDecodingContainer {
    /// A whole number, also from `2.0`; a value beyond Int64 is clamped (a stream's length), NaN is nil.
    func lenientInt64(_ key: Key) -> Int64? {
        if let value = try? decodeIfPresent(Int64.self, forKey: key) { return value }
        guard let value = (try? decodeIfPresent(Double.self, forKey: key)) ?? nil, !value.isNaN else { return nil }
        if value >= 9.2e18 { return .max }
        if value <= -9.2e18 { return .min }
        return Int64(value)
    }

    /// Like ``lenientInt64(_:)`` for a count or a code.
    func lenientInt(_ key: Key) -> Int? {
        lenientInt64(key).map { Int(clamping: $0) }
    }

    /// A number; nil when it is absent, null or not a number.
    func lenientDouble(_ key: Key) -> Double? {
        (try? decodeIfPresent(Double.self, forKey: key)) ?? nil
    }

    /// A truth value; nil when it is absent, null or something else.
    func lenientBool(_ key: Key) -> Bool? {
        (try? decodeIfPresent(Bool.self, forKey: key)) ?? nil
    }

    /// A text; nil when it is absent, null or something else.
    func lenientString(_ key: Key) -> String? {
        (try? decodeIfPresent(String.self, forKey: key)) ?? nil
    }

    /// An object of ours; nil when it is absent, null or malformed.
    func lenient<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
        (try? decodeIfPresent(type, forKey: key)) ?? nil
    }
}
