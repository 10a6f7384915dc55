/// The made-up music that the local node finds: the same for the same query, always.
///
/// A few dozen known tracks, and for every query variations on it, so that whatever a member asks for is found.
/// It remembers the tracks that it has given out, so that their URLs load them again.
package struct TrackCatalogue: Sendable {
    /// What a load gives, by Lavalink's load types.
    package enum Result: Sendable, Equatable {
        case track(SimulatedTrack)
        case playlist(name: String, selected: Int, tracks: [SimulatedTrack])
        case search([SimulatedTrack])
        case empty
        case error(message: String)
    }

    /// Tracks given out that it remembers.
    private static let memory = 4_096
    private static let searchResults = 10

    /// Seconds of the tracks.
    private let lengths: ClosedRange<Int64>
    /// Where pictures of tracks are, with a slash at the end; nil for the addresses that the real sources have.
    package var artworkBase: String?
    private var known: [String: SimulatedTrack] = [:]
    private var order: [String] = []

    /// - Parameter lengths: seconds that tracks last; short, so that a playground shows how one follows another.
    package init(lengths: ClosedRange<Int64> = 20...180, artworkBase: String? = nil) {
        self.lengths = lengths
        self.artworkBase = artworkBase
    }

    /// Loads an identifier as `GET /v4/loadtracks` takes it.
    package mutating func load(_ identifier: String) -> Result {
        let text = Self.trimmed(identifier)
        for (prefix, source) in Self.searchPrefixes where text.hasPrefix(prefix) {
            return search(Self.trimmed(String(text.dropFirst(prefix.count))), source: source)
        }
        if let address = TrackAddress(text) { return load(address) }
        if let track = known[text] { return .track(track) }
        return .empty
    }

    static let searchPrefixes = [("ytsearch:", "youtube"), ("ytmsearch:", "youtube"), ("scsearch:", "soundcloud")]

    // MARK: - Search

    private mutating func search(_ query: String, source: String) -> Result {
        let lowered = query.lowercased()
        if query.isEmpty || lowered == "nothing" { return .empty }
        if lowered == "load error" { return .error(message: "This source is not available at the moment.") }
        let words = Set(Self.words(lowered))
        let matching = Repertoire.tracks
            .map { ($0, words.intersection(Self.words("\($0.title) \($0.author)".lowercased())).count) }
            .filter { $0.1 > 0 }
            .sorted { $0.1 > $1.1 }
            .prefix(4)
        var tracks = matching.map { made(title: $0.0.title, author: $0.0.author, source: source) }
        let title = Self.title(query)
        var choice = SeededChoice(seed: lowered)
        // A course that is asked for comes first.
        for (word, prefix) in [("stuck", "stuck-"), ("broken", "broken-"), ("glitch", "glitch-")]
        where words.contains(word) {
            tracks.insert(made(title: title, author: "The Test Pattern", source: source, prefix: prefix), at: 0)
        }
        for variation in Repertoire.variations where tracks.count < Self.searchResults {
            let author = choice.pick(Repertoire.artists)
            tracks.append(
                made(title: variation.isEmpty ? title : "\(title) \(variation)", author: author, source: source)
            )
        }
        tracks.forEach { remember($0) }
        return .search(tracks)
    }

    private func made(title: String, author: String, source: String, prefix: String = "") -> SimulatedTrack {
        var choice = SeededChoice(seed: "\(title)\u{0}\(author)\u{0}\(source)")
        let identifier = prefix + Self.identifier(&choice)
        let uri =
            source == "youtube"
            ? "https://www.youtube.com/watch?v=\(identifier)"
            : "https://soundcloud.com/\(Self.slug(author))/\(Self.slug(title))-\(identifier.lowercased())"
        return track(identifier: identifier, title: title, author: author, uri: uri, source: source, choice: &choice)
    }

    private func track(
        identifier: String,
        title: String,
        author: String,
        uri: String,
        source: String,
        choice: inout SeededChoice
    ) -> SimulatedTrack {
        let seconds = Int64.random(in: lengths, using: &choice)
        let picture = source == "youtube" ? "https://i.ytimg.com/vi/\(identifier)/mqdefault.jpg" : nil
        return SimulatedTrack(
            identifier: identifier,
            title: title,
            author: author,
            length: seconds * 1_000,
            uri: uri,
            artworkURL: artworkBase.map { "\($0)\(identifier).svg" } ?? picture,
            isrc: source == "youtube" ? nil : "XX\(choice.next() % 10_000_000_000)",
            sourceName: source
        )
    }

    // MARK: - Addresses

    private mutating func load(_ address: TrackAddress) -> Result {
        switch address {
        case .video(let identifier):
            return .track(known[identifier] ?? unknown(identifier, source: "youtube"))
        case .playlist(let identifier, let selected):
            let tracks = playlist(identifier, source: "youtube")
            let index = selected.flatMap { video in tracks.firstIndex { $0.identifier == video } } ?? -1
            return .playlist(name: Self.title("Harbour mix \(identifier.suffix(4))"), selected: index, tracks: tracks)
        case .page(let source, let artist, let name):
            var choice = SeededChoice(seed: "\(source)/\(artist)/\(name)")
            let identifier = Self.identifier(&choice)
            let uri = "https://\(source).com/\(artist)/\(name)"
            if let track = known.values.first(where: { $0.uri == uri }) { return .track(track) }
            var track = track(
                identifier: identifier,
                title: Self.title(name),
                author: Self.title(artist),
                uri: uri,
                source: source,
                choice: &choice
            )
            if source == "twitch" {
                track.isStream = true
                track.length = .max
            }
            remember(track)
            return .track(track)
        case .album(let source, let artist, let name):
            let tracks = playlist("\(artist)/\(name)", source: source)
            return .playlist(name: Self.title(name), selected: -1, tracks: tracks)
        case .file(let uri, let name):
            var choice = SeededChoice(seed: uri)
            var track = track(
                identifier: uri,
                title: Self.title(name),
                author: "Unknown artist",
                uri: uri,
                source: "http",
                choice: &choice
            )
            track.artworkURL = nil
            track.isrc = nil
            return .track(track)
        case .unreadable:
            return .error(message: "Unknown file format.")
        }
    }

    private mutating func unknown(_ identifier: String, source: String) -> SimulatedTrack {
        var choice = SeededChoice(seed: identifier)
        let entry =
            Repertoire.tracks.randomElement(using: &choice) ?? Repertoire.Entry(title: identifier, author: "Unknown")
        let track = track(
            identifier: identifier,
            title: entry.title,
            author: entry.author,
            uri: "https://www.youtube.com/watch?v=\(identifier)",
            source: source,
            choice: &choice
        )
        remember(track)
        return track
    }

    private mutating func playlist(_ seed: String, source: String) -> [SimulatedTrack] {
        var choice = SeededChoice(seed: seed)
        let count = Int.random(in: 6...14, using: &choice)
        let entries = Repertoire.tracks.shuffled(using: &choice).prefix(count)
        let tracks = entries.map { made(title: $0.title, author: $0.author, source: source) }
        tracks.forEach { remember($0) }
        return tracks
    }

    private mutating func remember(_ track: SimulatedTrack) {
        if known.updateValue(track, forKey: track.identifier) == nil {
            order.append(track.identifier)
            if order.count > Self.memory { known[order.removeFirst()] = nil }
        }
    }

    // MARK: - Names

    /// Eleven characters of the alphabet of YouTube's identifiers.
    private static func identifier(_ choice: inout SeededChoice) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        return String((0..<11).map { _ in alphabet[Int(choice.next() % 64)] })
    }

    private static func words(_ text: String) -> [String] {
        text.split(whereSeparator: { !$0.isLetter && !$0.isNumber }).map(String.init)
    }

    private static func title(_ text: String) -> String {
        text.split(whereSeparator: { $0 == " " || $0 == "-" || $0 == "_" || $0 == "+" })
            .map { $0.prefix(1).uppercased() + $0.dropFirst() }
            .joined(separator: " ")
    }

    private static func slug(_ text: String) -> String {
        words(text.lowercased()).joined(separator: "-")
    }

    private static func trimmed(_ text: String) -> String {
        var rest = Substring(text)
        while rest.first?.isWhitespace ?? false { rest.removeFirst() }
        while rest.last?.isWhitespace ?? false { rest.removeLast() }
        return String(rest)
    }
}
