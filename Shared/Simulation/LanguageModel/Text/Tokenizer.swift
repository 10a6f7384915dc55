/// Cuts text into pieces of the size in which models stream it, and counts tokens by the same rule.
///
/// A piece is a short word with the space before it, up to six letters of a longer one, or a single ideograph.
package enum Tokenizer {
    private static let longestPiece = 6

    package static func count(_ text: String) -> Int { pieces(of: text).count }

    /// The pieces in order; joined they are `text` again.
    package static func pieces(of text: String) -> [String] {
        var pieces: [String] = []
        var current = ""
        var letters = 0
        for character in text {
            let startsPiece =
                letters >= longestPiece || (character.isWhitespace && letters > 0) || isWide(character)
                || (current.last.map(isWide) ?? false)
            if startsPiece, !current.isEmpty {
                pieces.append(current)
                current = ""
                letters = 0
            }
            current.append(character)
            if !character.isWhitespace { letters += 1 }
        }
        if !current.isEmpty { pieces.append(current) }
        return pieces
    }

    private static func isWide(_ character: Character) -> Bool {
        guard let scalar = character.unicodeScalars.first else { return false }
        return (0x2E80...0xD7FF).contains(scalar.value)
    }
}
