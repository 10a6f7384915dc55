/// The last message of a conversation as the local model understands it.
struct MemberMessage: Equatable {
    /// Who wrote it, when the message says so (`alice: hello`).
    var author: String?
    /// What was written, without the author and without mentions.
    var text: String

    /// Reads a message; of several lines `name: text` the last one counts.
    init(_ raw: String) {
        let lines = raw.split(separator: "\n").map(Substring.init)
        let authored = lines.compactMap(Self.split)
        if let last = lines.last, lines.count > 1, authored.count == lines.count, let parts = Self.split(last) {
            author = parts.author
            text = Self.withoutMentions(parts.text)
        } else if let first = lines.first, let parts = Self.split(first) {
            author = parts.author
            text = Self.withoutMentions(([parts.text] + lines.dropFirst()).joined(separator: "\n"))
        } else {
            author = nil
            text = Self.withoutMentions(raw)
        }
    }

    /// The words in lower case.
    var words: [String] {
        text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "'" }).map(String.init)
    }

    /// What the message is about: its longest word that says something; nil for a message of small words only.
    var topic: String? {
        let candidates = text.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "-" }).map(String.init)
        let telling = candidates.filter { word in
            let minimum = ModelLanguage(of: word) == .english ? 4 : 2
            return word.count >= minimum && !Self.smallWords.contains(word.lowercased())
        }
        return telling.max { $0.count < $1.count }.map { String($0.prefix(24)) }
    }

    private static func split(_ line: Substring) -> (author: String, text: Substring)? {
        let bare = line.hasPrefix("[") || line.hasPrefix("<") ? line.dropFirst() : line
        let name = bare.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." || $0 == "-" }
        guard !name.isEmpty, name.count <= 32 else { return nil }
        var rest = bare[name.endIndex...]
        if rest.first == "]" || rest.first == ">" { rest = rest.dropFirst() }
        guard rest.hasPrefix(": ") else { return nil }
        return (String(name), rest.dropFirst(2))
    }

    private static func withoutMentions(_ text: some StringProtocol) -> String {
        text.split(separator: " ", omittingEmptySubsequences: true)
            .filter { !($0.hasPrefix("<@") && $0.hasSuffix(">")) && !($0.hasPrefix("@") && $0.count > 1) }
            .joined(separator: " ")
    }

    private static let smallWords: Set<String> = [
        "about", "after", "again", "could", "does", "doing", "from", "have", "hello", "here", "just", "like", "make",
        "please", "should", "some", "tell", "than", "that", "their", "them", "then", "there", "these", "they", "think",
        "this", "want", "what", "when", "where", "which", "will", "with", "would", "write", "your", "yours", "know",
        "really", "very", "give", "long", "short", "can't", "don't", "you're", "what's", "been", "were",
        "что", "как", "это", "где", "когда", "почему", "привет", "скажи", "расскажи", "мне", "ты", "думаешь", "очень",
        "що", "чому", "привіт", "розкажи", "мені", "ти", "думаєш", "дуже", "про", "для", "или", "або", "тебе", "тебя",
    ]
}
