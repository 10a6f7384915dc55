/// `${NAME}` and `${NAME:-default}` inside a configuration value.
///
/// They stay as written in the file and are replaced each time a value is read, so that a secret never sits in a parsed
/// tree and a file can name variables that only another service has. `$$` stands for one dollar sign.
enum EnvironmentReference {
    /// What went wrong in a text with references.
    enum Failure: Error, Equatable {
        case unset(String)
        case malformed(String)
    }

    /// Replaces every reference in `text`.
    static func resolve(_ text: String, with settings: Settings) throws(Failure) -> String {
        guard text.contains("$") else { return text }
        var result = ""
        var rest = text[...]
        while let piece = nextPiece(of: &rest) {
            switch piece {
            case .text(let text): result += text
            case .reference(let inside): result += try value(of: inside, with: settings)
            case .unclosed: throw .malformed(text)
            }
        }
        return result
    }

    /// The variables that a text names, in order.
    static func names(in text: String) -> [String] {
        var names: [String] = []
        var rest = text[...]
        while let piece = nextPiece(of: &rest) {
            if case .reference(let inside) = piece { names.append(String(inside.prefix { $0 != ":" })) }
        }
        return names
    }

    private enum Piece {
        case text(Substring)
        /// What stands between the braces.
        case reference(Substring)
        /// A reference without its closing brace.
        case unclosed
    }

    /// Takes the next piece off a text; nil at the end.
    private static func nextPiece(of rest: inout Substring) -> Piece? {
        guard let first = rest.first else { return nil }
        guard first == "$" else {
            defer { rest = rest.drop { $0 != "$" } }
            return .text(rest.prefix { $0 != "$" })
        }
        let after = rest.dropFirst()
        switch after.first {
        case "$":
            rest = after.dropFirst()
            return .text("$")
        case "{":
            guard let close = after.firstIndex(of: "}") else {
                rest = ""
                return .unclosed
            }
            rest = after[after.index(after: close)...]
            return .reference(after[..<close].dropFirst())
        default:
            rest = after
            return .text("$")
        }
    }

    private static func value(of inside: Substring, with settings: Settings) throws(Failure) -> String {
        let name: Substring
        let fallback: Substring?
        if let separator = inside.firstRange(of: ":-") {
            name = inside[..<separator.lowerBound]
            fallback = inside[separator.upperBound...]
        } else {
            name = inside
            fallback = nil
        }
        guard let first = name.utf8.first, !(0x30...0x39).contains(first),
            name.utf8.allSatisfy({ byte in
                (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
                    || byte == 0x5F
            })
        else { throw .malformed("${\(inside)}") }
        if let value = settings.optional(String(name)) { return value }
        guard let fallback else { throw .unset(String(name)) }
        return String(fallback)
    }
}
