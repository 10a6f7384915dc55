/// A track as the local node knows it: the fields of Lavalink's `info` object.
package struct SimulatedTrack: Sendable, Hashable {
    package var identifier: String
    package var title: String
    package var author: String
    /// Milliseconds.
    package var length: Int64
    package var isStream = false
    package var uri: String?
    package var artworkURL: String?
    package var isrc: String?
    package var sourceName: String
    /// Where the track starts, in milliseconds.
    package var position: Int64 = 0

    package var isSeekable: Bool { !isStream }

    /// How the track plays.
    package enum Course: Sendable, Equatable {
        case normal
        /// No audio comes any more from that position on.
        case stuck(at: Int64)
        /// Fails before any audio.
        case failsAtStart
        /// Fails in the middle.
        case fails(at: Int64)
    }

    /// The course is written in the identifier, so that it survives encoding: `stuck-`, `broken-`, `glitch-`.
    package var course: Course {
        if identifier.hasPrefix("stuck-") { return .stuck(at: min(3_000, length / 2)) }
        if identifier.hasPrefix("broken-") { return .failsAtStart }
        if identifier.hasPrefix("glitch-") { return .fails(at: min(3_000, length / 2)) }
        return .normal
    }

    /// The track object of Lavalink's API.
    func json(userData: JSONValue = [:]) -> JSONValue {
        func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
        return [
            "encoded": .string(TrackEncoding.encode(self)),
            "info": [
                "identifier": .string(identifier), "isSeekable": .bool(isSeekable), "author": .string(author),
                "length": .integer(length), "isStream": .bool(isStream), "position": .integer(position),
                "title": .string(title), "uri": optional(uri), "artworkUrl": optional(artworkURL),
                "isrc": optional(isrc), "sourceName": .string(sourceName),
            ],
            "pluginInfo": [:],
            "userData": userData,
        ]
    }
}
