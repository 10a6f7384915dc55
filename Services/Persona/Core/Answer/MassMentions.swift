/// Takes the force out of `@everyone` and `@here` in what a model says.
///
/// `allowed_mentions` already keeps them from pinging; without this they would still look like a ping, and would be one
/// wherever somebody copies the text.
enum MassMentions {
    private static let words = ["everyone", "here"]
    private static let longest = 8

    /// The text with a zero-width space behind the sign of every such mention.
    static func defused(_ text: String) -> String {
        guard text.contains("@") else { return text }
        var result = ""
        var rest = text[...]
        while let sign = rest.firstIndex(of: "@") {
            let after = rest.index(after: sign)
            result += rest[..<after]
            rest = rest[after...]
            let next = rest.prefix(longest).lowercased()
            if words.contains(where: next.hasPrefix) {
                result += "\u{200B}"
            }
        }
        return result + rest
    }
}
