/// A text reduced to what words are compared by: lower case, without invisible characters and combining marks, every
/// run of anything else than letters and digits as one space, a space at each end.
///
/// Two spellings that a reader takes for the same word should fold to the same bytes; a word then stands in a text when
/// ` word ` stands in the text's fold.
struct FoldedText {
    private(set) var bytes: [UInt8]

    init(_ text: some StringProtocol) {
        bytes = [space]
        bytes.reserveCapacity(text.utf8.count + 2)
        // Nearly all texts are ASCII, and need no look at Unicode's tables.
        let isASCII = text.utf8.withContiguousStorageIfAvailable { appendASCII($0) } ?? false
        if !isASCII {
            for scalar in text.unicodeScalars { append(scalar) }
        }
        if bytes.last != space { bytes.append(space) }
    }

    /// Appends a whole text of ASCII; false, and nothing appended, when it is none.
    private mutating func appendASCII(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.allSatisfy({ $0 < 0x80 }) else { return false }
        for byte in text {
            switch byte {
            case 0x30...0x39, 0x61...0x7A: bytes.append(byte)
            case 0x41...0x5A: bytes.append(byte | 0x20)
            default: separate()
            }
        }
        return true
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x30...0x39, 0x61...0x7A:
            bytes.append(UInt8(truncatingIfNeeded: scalar.value))
        case 0x41...0x5A:
            bytes.append(UInt8(truncatingIfNeeded: scalar.value) | 0x20)
        case 0..<0x80:
            separate()
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
        if bytes.last != space { bytes.append(space) }
    }
}

private let space: UInt8 = 0x20
