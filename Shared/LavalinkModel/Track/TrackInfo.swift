/// What a node says about a track.
package struct TrackInfo: Hashable, Sendable {
    /// The source's own id of the track.
    package var identifier: String
    package var isSeekable: Bool
    package var author: String
    /// Milliseconds; a stream's is a huge number (Int64.max) and must never be added up.
    package var length: Int64
    package var isStream: Bool
    /// Milliseconds.
    package var position: Int64
    package var title: String
    package var uri: String?
    package var artworkUrl: String?
    /// International Standard Recording Code.
    package var isrc: String?
    /// The source manager that can decode the track; a node without it cannot play it.
    package var sourceName: String

    package init(
        identifier: String,
        title: String,
        author: String,
        length: Int64,
        isSeekable: Bool = true,
        isStream: Bool = false,
        position: Int64 = 0,
        uri: String? = nil,
        artworkUrl: String? = nil,
        isrc: String? = nil,
        sourceName: String
    ) {
        self.identifier = identifier
        self.isSeekable = isSeekable
        self.author = author
        self.length = length
        self.isStream = isStream
        self.position = position
        self.title = title
        self.uri = uri
        self.artworkUrl = artworkUrl
        self.isrc = isrc
        self.sourceName = sourceName
    }
}

extension TrackInfo: Codable {
    private enum CodingKeys: String, CodingKey {
        case identifier, isSeekable, author, length, isStream, position, title, uri, artworkUrl, isrc, sourceName
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        identifier = container.lenientString(.identifier) ?? ""
        isSeekable = container.lenientBool(.isSeekable) ?? false
        author = container.lenientString(.author) ?? ""
        length = max(0, container.lenientInt64(.length) ?? 0)
        isStream = container.lenientBool(.isStream) ?? false
        position = max(0, container.lenientInt64(.position) ?? 0)
        title = try container.decode(String.self, forKey: .title)
        uri = container.lenientString(.uri)
        artworkUrl = container.lenientString(.artworkUrl)
        isrc = container.lenientString(.isrc)
        sourceName = container.lenientString(.sourceName) ?? ""
    }
}
