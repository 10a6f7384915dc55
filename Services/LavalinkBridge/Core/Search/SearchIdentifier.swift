/// Turns what a member typed into an identifier for a node.
///
/// A node fetches whatever it is given: other addresses would let a member reach the node's own network. So only https
/// links to listed hosts go as they are, and everything else, other schemes included, becomes words behind our own
/// search prefix.
package struct SearchIdentifier: Hashable, Sendable {
    /// Hosts whose links may be loaded; a host stands for its subdomains too.
    package static let defaultHosts: Set<String> = [
        "youtube.com", "youtu.be", "soundcloud.com", "spotify.com", "bandcamp.com", "twitch.tv", "vimeo.com",
        "deezer.com", "music.apple.com", "nicovideo.jp",
    ]

    /// What the node is asked for.
    package let identifier: String
    /// Whether it is a link, and not words.
    package let isLink: Bool

    /// - Parameters:
    ///   - prefix: The source to search, for example `ytsearch:`.
    ///   - hosts: Lower-case.
    /// - Returns: nil when nothing is left to search for.
    package init?(query: String, prefix: String, hosts: Set<String>) {
        let words = query.split { $0.isWhitespace || $0.isNewline }.joined(separator: " ")
        guard !words.isEmpty, words.utf8.count <= 1000 else { return nil }
        if let host = Self.host(ofLink: words), Self.isListed(host, in: hosts) {
            identifier = words
            isLink = true
        } else {
            identifier = prefix + words
            isLink = false
        }
    }

    private static func isListed(_ host: String, in hosts: Set<String>) -> Bool {
        hosts.contains { host == $0 || host.hasSuffix("." + $0) }
    }

    /// The host of an https link, read strictly: anything that two parsers could read in two ways is no link.
    private static func host(ofLink text: String) -> String? {
        guard text.lowercased().hasPrefix("https://") else { return nil }
        let rest = text.dropFirst("https://".count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let isPlain = authority.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E: true
            default: false
            }
        }
        guard isPlain, !authority.isEmpty, !authority.hasPrefix("."), !authority.hasSuffix("."),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != 0x5C })
        else { return nil }
        return authority.lowercased()
    }
}
