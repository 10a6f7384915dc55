package import ServiceKit

/// Reads `.env`: `KEY=value` lines, `#` comments, an optional `export`, values in quotes or bare.
package enum DotEnv {
    /// Reads the text of a file.
    /// - Throws: ``ConfigurationError`` with the line of a mistake; the value is never shown, it may be a token.
    package static func parse(_ text: String, file: String = ".env") throws(ConfigurationError) -> [String: String] {
        var result: [String: String] = [:]
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var line = Substring(raw).trimmed
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            if line.hasPrefix("export ") { line = line.dropFirst("export ".count).trimmed }
            guard let equals = line.firstIndex(of: "=") else {
                throw ConfigurationError(file: file, line: index + 1, expected: "KEY=value", found: "a line without =")
            }
            let key = String(line[..<equals].trimmed)
            guard let first = key.utf8.first, !(0x30...0x39).contains(first), key.utf8.allSatisfy(Self.isKeyByte) else {
                throw ConfigurationError(
                    file: file,
                    line: index + 1,
                    expected: "a name of letters, digits and _",
                    found: "another name"
                )
            }
            guard let value = unquoted(line[line.index(after: equals)...].trimmed) else {
                throw ConfigurationError(
                    file: file,
                    line: index + 1,
                    key: key,
                    expected: "a closing quote",
                    found: "the line's end"
                )
            }
            result[key] = value
        }
        return result
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F
    }

    /// Nil when a quote is not closed.
    private static func unquoted(_ text: Substring) -> String? {
        guard let quote = text.first, quote == "\"" || quote == "'" else {
            // A bare value ends where a comment begins.
            return String((text.firstRange(of: " #").map { text[..<$0.lowerBound] } ?? text).trimmed)
        }
        let inside = text.dropFirst()
        guard let end = inside.firstIndex(of: quote) else { return nil }
        let value = String(inside[..<end])
        return quote == "\"" ? value.replacing("\\n", with: "\n") : value
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
