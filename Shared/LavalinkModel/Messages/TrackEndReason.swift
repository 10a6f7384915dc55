/// Why a track ended; an open set.
package struct TrackEndReason: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Came to its end, also after an exception in its middle.
    package static let finished = Self(rawValue: "finished")
    /// Failed before any sound.
    package static let loadFailed = Self(rawValue: "loadFailed")
    /// Was stopped by the client.
    package static let stopped = Self(rawValue: "stopped")
    /// Another track took its place.
    package static let replaced = Self(rawValue: "replaced")
    /// The node gave the player up, for nobody fetched its sound: the voice connection is gone.
    package static let cleanup = Self(rawValue: "cleanup")

    /// Whether the next track may be started.
    package var mayStartNext: Bool {
        self == .finished || self == .loadFailed
    }
}

extension TrackEndReason: Codable {
    package init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
