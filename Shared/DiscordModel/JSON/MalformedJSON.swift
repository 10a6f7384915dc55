/// Bytes that are not the JSON that was expected there.
package struct MalformedJSON: Error, Equatable, CustomStringConvertible {
    /// What was wrong.
    package enum Reason: String, Sendable {
        case empty, unexpectedByte, unterminatedString, controlCharacter, badEscape, badUTF8, badNumber, tooDeep
        case trailingBytes, duplicateKey, wrongType, missingField, badEventName
    }

    package let reason: Reason
    /// Where, in bytes from the start.
    package let offset: Int

    package init(reason: Reason, offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    package var description: String { "malformed JSON at byte \(offset): \(reason.rawValue)" }
}

/// The kinds of JSON value that a first byte can announce.
package enum JSONKind {
    case object, array, string, number, boolean, null, invalid
}
