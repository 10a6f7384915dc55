import Compression
import WebSocketClient

/// How the gateway's stream is compressed: the setting `DISCORD_GATEWAY_COMPRESSION`.
enum GatewayCompression: String, CaseIterable, Sendable {
    /// Over the network, not on this machine.
    case automatic = "auto"
    case zstdStream = "zstd-stream"
    case zlibStream = "zlib-stream"
    case none

    /// What a connection to that address asks for.
    ///
    /// zstd by itself: 40,000 events of Discord's shapes took 0.5 to 0.9 µs each where zlib took 1.8, and a quarter to a
    /// third fewer bytes. Its price is the window that Discord's compressor chooses: 0.7 MB a connection for one of 256 kB,
    /// 2.4 MB for one of 2 MB, where zlib keeps 0.1 MB.
    func transport(to url: String) -> TransportCompression {
        switch self {
        case .zstdStream: .zstdStream
        case .zlibStream: .zlibStream
        case .none: .plain
        case .automatic: (try? WebSocketURL(url))?.isLoopback == true ? .plain : .zstdStream
        }
    }
}
