import FoundationEssentials

/// Where a bot's token is found: the name of a variable or of a file, never the token.
///
/// Variables begin with `DISCORD_TOKEN`, and files lie in one folder: whoever may add a bot cannot have another secret of
/// this machine sent to Discord.
package enum TokenReference: Hashable, Sendable {
    /// A variable of the process: `DISCORD_TOKEN_NOVA`.
    case variable(String)
    /// A file in the folder of tokens: `file:nova`.
    case file(String)

    /// What a complaint says is wanted. What was given is not repeated, for it may be a token.
    package static let expectation =
        "where the token is, not the token: a variable DISCORD_TOKEN_<NAME>, or file:<name> in the folder of tokens"

    /// The longest token, in bytes; Discord's have some 70.
    private static let limit = 256
    /// The longest reference, in bytes.
    package static let longest = 64

    /// Nil for any other text.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.longest else { return nil }
        if text.hasPrefix("file:") {
            let name = text.dropFirst(5)
            // No way out of the folder: neither a slash nor a leading dot.
            guard let first = name.utf8.first, Self.isLetterOrDigit(first),
                name.utf8.allSatisfy({ Self.isLetterOrDigit($0) || [0x2D, 0x2E, 0x5F].contains($0) })
            else { return nil }
            self = .file(String(name))
        } else {
            let prefix = "DISCORD_TOKEN"
            guard text == prefix || text.hasPrefix(prefix + "_"),
                text.utf8.allSatisfy({ (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F })
            else { return nil }
            self = .variable(text)
        }
    }

    /// The text that was parsed.
    package var text: String {
        switch self {
        case .variable(let name): name
        case .file(let name): "file:\(name)"
        }
    }

    /// Reads the token; blanks and line breaks around it do not count.
    ///
    /// - Throws: `ConfigurationError` that names variable or file, when there is nothing, or nothing that is a token.
    package func resolve(with settings: Settings) throws(ConfigurationError) -> Secret {
        let expected = "a bot's token"
        let found: String
        let place: String
        switch self {
        case .variable(let name):
            place = name
            guard let value = settings.optional(name) else { throw .missing(name, expected: expected) }
            found = value
        case .file(let name):
            place = "\(settings.tokenFolder)/\(name)"
            guard let data = FileManager.default.contents(atPath: place) else {
                throw ConfigurationError(key: place, expected: "a file with \(expected)", found: "none to be read")
            }
            found = String(decoding: data.prefix(Self.limit + 16), as: UTF8.self)
        }
        let token = found.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
        guard (1...Self.limit).contains(token.count), token.allSatisfy({ $0.isASCII && $0 > " " && $0 < "\u{7F}" })
        else { throw ConfigurationError(key: place, expected: expected, found: "something else") }
        return Secret(String(token))
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}

extension Settings {
    /// The folder of token files: `GATEWAY_TOKEN_FOLDER`, `tokens` in the folder of state when nothing is set.
    package var tokenFolder: String {
        path("GATEWAY_TOKEN_FOLDER", default: "\(stateFolder)/tokens")
    }
}
