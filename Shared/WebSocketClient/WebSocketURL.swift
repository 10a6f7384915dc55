/// A `ws://` or `wss://` address in its parts.
package struct WebSocketURL: Hashable, Sendable {
    package let isSecure: Bool
    package let host: String
    package let port: Int
    /// Path and query as they go into the request line; begins with a slash.
    package let pathAndQuery: String

    /// - Throws: `WebSocketError` with `.invalidURL`.
    package init(_ text: String) throws(WebSocketError) {
        func invalid(_ reason: String) -> WebSocketError {
            WebSocketError(code: .invalidURL, message: "not a WebSocket URL (\(reason)): \(text)")
        }
        guard !text.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) else {
            throw invalid("space, control or non-ASCII character")
        }
        let rest: Substring
        if text.hasPrefix("wss://") {
            isSecure = true
            rest = text.dropFirst(6)
        } else if text.hasPrefix("ws://") {
            isSecure = false
            rest = text.dropFirst(5)
        } else {
            throw invalid("expected ws:// or wss://")
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else { throw invalid("credentials do not belong in it") }
        let path = rest[authority.endIndex...].prefix { $0 != "#" }
        pathAndQuery = path.hasPrefix("/") ? String(path) : "/" + path

        var portText: Substring?
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw invalid("unclosed bracket") }
            host = String(authority[authority.index(after: authority.startIndex)..<close])
            let after = authority[authority.index(after: close)...]
            if after.hasPrefix(":") {
                portText = after.dropFirst()
            } else if !after.isEmpty {
                throw invalid("bad port")
            }
        } else if let colon = authority.lastIndex(of: ":") {
            host = String(authority[..<colon])
            portText = authority[authority.index(after: colon)...]
        } else {
            host = String(authority)
        }
        guard !host.isEmpty else { throw invalid("no host") }
        if let portText {
            guard let number = Int(portText), (1...65_535).contains(number) else { throw invalid("bad port") }
            port = number
        } else {
            port = isSecure ? 443 : 80
        }
    }

    /// Whether the host is this machine, by name or number.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && isIPAddress)
    }

    /// Whether the host is a number; numbers have no place in TLS's server name.
    package var isIPAddress: Bool {
        if host.contains(":") { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// The `Host` header.
    var hostHeader: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }
}
