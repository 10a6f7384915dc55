import Testing

@testable import Simulation

@Suite("Tracks of the local Lavalink")
struct TrackTests {
    @Test("an encoded track decodes to itself", arguments: ["plain", "Ночь 🌙 \u{0} 항구", "港灣"])
    func roundTrip(title: String) {
        for source in ["youtube", "http"] {
            let track = SimulatedTrack(
                identifier: "abc",
                title: title,
                author: "A 👩‍🚀",
                length: 61_000,
                isStream: false,
                uri: source == "http" ? nil : "https://youtu.be/abc",
                artworkURL: nil,
                isrc: "XX1",
                sourceName: source,
                position: 5
            )
            #expect(TrackEncoding.decode(TrackEncoding.encode(track)) == track)
        }
    }

    @Test("reads a track that lavaplayer wrote, version 2")
    func foreign() throws {
        // From Lavalink's documentation of decodetrack.
        let encoded =
            "QAAAjQIAJVJpY2sgQXN0bGV5IC0gTmV2ZXIgR29ubmEgR2l2ZSBZb3UgVXAADlJpY2tBc3RsZXlWRVZPAAAAAAADPCAAC2RRdzR3OVdnWGNR"
            + "AAEAK2h0dHBzOi8vd3d3LnlvdXR1YmUuY29tL3dhdGNoP3Y9ZFF3NHc5V2dYY1EAB3lvdXR1YmUAAAAAAAAAAA=="
        let track = try #require(TrackEncoding.decode(encoded))
        #expect(track.title == "Rick Astley - Never Gonna Give You Up")
        #expect(track.author == "RickAstleyVEVO")
        #expect(track.length == 212_000)
        #expect(track.identifier == "dQw4w9WgXcQ")
        #expect(track.sourceName == "youtube")
    }

    @Test("refuses what is no track", arguments: ["", "AAAA", "not base64!", "QAAAAgIA", "QAAAjQIAJVJpY2sgQXN0bGV5"])
    func garbage(text: String) {
        #expect(TrackEncoding.decode(text) == nil)
    }

    @Test("no cut or changed byte of a track crashes the decoder")
    func damaged() {
        let track = SimulatedTrack(identifier: "i", title: "Тест", author: "a", length: 1, sourceName: "http")
        var writer = JavaDataWriter()
        writer.write(TrackEncoding.encode(track))
        let whole = Array(TrackEncoding.encode(track).utf8)
        for index in whole.indices {
            var bytes = whole
            bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            _ = TrackEncoding.decode(String(decoding: bytes, as: UTF8.self))
            _ = TrackEncoding.decode(String(decoding: whole[..<index], as: UTF8.self))
        }
    }

    @Test("the same search finds the same tracks, and their URLs load them")
    func catalogue() throws {
        var catalogue = TrackCatalogue()
        guard case .search(let tracks) = catalogue.load("ytsearch:blue moon") else {
            throw WrongLoadType(expected: "search")
        }
        #expect(tracks.count == 10)
        #expect(Set(tracks.map(\.identifier)).count == 10)
        #expect(tracks.contains { $0.title == "Blue Moon" })
        #expect(tracks.allSatisfy { (20_000...180_000).contains($0.length) })
        var other = TrackCatalogue()
        #expect(other.load("ytsearch:blue moon") == .search(tracks))
        let uri = try #require(tracks[0].uri)
        #expect(catalogue.load(uri) == .track(tracks[0]))
    }

    @Test("load types by what is asked")
    func loadTypes() throws {
        var catalogue = TrackCatalogue()
        #expect(catalogue.load("ytsearch:nothing") == .empty)
        #expect(catalogue.load("ytsearch:") == .empty)
        #expect(catalogue.load("/etc/passwd") == .empty)
        guard case .error = catalogue.load("ytsearch:load error") else { throw WrongLoadType(expected: "no error") }
        guard case .error = catalogue.load("https://example.com/page") else {
            throw WrongLoadType(expected: "no error")
        }
        guard case .playlist(_, let selected, let tracks) = catalogue.load("https://www.youtube.com/playlist?list=PL1")
        else { throw WrongLoadType(expected: "no playlist") }
        #expect(selected == -1 && tracks.count >= 6)
        guard
            case .playlist(_, let chosen, _) = catalogue.load(
                "https://www.youtube.com/watch?v=\(tracks[2].identifier)&list=PL1"
            )
        else { throw WrongLoadType(expected: "no playlist") }
        #expect(chosen == 2)
        guard case .track(let file) = catalogue.load("https://example.com/radio/late.mp3") else {
            throw WrongLoadType(expected: "no file")
        }
        #expect(file.sourceName == "http")
        guard case .track(let live) = catalogue.load("https://www.twitch.tv/harbour") else {
            throw WrongLoadType(expected: "no stream")
        }
        #expect(live.isStream && live.length == .max)
    }

    @Test(
        "addresses",
        arguments: [
            ("https://youtu.be/abc?t=3", TrackAddress.video("abc")),
            ("https://m.youtube.com/shorts/xyz", .video("xyz")),
            ("https://soundcloud.com/a/sets/b", .album(source: "soundcloud", artist: "a", name: "b")),
            ("https://a.bandcamp.com/track/b", .page(source: "bandcamp", artist: "a", name: "b")),
            ("http://example.com", .unreadable),
        ]
    )
    func addresses(text: String, address: TrackAddress) {
        #expect(TrackAddress(text) == address)
    }

    @Test(
        "a form's text",
        arguments: [("a+b", "a b"), ("%2B%20", "+ "), ("%D0%B0", "а"), ("100%", "100%"), ("%zz", "%zz")]
    )
    func forms(text: String, decoded: String) {
        #expect(FormText.decode(text) == decoded)
    }
}

private struct WrongLoadType: Error {
    let expected: String
}
