/// Documents of Lavalink's REST API that have nothing to do with sessions.
extension LavalinkDouble {
    /// `GET /v4/info`.
    var info: JSONValue {
        let off = withNode { $0.disabledFilters }
        return [
            "version": [
                "semver": .string(Self.version), "major": 4, "minor": 2, "patch": 2, "preRelease": nil, "build": nil,
            ],
            "buildTime": 1_775_900_000_000,
            "git": ["branch": "playground", "commit": "0000000", "commitTime": 1_775_900_000_000],
            "jvm": "17.0.12", "lavaplayer": "2.2.6",
            "sourceManagers": ["youtube", "soundcloud", "bandcamp", "twitch", "vimeo", "http"],
            "filters": .array(FilterRules.names.filter { !off.contains($0) }.map { .string($0) }),
            "plugins": [["name": "youtube-plugin", "version": "1.18.2"]],
        ]
    }

    /// The answer to a load, by its load type.
    static func loadResult(_ result: TrackCatalogue.Result) -> JSONValue {
        switch result {
        case .track(let track): ["loadType": "track", "data": track.json()]
        case .search(let tracks): ["loadType": "search", "data": .array(tracks.map { $0.json() })]
        case .playlist(let name, let selected, let tracks):
            [
                "loadType": "playlist",
                "data": [
                    "info": ["name": .string(name), "selectedTrack": .integer(Int64(selected))],
                    "pluginInfo": [:], "tracks": .array(tracks.map { $0.json() }),
                ],
            ]
        case .empty: ["loadType": "empty", "data": nil]
        case .error(let message): loadError(message)
        }
    }

    static func loadError(_ message: String) -> JSONValue {
        ["loadType": "error", "data": SimulatedPlayer.exception(message)]
    }

    static func decoded(_ encoded: String) throws(LavalinkError) -> JSONValue {
        guard let track = TrackEncoding.decode(encoded) else { throw LavalinkError(500, "Failed to decode track") }
        return track.json()
    }
}
