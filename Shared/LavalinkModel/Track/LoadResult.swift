/// The answer of `GET /v4/loadtracks`; a node gives it with status 200 also when loading failed.
package enum LoadResult: Hashable, Sendable {
    /// A link to one track.
    case track(LavalinkTrack)
    /// A link to a list of tracks.
    case playlist(LoadedPlaylist)
    /// What a search found, best first.
    case search([LavalinkTrack])
    /// Nothing was found. Its `data` is null, `{}` or missing, depending on the node.
    case empty
    /// The source failed.
    case error(LavalinkException)
    /// A type that a later node may have; treated like nothing found.
    case unknown(type: String)
}

/// A list of tracks that a link named.
package struct LoadedPlaylist: Hashable, Sendable, Codable {
    package struct Info: Hashable, Sendable {
        package var name: String
        /// Index of the track that the link pointed at; -1 = none.
        package var selectedTrack: Int

        package init(name: String, selectedTrack: Int = -1) {
            self.name = name
            self.selectedTrack = selectedTrack
        }
    }

    package var info: Info
    package var pluginInfo: OpaqueJSON
    package var tracks: [LavalinkTrack]

    package init(info: Info, pluginInfo: OpaqueJSON = [:], tracks: [LavalinkTrack]) {
        self.info = info
        self.pluginInfo = pluginInfo
        self.tracks = tracks
    }

    private enum CodingKeys: String, CodingKey {
        case info, pluginInfo, tracks
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        info = try container.decode(Info.self, forKey: .info)
        pluginInfo = container.lenient(OpaqueJSON.self, .pluginInfo) ?? [:]
        tracks = try container.decodeIfPresent([LavalinkTrack].self, forKey: .tracks) ?? []
    }
}

extension LoadedPlaylist.Info: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, selectedTrack
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = container.lenientString(.name) ?? ""
        selectedTrack = container.lenientInt(.selectedTrack) ?? -1
    }
}

extension LoadResult: Codable {
    private enum CodingKeys: String, CodingKey {
        case loadType, data, exception
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .loadType) {
        case "track": self = .track(try container.decode(LavalinkTrack.self, forKey: .data))
        case "playlist": self = .playlist(try container.decode(LoadedPlaylist.self, forKey: .data))
        case "search": self = .search(try container.decode([LavalinkTrack].self, forKey: .data))
        case "empty": self = .empty
        case "error":
            // NodeLink, a compatible server, writes `exception` where Lavalink writes `data`.
            let exception =
                container.lenient(LavalinkException.self, .data)
                ?? container.lenient(LavalinkException.self, .exception)
            self = .error(exception ?? LavalinkException(message: nil, severity: .fault, cause: "unknown"))
        case let type: self = .unknown(type: type)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .track(let track):
            try container.encode("track", forKey: .loadType)
            try container.encode(track, forKey: .data)
        case .playlist(let playlist):
            try container.encode("playlist", forKey: .loadType)
            try container.encode(playlist, forKey: .data)
        case .search(let tracks):
            try container.encode("search", forKey: .loadType)
            try container.encode(tracks, forKey: .data)
        case .empty:
            try container.encode("empty", forKey: .loadType)
            try container.encodeNil(forKey: .data)
        case .error(let exception):
            try container.encode("error", forKey: .loadType)
            try container.encode(exception, forKey: .data)
        case .unknown(let type):
            try container.encode(type, forKey: .loadType)
        }
    }
}
