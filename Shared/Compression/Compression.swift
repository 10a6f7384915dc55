// Transport compression of the gateway: streams in and (for the doubles) out.
//
// This module wraps Debian's zlib and zstd, the one place that imports them. It owns one context per open connection,
// inside `StreamInflater` or `StreamDeflater`. A further algorithm is a case of `TransportCompression` and a pair of
// classes like those in `Zlib/`.

/// How a gateway compresses a connection: the values of `compress` in its address.
///
/// Source: gateway documentation, "Transport Compression".
package enum TransportCompression: String, CaseIterable, Sendable {
    /// Not at all: what an address without `compress` asks for.
    case plain = "none"
    case zlibStream = "zlib-stream"
    case zstdStream = "zstd-stream"

    /// What the value of `compress` in a gateway's address asks for; nil if it is no transport compression.
    package init?(query value: String?) {
        switch value {
        case nil, "": self = .plain
        case Self.zlibStream.rawValue: self = .zlibStream
        case Self.zstdStream.rawValue: self = .zstdStream
        default: return nil
        }
    }
}
