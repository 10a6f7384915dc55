import NIOCore
import Testing

@testable import WebSocketClient

@Suite("WebSocket frames")
struct FrameDecoderTests {
    private func decode(_ bytes: [UInt8], step: Int = .max, limit: Int = 1000) throws -> [FrameDecoder.Event] {
        var decoder = FrameDecoder(maximumMessageSize: limit)
        var events: [FrameDecoder.Event] = []
        for start in stride(from: 0, to: bytes.count, by: min(step, max(bytes.count, 1))) {
            decoder.append(ByteBuffer(bytes: bytes[start..<min(start + min(step, bytes.count), bytes.count)]))
            while let event = try decoder.next() { events.append(event) }
        }
        return events
    }

    private func text(_ string: String) -> FrameDecoder.Event {
        .message(WebSocketMessage(kind: .text, payload: ByteBuffer(string: string)))
    }

    @Test(
        "Messages, fragments and control frames come out the same however the bytes are cut",
        arguments: [1, 2, 3, 7, .max]
    )
    func cuts(step: Int) throws {
        let long = [UInt8](repeating: 0x61, count: 300)
        let bytes: [UInt8] =
            [0x81, 2, 0x68, 0x69] + [0x01, 1, 0x61] + [0x89, 1, 0x7A] + [0x00, 1, 0x62] + [0x80, 1, 0x63]
            + [0x82, 126, 0x01, 0x2C] + long + [0x8A, 0] + [0x81, 0] + [0x88, 4, 0x0F, 0xA4, 0x6F, 0x6B]
        let expected: [FrameDecoder.Event] = [
            text("hi"), .ping(ByteBuffer(string: "z")), text("abc"),
            .message(WebSocketMessage(kind: .binary, payload: ByteBuffer(bytes: long))), .pong, text(""),
            .close(WebSocketClosure(code: WebSocketCloseCode(rawValue: 4004), reason: "ok")),
        ]
        #expect(try decode(bytes, step: step) == expected)
    }

    @Test(
        "What a server must not send is a violation",
        arguments: [
            [0xC1, 0], [0xA1, 0], [0x91, 0], [0x81, 0x80], [0x83, 0], [0x87, 0], [0x8B, 0], [0x80, 0], [0x00, 0],
            [0x01, 0, 0x81, 0], [0x09, 0], [0x89, 126], [0x88, 1, 0x03],
        ] as [[UInt8]]
    )
    func violations(bytes: [UInt8]) {
        let error = #expect(throws: WebSocketError.self) { try decode(bytes) }
        #expect(error?.code == .protocolViolation)
    }

    @Test("An oversize message is refused by its header, and by the sum of its fragments")
    func oversize() throws {
        for header: [UInt8] in [
            [0x82, 126, 0x03, 0xE9], [0x82, 127, 0, 0, 0, 0, 0, 0, 0x03, 0xE9],
            [0x82, 127, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        ] {
            let error = #expect(throws: WebSocketError.self) { try decode(header) }
            #expect(error?.code == .tooLarge)
        }
        let half = [UInt8](repeating: 1, count: 501)
        let fragments: [UInt8] = [0x02, 126, 0x01, 0xF5] + half + [0x80, 126, 0x01, 0xF5] + half
        let error = #expect(throws: WebSocketError.self) { try decode(fragments) }
        #expect(error?.code == .tooLarge)
        #expect(try decode([0x82, 126, 0x03, 0xE8] + [UInt8](repeating: 1, count: 1000)).count == 1)
    }

    @Test("Random bytes never crash the decoder")
    func garbage() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = try? decode(bytes, step: 3)
        }
    }
}

@Suite("WebSocket addresses")
struct WebSocketURLTests {
    @Test("Parts")
    func parts() throws {
        let url = try WebSocketURL("wss://gateway.discord.gg/?v=10&encoding=json#x")
        #expect(url.isSecure && url.host == "gateway.discord.gg" && url.port == 443)
        #expect(url.pathAndQuery == "/?v=10&encoding=json")
        #expect(url.hostHeader == "gateway.discord.gg")
        let local = try WebSocketURL("ws://127.0.0.1:8080?x=1")
        #expect(local.isLoopback && local.port == 8080 && local.pathAndQuery == "/?x=1")
        #expect(local.hostHeader == "127.0.0.1:8080")
        let six = try WebSocketURL("ws://[::1]:90/a")
        #expect(six.isLoopback && six.host == "::1" && six.hostHeader == "[::1]:90")
        #expect(try !WebSocketURL("ws://127.evil.example/").isLoopback)
        #expect(try !WebSocketURL("ws://localhost.evil.example/").isLoopback)
    }

    @Test(
        "Refused",
        arguments: [
            "", "http://x/", "wss://", "wss://:443/", "ws://a:0/", "ws://a:70000/", "ws://u:p@host/", "ws://[::1/",
            "ws://a b/", "wss://é/",
        ]
    )
    func refused(text: String) {
        #expect(throws: WebSocketError.self) { try WebSocketURL(text) }
    }
}
