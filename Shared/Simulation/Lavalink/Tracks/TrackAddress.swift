/// What a URL leads to on the sources that the local node has.
enum TrackAddress: Equatable {
    case video(String)
    case playlist(String, selected: String?)
    /// One track's page at `<source>.com/<artist>/<name>`.
    case page(source: String, artist: String, name: String)
    case album(source: String, artist: String, name: String)
    /// A file anywhere.
    case file(uri: String, name: String)
    /// An address behind which there is no audio.
    case unreadable

    /// nil when the text is no http or https URL.
    init?(_ text: String) {
        let scheme = ["https://", "http://"].first { text.lowercased().hasPrefix($0) }
        guard let scheme, text.count <= 2_048 else { return nil }
        let rest = text.dropFirst(scheme.count)
        let beforeQuery = rest.prefix { $0 != "?" && $0 != "#" }
        let query = rest.dropFirst(beforeQuery.count + 1).prefix { $0 != "#" }
        var parts = beforeQuery.split(separator: "/").map(String.init)
        guard !parts.isEmpty else { return nil }
        var host = parts.removeFirst().lowercased()
        for prefix in ["www.", "m.", "music."] where host.hasPrefix(prefix) { host.removeFirst(prefix.count) }
        let items = query.split(separator: "&").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        func item(_ name: String) -> String? { items.first { $0.count == 2 && $0[0] == name }?[1] }

        switch host {
        case "youtube.com":
            if let list = item("list") {
                self = .playlist(list, selected: item("v"))
            } else if let video = item("v") ?? (parts.first == "shorts" ? parts.dropFirst().first : nil) {
                self = .video(video)
            } else {
                self = .unreadable
            }
        case "youtu.be":
            self = parts.first.map { .video($0) } ?? .unreadable
        case "soundcloud.com":
            self = Self.page("soundcloud", parts, album: "sets")
        case "twitch.tv":
            self = parts.count == 1 ? .page(source: "twitch", artist: parts[0], name: "live") : .unreadable
        case "vimeo.com":
            self = parts.count == 1 ? .page(source: "vimeo", artist: "vimeo", name: parts[0]) : .unreadable
        case let host where host.hasSuffix(".bandcamp.com"):
            let artist = String(host.dropLast(".bandcamp.com".count))
            self = Self.page("bandcamp", [artist] + parts.filter { $0 != "track" }, album: "album")
        default:
            let name = parts.last ?? ""
            let isAudio = [".mp3", ".ogg", ".flac", ".wav", ".m4a", ".opus", ".m3u8", ".aac"].contains {
                name.lowercased().hasSuffix($0)
            }
            self = isAudio ? .file(uri: text, name: String(name.prefix { $0 != "." })) : .unreadable
        }
    }

    private static func page(_ source: String, _ parts: [String], album: String) -> TrackAddress {
        if parts.count == 3, parts[1] == album { return .album(source: source, artist: parts[0], name: parts[2]) }
        return parts.count == 2 ? .page(source: source, artist: parts[0], name: parts[1]) : .unreadable
    }
}
