import DiscordModel

/// Shorthands for the shapes that Discord's JSON is made of.
extension JSONValue {
    static func id<Kind>(_ id: Snowflake<Kind>) -> JSONValue { .string(id.description) }

    static func id<Kind>(_ id: Snowflake<Kind>?) -> JSONValue { id.map { .string($0.description) } ?? .null }

    static func int(_ value: Int) -> JSONValue { .integer(Int64(value)) }

    static func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }

    static func time(_ value: EpochMilliseconds?) -> JSONValue {
        value.map { .string(DiscordTimestamp.text($0)) } ?? .null
    }

    static func permissions(_ value: Permissions) -> JSONValue {
        // Administrators have "everything": the bits that exist, so that clients can read the number.
        .string(String((value == .all ? Permissions.everyKnown : value).rawValue))
    }

    /// The object with another's members put over its own.
    func merging(_ other: [String: JSONValue]) -> JSONValue {
        .object((objectValue ?? [:]).merging(other) { $1 })
    }

    /// A snowflake written as a string of digits, or (some libraries) as a number.
    func snowflake<Kind>(_ kind: Snowflake<Kind>.Type) -> Snowflake<Kind>? {
        if let text = stringValue { return text.isEmpty ? nil : Snowflake<Kind>(text) }
        return integerValue.flatMap { $0 > 0 ? Snowflake<Kind>(UInt64($0)) : nil }
    }
}

extension Permissions {
    /// All bits that Discord documents (0 to 52 without the unassigned 47).
    static let everyKnown = Permissions(rawValue: (1 << 53) - 1 - (1 << 47))
}
