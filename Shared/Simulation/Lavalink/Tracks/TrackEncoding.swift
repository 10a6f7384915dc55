import FoundationEssentials

/// The binary form of a track, as lavaplayer writes it (`DefaultAudioPlayerManager.encodeTrack`), in base64: clients
/// that decode tracks themselves must find in it what they know.
///
/// A 32-bit size whose two highest bits are flags (1: a version byte follows), then title, author, length, identifier,
/// stream flag, URL, from version 3 artwork and ISRC, the source's name, what the source adds, the position.
package enum TrackEncoding {
    private static let version: UInt8 = 3
    private static let versionedFlag: UInt32 = 1 << 30
    /// Sources that add the container's name.
    private static let probingSources: Set<String> = ["http", "local"]

    package static func encode(_ track: SimulatedTrack) -> String {
        var writer = JavaDataWriter()
        writer.write(version)
        writer.write(track.title)
        writer.write(track.author)
        writer.write(track.length)
        writer.write(track.identifier)
        writer.write(track.isStream ? 1 : 0 as UInt8)
        writer.write(optional: track.uri)
        writer.write(optional: track.artworkURL)
        writer.write(optional: track.isrc)
        writer.write(track.sourceName)
        if probingSources.contains(track.sourceName) { writer.write("mp3") }
        writer.write(track.position)
        let size = UInt32(writer.bytes.count) | versionedFlag
        let head = (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * UInt32($0))) }
        return Data(head + writer.bytes).base64EncodedString()
    }

    /// Reads a track back; nil for anything that is not a whole encoded track of a known version.
    package static func decode(_ text: String) -> SimulatedTrack? {
        guard let data = Data(base64Encoded: text), data.count > 5 else { return nil }
        var reader = JavaDataReader(bytes: Array(data))
        guard let head = reader.readInteger(UInt32.self), Int(head & 0x3FFF_FFFF) == data.count - 4 else { return nil }
        let version = head & versionedFlag == 0 ? 1 : reader.readInteger(UInt8.self) ?? 0
        guard (1...3).contains(version), let title = reader.readText(), let author = reader.readText(),
            let length = reader.readInteger(Int64.self), let identifier = reader.readText(),
            let isStream = reader.readInteger(UInt8.self),
            let uri = version >= 2 ? reader.readOptionalText() : .some(nil),
            let artwork = version >= 3 ? reader.readOptionalText() : .some(nil),
            let isrc = version >= 3 ? reader.readOptionalText() : .some(nil), let source = reader.readText(),
            !probingSources.contains(source) || reader.readText() != nil,
            let position = reader.readInteger(Int64.self), reader.isAtEnd
        else { return nil }
        return SimulatedTrack(
            identifier: identifier,
            title: title,
            author: author,
            length: length,
            isStream: isStream != 0,
            uri: uri,
            artworkURL: artwork,
            isrc: isrc,
            sourceName: source,
            position: position
        )
    }
}
