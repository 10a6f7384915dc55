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
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result.append("$")
                rest.removeFirst()
            } else if rest.first == "{" {
                guard let close = rest.firstIndex(of: "}") else { throw .malformed(text) }
                let inside = rest[rest.index(after: rest.startIndex)..<close]
                result += try value(of: inside, with: settings)
                rest = rest[rest.index(after: close)...]
            } else {
                result.append("$")
            }
        }
        return result + rest
    }

    /// The variables that a text names, in order.
    static func names(in text: String) -> [String] {
        var names: [String] = []
        var rest = text[...]
        while let open = rest.firstRange(of: "${") {
            rest = rest[open.upperBound...]
            guard let close = rest.firstIndex(of: "}") else { break }
            names.append(String(rest[..<close].prefix { $0 != ":" }))
            rest = rest[close...]
        }
        return names
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
