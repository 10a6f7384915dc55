import BusContract
import LavalinkBridgeCore
import LavalinkModel
import Testing

@Suite("What a member's words become")
struct SearchIdentifierTests {
    private func identifier(_ query: String) -> SearchIdentifier? {
        SearchIdentifier(query: query, prefix: "ytsearch:", hosts: ["youtube.com", "youtu.be"])
    }

    @Test("words are searched for")
    func words() {
        #expect(identifier("  never   gonna\ngive ")?.identifier == "ytsearch:never gonna give")
        #expect(identifier(" ") == nil)
        #expect(identifier(String(repeating: "x", count: 1001)) == nil)
    }

    @Test(
        "links to listed hosts go as they are",
        arguments: [
            "https://youtube.com/watch?v=1", "https://www.youtube.com/watch?v=1", "HTTPS://Music.YouTube.com/x",
            "https://youtu.be/abc#t",
        ]
    )
    func links(link: String) {
        #expect(identifier(link)?.identifier == link)
        #expect(identifier(link)?.isLink == true)
    }

    @Test(
        "everything else is words, whatever it looks like",
        arguments: [
            "http://youtube.com/watch", "https://evil.example/x", "https://notyoutube.com/x",
            "https://youtube.com.evil.example/",
            "https://youtube.com@evil.example/", "https://evil.example\\@youtube.com/", "https://youtube.com:8080/",
            "scsearch:x",
            "file:///etc/passwd", "/etc/passwd", "https://[::1]/youtube.com", "https://", "https://.youtube.com/",
            "https://youtube.com /x", "https://127.0.0.1/", "ftts://hello", "https://youtube.com%2eevil.example/",
        ]
    )
    func notLinks(text: String) {
        #expect(identifier(text)?.isLink == false)
        #expect(identifier(text)?.identifier.hasPrefix("ytsearch:") == true)
    }
}

@Suite("The cache of searches")
struct SearchCacheTests {
    private let start = ContinuousClock.now

    private func found(_ title: String) -> LoadResult {
        let info = TrackInfo(identifier: title, title: title, author: "A", length: 1, sourceName: "s")
        return .search([LavalinkTrack(encoded: EncodedTrack(title), info: info)])
    }

    @Test("keeps a hundred, and forgets what was not asked for the longest")
    func leastRecentlyUsed() {
        var cache = SearchCache(capacity: 100)
        for number in 0..<100 { cache.keep(found("\(number)"), for: "\(number)", now: start) }
        #expect(cache.result(for: "0", now: start) == found("0"))
        cache.keep(found("100"), for: "100", now: start)
        #expect(cache.count == 100)
        #expect(cache.result(for: "0", now: start) != nil)
        #expect(cache.result(for: "1", now: start) == nil)
    }

    @Test("keeps no failures, and nothing for ever")
    func limits() {
        var cache = SearchCache(capacity: 2, lifetime: .seconds(10))
        cache.keep(.empty, for: "a", now: start)
        cache.keep(.error(LavalinkException(message: nil, severity: .fault, cause: "x")), for: "b", now: start)
        cache.keep(.search([]), for: "c", now: start)
        #expect(cache.count == 0)
        cache.keep(found("d"), for: "d", now: start)
        #expect(cache.result(for: "d", now: start + .seconds(9)) != nil)
        #expect(cache.result(for: "d", now: start + .seconds(10)) == nil)
    }
}

@Suite("What a load gives the bus")
struct LoadedTracksTests {
    private func track(_ title: String) -> LavalinkTrack {
        let info = TrackInfo(
            identifier: title,
            title: title,
            author: "A",
            length: 5,
            uri: "https://x/\(title)",
            sourceName: "youtube"
        )
        return LavalinkTrack(encoded: EncodedTrack("q\(title)"), info: info)
    }

    @Test("searches are cut, playlists begin at the chosen track, errors keep their words")
    func mapping() {
        let search = LoadedTracks(.search([track("1"), track("2"), track("3")]), limit: 2)
        #expect(search.kind == .search && search.tracks.map(\.title) == ["1", "2"])
        let list = LoadedPlaylist(info: .init(name: "P", selectedTrack: 1), tracks: [track("1"), track("2")])
        let playlist = LoadedTracks(.playlist(list), limit: 1)
        #expect(playlist.kind == .playlist && playlist.playlist == "P" && playlist.tracks.map(\.title) == ["2"])
        #expect(LoadedTracks(.empty, limit: 1).kind == .empty)
        #expect(LoadedTracks(.search([]), limit: 1).kind == .empty)
        let failed = LoadedTracks(
            .error(LavalinkException(message: "private", severity: .common, cause: "c")),
            limit: 1
        )
        #expect(failed.kind == .failed && failed.message == "private")
    }
}
