/// The body of `PATCH /v4/sessions/{session}/players/{guild}`: absent fields stay as they are.
///
/// A node applies voice first and blocks until it is connected, then paused, volume, position, end, filters and at last
/// the track, which brings its own position.
package struct PlayerUpdate: Hashable, Sendable, Codable {
    /// What to play.
    package struct Track: Hashable, Sendable {
        /// Nil stops what plays (`"encoded": null`); to leave the track alone, leave out the whole part.
        package var encoded: EncodedTrack?
        /// Must be an object.
        package var userData: OpaqueJSON?

        package init(encoded: EncodedTrack?, userData: OpaqueJSON? = nil) {
            self.encoded = encoded
            self.userData = userData
        }
    }

    package var track: Track?
    /// Milliseconds.
    package var position: Int64?
    /// Milliseconds above 0.
    package var endTime: Int64?
    /// 0 to 1000.
    package var volume: Int?
    package var paused: Bool?
    /// Replaces all earlier filters; `{}` clears them.
    package var filters: OpaqueJSON?
    package var voice: VoiceCredentials?

    package init(
        track: Track? = nil,
        position: Int64? = nil,
        endTime: Int64? = nil,
        volume: Int? = nil,
        paused: Bool? = nil,
        filters: OpaqueJSON? = nil,
        voice: VoiceCredentials? = nil
    ) {
        self.track = track
        self.position = position
        self.endTime = endTime
        self.volume = volume
        self.paused = paused
        self.filters = filters
        self.voice = voice
    }

    /// Whether there is nothing to send.
    package var isEmpty: Bool {
        self == PlayerUpdate()
    }
}

extension PlayerUpdate.Track: Codable {
    private enum CodingKeys: String, CodingKey {
        case encoded, userData
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        encoded = try container.decodeIfPresent(EncodedTrack.self, forKey: .encoded)
        userData = container.lenient(OpaqueJSON.self, .userData)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        // null has a meaning here: stop.
        try container.encode(encoded, forKey: .encoded)
        try container.encodeIfPresent(userData, forKey: .userData)
    }
}
