internal import Crypto
internal import FoundationEssentials

/// The HTTP request that asks for a WebSocket, and what the answer must be (RFC 6455, section 4.1). A value without I/O.
struct Handshake: Sendable {
    /// RFC 6455, section 1.3.
    private static let suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// The request as it goes onto the wire.
    let request: String
    private let accept: String

    /// - Parameter key: 16 random bytes, base64.
    init(target: WebSocketURL, headers: [(name: String, value: String)], key: String = Self.randomKey()) {
        var lines = [
            "GET \(target.pathAndQuery) HTTP/1.1", "Host: \(target.hostHeader)", "Upgrade: websocket",
            "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(key)",
        ]
        lines += headers.map { "\(Self.inOneLine($0.name)): \(Self.inOneLine($0.value))" }
        request = lines.joined(separator: "\r\n") + "\r\n\r\n"
        accept = Data(Insecure.SHA1.hash(data: Array((key + Self.suffix).utf8))).base64EncodedString()
    }

    /// A header's text must not bring further headers with it.
    private static func inOneLine(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0 != "\r" && $0 != "\n" && $0 != "\0" })
    }

    private static func randomKey() -> String {
        Data((0..<16).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
    }

    /// Looks whether the server has agreed.
    ///
    /// - Parameter head: status line and headers, without the empty line.
    /// - Throws: `.refused`, with the status if there is one.
    func check(_ head: String) throws(WebSocketError) {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let status = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard status.count >= 2, status[0].hasPrefix("HTTP/1."), let code = Int(status[1]) else {
            throw refused("the server does not speak HTTP", nil)
        }
        guard code == 101 else {
            let reason = status.count > 2 ? " \(status[2].prefix(60))" : ""
            throw refused("the server answered \(code)\(reason) instead of opening a WebSocket", code)
        }
        var fields: [String: Substring] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            fields[line[..<colon].lowercased()] = value
        }
        guard fields["upgrade"]?.lowercased() == "websocket",
            fields["connection"]?.lowercased().split(separator: ",").contains(where: { $0.contains("upgrade") })
                == true,
            fields["sec-websocket-accept"]?.filter({ $0 != " " }) == accept
        else { throw refused("the server's answer to the WebSocket's handshake is wrong", code) }
    }

    private func refused(_ message: String, _ status: Int?) -> WebSocketError {
        WebSocketError(code: .refused, message: message, status: status)
    }
}
