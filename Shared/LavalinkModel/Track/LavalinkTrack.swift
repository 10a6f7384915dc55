/// A track as a node knows it, in load results, players and events.
package struct LavalinkTrack: Hashable, Sendable {
    /// The only handle that plays it.
    package var encoded: EncodedTrack
    package var info: TrackInfo
    /// What plugins add (album, preview …); an object.
    package var pluginInfo: OpaqueJSON
    /// Whatever the client gave with the track; an object that comes back in every event.
    package var userData: OpaqueJSON

    package init(
        encoded: EncodedTrack,
        info: TrackInfo,
        pluginInfo: OpaqueJSON = [:],
        userData: OpaqueJSON = [:]
    ) {
        self.encoded = encoded
        self.info = info
        self.pluginInfo = pluginInfo
        self.userData = userData
    }
}

extension LavalinkTrack: Codable {
    private enum CodingKeys: String, CodingKey {
        case encoded, info, pluginInfo, userData
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        encoded = try container.decode(EncodedTrack.self, forKey: .encoded)
        info = try container.decode(TrackInfo.self, forKey: .info)
        pluginInfo = container.lenient(OpaqueJSON.self, .pluginInfo) ?? [:]
        userData = container.lenient(OpaqueJSON.self, .userData) ?? [:]
    }
}
