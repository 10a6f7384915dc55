extension JSONCursor {
    /// Takes a snowflake as string or number; null is nil, and so is a value of another kind, which is skipped.
    @inline(__always)
    mutating func snowflake(depth: Int) throws(MalformedJSON) -> UInt64? {
        switch peekKind() {
        case .string: return try string().unsigned
        case .number: return try number().unsigned
        default:
            try skipValue(depth: depth)
            return nil
        }
    }

    /// Takes a snowflake that decides where an event goes: a value that is neither one nor null is malformed.
    @inline(__always)
    mutating func routingSnowflake() throws(MalformedJSON) -> UInt64? {
        switch peekKind() {
        case .string:
            guard let value = try string().unsigned else { throw malformed(.wrongType) }
            return value
        case .number:
            guard let value = try number().unsigned else { throw malformed(.wrongType) }
            return value
        case .null:
            try literal("null")
            return nil
        default: throw malformed(.wrongType)
        }
    }

    /// Takes a whole number of 0 or more, or null.
    mutating func unsignedOrNull() throws(MalformedJSON) -> UInt64? {
        switch peekKind() {
        case .number:
            guard let value = try number().unsigned else { throw malformed(.wrongType) }
            return value
        case .null:
            try literal("null")
            return nil
        default: throw malformed(.wrongType)
        }
    }

    /// Takes a boolean; a value of another kind is skipped and counts as the given one.
    mutating func boolean(or other: Bool, depth: Int) throws(MalformedJSON) -> Bool {
        guard peekKind() == .boolean else {
            try skipValue(depth: depth)
            return other
        }
        return try boolean()
    }

    /// Takes a string; a value of another kind is skipped and gives nil.
    mutating func text(depth: Int) throws(MalformedJSON) -> String? {
        guard peekKind() == .string else {
            try skipValue(depth: depth)
            return nil
        }
        return try string().value
    }

    /// Takes an instant; anything else is skipped and gives nil.
    mutating func timestamp(depth: Int) throws(MalformedJSON) -> Timestamp? {
        guard peekKind() == .string else {
            try skipValue(depth: depth)
            return nil
        }
        let text = try string()
        return text.hasEscapes ? Timestamp(text.value) : Timestamp(utf8: text.bytes)
    }

    /// Takes a whole number; a value of another kind is skipped and gives nil.
    mutating func unsigned(depth: Int) throws(MalformedJSON) -> UInt64? {
        guard peekKind() == .number else {
            try skipValue(depth: depth)
            return nil
        }
        return try number().unsigned
    }

    /// Takes an array of snowflakes; elements of another kind are left out, a value of another kind is no elements.
    mutating func snowflakes<Kind>(
        of kind: Kind.Type,
        depth: Int
    ) throws(MalformedJSON) -> [Snowflake<Kind>] {
        guard peekKind() == .array else {
            try skipValue(depth: depth)
            return []
        }
        var found: [Snowflake<Kind>] = []
        try beginArray()
        var isFirst = true
        while try nextElement(&isFirst) {
            if let id = try snowflake(depth: depth + 1) { found.append(Snowflake(id)) }
        }
        return found
    }
}

/// Which keys of one object have been seen, as bits: a second time is malformed, for decoders differ in which one counts.
struct SeenKeys {
    private var bits: UInt32 = 0

    /// Notes the key with the given number (0 to 31).
    @inline(__always)
    mutating func note(_ index: UInt32, at cursor: JSONCursor) throws(MalformedJSON) {
        let bit: UInt32 = 1 << index
        guard bits & bit == 0 else { throw cursor.malformed(.duplicateKey) }
        bits |= bit
    }
}
