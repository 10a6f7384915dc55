package import BusContract
package import LavalinkModel
import Logging
import ServiceKit
import Synchronization

/// Answers searches: from the shared cache, or by the nodes with the role search, one after another until one can.
final class TrackLoader: Sendable {
    private let clients: [NodeName: NodeClient]
    private let order: @Sendable () async -> [NodeName]
    private let prefix: String
    private let hosts: Set<String>
    private let cache: Mutex<SearchCache>
    private let logger: Logger
    private let hits: Counter
    private let searches: Counter

    /// Tracks of a playlist that are taken at most.
    static let playlistLimit = 500

    /// - Parameters:
    ///   - clients: the nodes that may be asked.
    ///   - order: in which order, best first.
    init(
        clients: [NodeName: NodeClient],
        order: @escaping @Sendable () async -> [NodeName],
        prefix: String,
        hosts: Set<String>,
        metrics: MetricsRegistry,
        logger: Logger
    ) {
        self.clients = clients
        self.order = order
        self.prefix = prefix
        self.hosts = hosts
        self.logger = logger
        cache = Mutex(SearchCache())
        hits = metrics.counter("lavalink_search_cache_hits_total", help: "Searches answered from the cache.")
        searches = metrics.counter("lavalink_searches_total", help: "Searches asked for.")
    }

    func load(_ request: LoadTracks) async -> LoadedTracks {
        searches.increment()
        guard let search = SearchIdentifier(query: request.query, prefix: prefix, hosts: hosts) else {
            return LoadedTracks(kind: .empty)
        }
        if let known = cache.withLock({ $0.result(for: search.identifier, now: .now) }) {
            hits.increment()
            return LoadedTracks(known, limit: request.limit)
        }
        var failure = LoadedTracks(kind: .noNode, message: "no search node answers")
        for name in await order() {
            guard let client = clients[name] else { continue }
            do {
                let result = try await client.load(search.identifier)
                cache.withLock { $0.keep(result, for: search.identifier, now: .now) }
                guard case .error(let exception) = result else {
                    return LoadedTracks(result, limit: request.limit)
                }
                failure = LoadedTracks(result, limit: request.limit)
                // Private, gone, blocked: no other node would find it.
                guard exception.isWorthAnotherNode else { return failure }
            } catch {
                logger.warning("a search node failed", metadata: ["node": "\(name)", LogKey.error: "\(error)"])
            }
        }
        return failure
    }
}

extension LoadedTracks {
    package init(_ result: LoadResult, limit: Int) {
        switch result {
        case .track(let track):
            self.init(kind: .track, tracks: [Track(track)])
        case .search(let tracks) where !tracks.isEmpty:
            self.init(kind: .search, tracks: tracks.prefix(max(1, limit)).map(Track.init))
        case .playlist(let list) where !list.tracks.isEmpty:
            let chosen = list.tracks.indices.contains(list.info.selectedTrack) ? list.info.selectedTrack : 0
            let tracks = list.tracks[chosen...].prefix(TrackLoader.playlistLimit)
            self.init(kind: .playlist, tracks: tracks.map(Track.init), playlist: list.info.name)
        case .error(let exception):
            self.init(kind: .failed, message: exception.message ?? exception.cause)
        case .search, .playlist, .empty, .unknown:
            self.init(kind: .empty)
        }
    }
}

extension Track {
    package init(_ track: LavalinkTrack) {
        self.init(
            encoded: track.encoded.rawValue,
            identifier: track.info.identifier,
            title: track.info.title,
            author: track.info.author,
            length: track.info.length,
            isStream: track.info.isStream,
            isSeekable: track.info.isSeekable,
            uri: track.info.uri ?? "",
            artwork: track.info.artworkUrl ?? "",
            source: track.info.sourceName
        )
    }
}
