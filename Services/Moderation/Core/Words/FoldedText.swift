/// A text reduced to what words are compared by: lower case, without invisible characters and combining marks, every
/// run of anything else than letters and digits as one space, a space at each end.
///
/// Two spellings that a reader takes for the same word should fold to the same bytes; a word then stands in a text when
/// ` word ` stands in the text's fold.
struct FoldedText {
    private(set) var bytes: [UInt8]

    init(_ text: some StringProtocol) {
        bytes = [Self.space]
        bytes.reserveCapacity(text.utf8.count + 2)
        for scalar in text.unicodeScalars { append(scalar) }
        if bytes.last != Self.space { bytes.append(Self.space) }
    }

    /// What separates words, and stands at both ends.
    static let space: UInt8 = 0x20

    /// What a character of ASCII folds to: itself in lower case, or a space; nil for a byte that is none.
    @inline(__always)
    static func fold(ascii byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39, 0x61...0x7A: byte
        case 0x41...0x5A: byte | 0x20
        case 0..<0x80: space
        default: nil
        }
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0..<0x80:
            let folded = Self.fold(ascii: UInt8(truncatingIfNeeded: scalar.value)) ?? Self.space
            if folded == Self.space { separate() } else { bytes.append(folded) }
        case 0xFF01...0xFF5E:
            // Full-width forms of ASCII.
            Unicode.Scalar(scalar.value - 0xFEE0).map { append($0) }
        default:
            appendBeyondASCII(scalar)
        }
    }

    private mutating func appendBeyondASCII(_ scalar: Unicode.Scalar) {
        let properties = scalar.properties
        if properties.isDefaultIgnorableCodePoint { return }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format:
            return
        default:
            guard properties.isAlphabetic || properties.numericType != nil else { return separate() }
            bytes.append(contentsOf: properties.lowercaseMapping.utf8)
        }
    }

    private mutating func separate() {
        if bytes.last != Self.space { bytes.append(Self.space) }
    }
}
