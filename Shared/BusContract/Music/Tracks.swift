/// Searches or resolves what a member asked to hear; nodes with the role search answer it.
package struct LoadTracks: BusRequest {
    package typealias Reply = LoadedTracks
    package static let typeName = "ensemble.music.v1.LoadTracks"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.lavalinkBridge]
    package static let callers: Set<ServiceRole>? = [.music]

    /// The member's words or an https URL; never a raw Lavalink identifier.
    package var query: String
    /// Most tracks wanted of a search; a playlist comes whole up to the bridge's limit.
    package var limit: Int

    package init(query: String, limit: Int = 10) {
        self.query = query
        self.limit = limit
    }
}

package struct LoadedTracks: BusMessage {
    package static let typeName = "ensemble.music.v1.LoadedTracks"

    package var kind: LoadedKind
    package var tracks: [Track]
    /// The playlist's name, when it is one.
    package var playlist: String
    /// What went wrong, for `failed` and `refused`.
    package var message: String

    package init(kind: LoadedKind, tracks: [Track] = [], playlist: String = "", message: String = "") {
        self.kind = kind
        self.tracks = tracks
        self.playlist = playlist
        self.message = message
    }
}

package struct LoadedKind: OpenEnum {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let track = Self(rawValue: "track")
    package static let search = Self(rawValue: "search")
    package static let playlist = Self(rawValue: "playlist")
    package static let empty = Self(rawValue: "empty")
    /// The node or source failed; another time it may work.
    package static let failed = Self(rawValue: "failed")
    /// The address is not on the allow-list.
    package static let refused = Self(rawValue: "refused")
    /// No node is connected.
    package static let noNode = Self(rawValue: "noNode")
}

/// A track as a node gave it.
package struct Track: Codable, Hashable, Sendable {
    /// The node's handle; opaque.
    package var encoded: String
    package var identifier: String
    package var title: String
    package var author: String
    /// Milliseconds; meaningless when `isStream`.
    package var length: Int64
    package var isStream: Bool
    package var isSeekable: Bool
    package var uri: String
    package var artwork: String
    package var source: String

    package init(
        encoded: String,
        identifier: String,
        title: String,
        author: String,
        length: Int64,
        isStream: Bool,
        isSeekable: Bool,
        uri: String,
        artwork: String,
        source: String
    ) {
        self.encoded = encoded
        self.identifier = identifier
        self.title = title
        self.author = author
        self.length = length
        self.isStream = isStream
        self.isSeekable = isSeekable
        self.uri = uri
        self.artwork = artwork
        self.source = source
    }
}
