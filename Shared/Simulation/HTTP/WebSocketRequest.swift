package import NIOHTTP1

/// The HTTP request with which a client asked for a WebSocket.
package struct WebSocketRequest: Sendable {
    /// The path without its query, as the client sent it (still percent-encoded).
    package let path: String
    /// The query's pairs in order; names and values as sent.
    package let query: [(name: String, value: String)]
    package let headers: HTTPHeaders

    init(head: HTTPRequestHead) {
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts.first ?? "/")
        headers = head.headers
        query =
            parts.count < 2
            ? []
            : parts[1].split(separator: "&").map { pair in
                let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(sides[0]), sides.count > 1 ? String(sides[1]) : "")
            }
    }

    /// The first value of that name in the query.
    package func queryValue(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }
}

/// One whole message of a WebSocket, its fragments joined.
package struct WebSocketMessage: Sendable, Equatable {
    package enum Kind: Sendable { case text, binary }

    package let kind: Kind
    package let bytes: [UInt8]

    package init(kind: Kind, bytes: [UInt8]) {
        self.kind = kind
        self.bytes = bytes
    }

    package static func text(_ text: String) -> Self { Self(kind: .text, bytes: Array(text.utf8)) }
    package static func binary(_ bytes: [UInt8]) -> Self { Self(kind: .binary, bytes: bytes) }

    /// The payload read as UTF-8, invalid parts replaced.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
}
