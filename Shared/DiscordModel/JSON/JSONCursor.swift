/// Reads JSON forward over raw bytes, checking all that it passes.
///
/// It accepts a subset of what Foundation accepts (RFC 8259 with nesting, number length and exponents bounded), so that
/// whatever it lets through, a full decoder reads in the same way. The bytes must outlive the cursor; callers use it
/// inside `withUnsafeBytes`. Every read is checked against the end: no input makes it read outside or trap.
package struct JSONCursor {
    /// The start of the bytes, from which offsets count.
    let start: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>
    private(set) var next: UnsafePointer<UInt8>

    /// Discord's payloads nest under 20 deep; the limit keeps hostile ones off the stack.
    static let maximumDepth = 128
    /// Longest number taken, in bytes. Discord's are snowflakes (20 digits) and short fractions.
    static let maximumNumberLength = 40

    /// Nil for no bytes at all.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return nil }
        start = base.assumingMemoryBound(to: UInt8.self)
        end = start + bytes.count
        next = start
    }

    /// Bytes from the start to the next one.
    var offset: Int { next - start }

    /// The next byte, or 0 at the end; 0 is no part of JSON outside strings, so callers need no second check.
    var peek: UInt8 {
        @inline(__always) get { next < end ? next.pointee : 0 }
    }

    func malformed(_ reason: MalformedJSON.Reason) -> MalformedJSON {
        MalformedJSON(reason: reason, offset: offset)
    }

    @inline(__always)
    mutating func skipSpace() {
        while next < end, next.pointee <= 0x20 {
            switch next.pointee {
            case 0x20, 0x0A, 0x0D, 0x09: next += 1
            default: return
            }
        }
    }

    /// Takes the given byte after space, or fails.
    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(MalformedJSON) {
        skipSpace()
        guard peek == byte, next < end else { throw malformed(.unexpectedByte) }
        next += 1
    }

    /// Fails unless only space is left.
    package mutating func expectEnd() throws(MalformedJSON) {
        skipSpace()
        guard next == end else { throw malformed(.trailingBytes) }
    }

    /// The kind of the next value, by its first byte.
    package mutating func peekKind() -> JSONKind {
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: return .invalid
        }
    }

    // MARK: - Containers

    /// Takes `{`. Follow it by `nextKey` until that gives nil.
    @inline(__always)
    package mutating func beginObject() throws(MalformedJSON) {
        try expect(UInt8(ascii: "{"))
    }

    /// Takes the next key and its colon, or the closing brace (nil).
    ///
    /// - Parameter isFirst: true before the first call on this object; the cursor clears it.
    @inline(__always)
    package mutating func nextKey(_ isFirst: inout Bool) throws(MalformedJSON) -> JSONString? {
        skipSpace()
        if peek == UInt8(ascii: "}") {
            next += 1
            return nil
        }
        if isFirst {
            isFirst = false
        } else {
            try expect(UInt8(ascii: ","))
        }
        let key = try string()
        try expect(UInt8(ascii: ":"))
        return key
    }

    /// Takes `[`. Follow it by `nextElement` until that is false.
    @inline(__always)
    package mutating func beginArray() throws(MalformedJSON) {
        try expect(UInt8(ascii: "["))
    }

    /// Stands before the next element (true), or has taken the closing bracket (false).
    @inline(__always)
    package mutating func nextElement(_ isFirst: inout Bool) throws(MalformedJSON) -> Bool {
        skipSpace()
        if peek == UInt8(ascii: "]") {
            next += 1
            return false
        }
        if isFirst {
            isFirst = false
        } else {
            try expect(UInt8(ascii: ","))
        }
        return true
    }

    /// Takes any value without reading it; it is checked all the same.
    ///
    /// - Parameter depth: how many containers are open around it.
    package mutating func skipValue(depth: Int) throws(MalformedJSON) {
        skipSpace()
        switch peek {
        case UInt8(ascii: "\""):
            _ = try string()
        case UInt8(ascii: "{"):
            guard depth < Self.maximumDepth else { throw malformed(.tooDeep) }
            next += 1
            var isFirst = true
            while try nextKey(&isFirst) != nil { try skipValue(depth: depth + 1) }
        case UInt8(ascii: "["):
            guard depth < Self.maximumDepth else { throw malformed(.tooDeep) }
            next += 1
            var isFirst = true
            while try nextElement(&isFirst) { try skipValue(depth: depth + 1) }
        case UInt8(ascii: "t"):
            try literal("true")
        case UInt8(ascii: "f"):
            try literal("false")
        case UInt8(ascii: "n"):
            try literal("null")
        default:
            _ = try number()
        }
    }

    // MARK: - Scalars

    mutating func literal(_ text: StaticString) throws(MalformedJSON) {
        let count = text.utf8CodeUnitCount
        guard end - next >= count else { throw malformed(.unexpectedByte) }
        for index in 0..<count where next[index] != text.utf8Start[index] {
            throw malformed(.unexpectedByte)
        }
        next += count
    }

    /// Takes `true` or `false`.
    mutating func boolean() throws(MalformedJSON) -> Bool {
        skipSpace()
        if peek == UInt8(ascii: "t") {
            try literal("true")
            return true
        }
        try literal("false")
        return false
    }

    /// Takes a number and gives its text.
    package mutating func number() throws(MalformedJSON) -> JSONNumber {
        skipSpace()
        let first = next
        if peek == UInt8(ascii: "-") { next += 1 }
        let digits = next
        skipDigits()
        guard next > digits, !(digits.pointee == UInt8(ascii: "0") && next - digits > 1) else {
            throw malformed(.badNumber)
        }
        var isInteger = true
        if peek == UInt8(ascii: ".") {
            isInteger = false
            next += 1
            let fraction = next
            skipDigits()
            guard next > fraction else { throw malformed(.badNumber) }
        }
        if peek | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            next += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { next += 1 }
            let exponent = next
            skipDigits()
            // Two digits stay inside a Double whatever stands before them.
            guard (1...2).contains(next - exponent) else { throw malformed(.badNumber) }
        }
        guard next - first <= Self.maximumNumberLength else { throw malformed(.badNumber) }
        return JSONNumber(bytes: UnsafeBufferPointer(start: first, count: next - first), isInteger: isInteger)
    }

    @inline(__always)
    private mutating func skipDigits() {
        while next < end, next.pointee &- UInt8(ascii: "0") <= 9 { next += 1 }
    }

    /// Takes a string, checking escapes, control characters and UTF-8.
    @inline(__always)
    package mutating func string() throws(MalformedJSON) -> JSONString {
        try expect(UInt8(ascii: "\""))
        let first = next
        var hasEscapes = false
        while true {
            skipPlainASCII()
            guard next < end else { throw malformed(.unterminatedString) }
            let byte = next.pointee
            if byte == UInt8(ascii: "\"") {
                let text = UnsafeBufferPointer(start: first, count: next - first)
                next += 1
                return JSONString(bytes: text, hasEscapes: hasEscapes)
            } else if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                try skipEscape()
            } else if byte >= 0x80 {
                try skipMultibyteScalar()
            } else if byte < 0x20 {
                throw malformed(.controlCharacter)
            } else {
                next += 1
            }
        }
    }

    /// Moves to the next byte that is a quote, a backslash, a control character or outside ASCII, eight at a time.
    @inline(__always)
    private mutating func skipPlainASCII() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        while end - next >= 8 {
            let word = UInt64(littleEndian: UnsafeRawPointer(next).loadUnaligned(as: UInt64.self))
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            // The high bit of a byte is set where the byte is 0 (quote, backslash), below 0x20, or above 0x7F; a borrow
            // can only spoil bytes above the lowest hit, which is the one taken.
            let hits =
                ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- (ones &* 0x20)) & ~word | word)
                & highs
            if hits != 0 {
                next += hits.trailingZeroBitCount >> 3
                return
            }
            next += 8
        }
        while next < end {
            let byte = next.pointee
            if byte == 0x22 || byte == 0x5C || byte < 0x20 || byte >= 0x80 { return }
            next += 1
        }
    }

    private mutating func skipEscape() throws(MalformedJSON) {
        next += 1
        switch peek {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            next += 1
        case UInt8(ascii: "u"):
            next += 1
            let unit = try hexUnit()
            if unit & 0xF800 == 0xD800 {
                // A surrogate is only half a character: the low one must follow at once.
                guard unit < 0xDC00, end - next >= 2, next[0] == UInt8(ascii: "\\"), next[1] == UInt8(ascii: "u")
                else { throw malformed(.badEscape) }
                next += 2
                guard try hexUnit() & 0xFC00 == 0xDC00 else { throw malformed(.badEscape) }
            }
        default:
            throw malformed(.badEscape)
        }
    }

    private mutating func hexUnit() throws(MalformedJSON) -> UInt32 {
        guard end - next >= 4 else { throw malformed(.badEscape) }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexDigit(next.pointee) else { throw malformed(.badEscape) }
            unit = unit << 4 | digit
            next += 1
        }
        return unit
    }

    /// Takes one character outside ASCII; overlong forms, surrogates and values past U+10FFFF are malformed (RFC 3629).
    @inline(__always)
    private mutating func skipMultibyteScalar() throws(MalformedJSON) {
        let lead = next.pointee
        let count: Int
        var lowest: UInt8 = 0x80
        var highest: UInt8 = 0xBF
        switch lead {
        case 0xC2...0xDF: count = 2
        case 0xE0:
            count = 3
            lowest = 0xA0
        case 0xED:
            count = 3
            highest = 0x9F
        case 0xE1...0xEF: count = 3
        case 0xF0:
            count = 4
            lowest = 0x90
        case 0xF1...0xF3: count = 4
        case 0xF4:
            count = 4
            highest = 0x8F
        default: throw malformed(.badUTF8)
        }
        guard end - next >= count, next[1] >= lowest, next[1] <= highest else { throw malformed(.badUTF8) }
        for index in 2..<max(count, 2) where next[index] & 0xC0 != 0x80 { throw malformed(.badUTF8) }
        next += count
    }
}

/// The value of a hexadecimal digit.
@inline(__always)
func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): return UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): return UInt32(byte - UInt8(ascii: "A") + 10)
    default: return nil
    }
}
