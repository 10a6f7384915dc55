import Testing

@testable import WebSocketClient

@Suite("The handshake")
struct HandshakeTests {
    // The key and the accept value of RFC 6455, section 1.3.
    private let good = """
        HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
        """

    private func handshake(_ headers: [(name: String, value: String)] = []) throws -> Handshake {
        Handshake(
            target: try WebSocketURL("ws://127.0.0.1:90/x?v=1"),
            headers: headers,
            key: "dGhlIHNhbXBsZSBub25jZQ=="
        )
    }

    @Test("the request has what it needs, and no header brings another along")
    func request() throws {
        let request = try handshake([("X-A", "one\r\nX-B: two")]).request
        #expect(request.hasPrefix("GET /x?v=1 HTTP/1.1\r\nHost: 127.0.0.1:90\r\n"))
        #expect(request.contains("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"))
        #expect(request.hasSuffix("X-A: oneX-B: two\r\n\r\n"))
    }

    @Test("every connection has a key of its own")
    func keys() throws {
        let target = try WebSocketURL("ws://localhost/")
        #expect(Handshake(target: target, headers: []).request != Handshake(target: target, headers: []).request)
    }

    @Test("the answer of the standard is taken")
    func answer() throws {
        try handshake().check(good)
    }

    @Test(
        "all else is refused",
        arguments: [
            ("HTTP/1.1 101 Switching Protocols", "HTTP/1.1 403 Forbidden", 403), ("HTTP/1.1 101", "HTTP/1.1", nil),
            ("HTTP/1.1 101 Switching Protocols", "SSH-2.0-OpenSSH", nil), ("s3pPLM", "AAAAAA", 101),
            ("upgrade: WebSocket", "upgrade: h2c", 101), ("keep-alive, Upgrade", "close", 101),
        ]
    )
    func refused(part: String, other: String, status: Int?) throws {
        let start = try #require(good.firstRange(of: part))
        let answer = good.replacingCharacters(start, other)
        let error = #expect(throws: WebSocketError.self) { try handshake().check(answer) }
        #expect(error?.code == .refused)
        #expect(error?.status == status)
    }
}

extension String {
    fileprivate func replacingCharacters(_ range: Range<String.Index>, _ other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
