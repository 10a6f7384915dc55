import Testing

@testable import LLM

@Suite("Server-sent events")
struct ServerSentEventParserTests {
    /// Feeds the stream in pieces of the given size and gives all events, the end included.
    private func events(of stream: [UInt8], pieces size: Int, limit: Int = 1 << 20) throws -> [ServerSentEvent] {
        var parser = ServerSentEventParser(limit: limit)
        var events: [ServerSentEvent] = []
        var rest = stream[...]
        while !rest.isEmpty {
            events += try parser.feed(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        return events + [parser.end()].compactMap(\.self)
    }

    @Test("Every way to cut a stream gives the same events", arguments: ["\n", "\r\n", "\r"])
    func anyBoundary(lineEnd: String) throws {
        let lines = [
            "\u{FEFF}: a comment", "", "event: greeting", "data: grüße 🌈", "", "id: 7", "retry: 10", "data:no space",
            "data: second line", "", ":", "unknown: x", "data", "", "data: [DONE]", "",
        ]
        let stream = Array((lines.joined(separator: lineEnd) + lineEnd).utf8)
        let expected = [
            ServerSentEvent(name: "greeting", data: "grüße 🌈"),
            ServerSentEvent(data: "no space\nsecond line"),
            ServerSentEvent(data: ""),
            ServerSentEvent(data: "[DONE]"),
        ]
        for size in 1...stream.count {
            #expect(try events(of: stream, pieces: size) == expected, "pieces of \(size)")
        }
    }

    @Test("An event without its blank line is given at the end, an unfinished line is not")
    func end() throws {
        #expect(try events(of: Array("data: [DONE]\n".utf8), pieces: 3) == [ServerSentEvent(data: "[DONE]")])
        #expect(try events(of: Array("data: {\"half".utf8), pieces: 3) == [])
    }

    @Test("A name alone is no event, and does not leak into the next")
    func nameAlone() throws {
        let stream = Array("event: ping\n\ndata: x\n\n".utf8)
        #expect(try events(of: stream, pieces: 5) == [ServerSentEvent(data: "x")])
    }

    @Test("Only one space after the colon belongs to the syntax")
    func spaces() throws {
        #expect(try events(of: Array("data:  two\n\n".utf8), pieces: 4) == [ServerSentEvent(data: " two")])
    }

    @Test("A line and an event have a limit")
    func limit() throws {
        #expect(throws: LanguageModelError.self) {
            try events(of: Array(repeating: UInt8(ascii: "x"), count: 200), pieces: 10, limit: 100)
        }
        let manyLines = Array(String(repeating: "data: 0123456789\n", count: 20).utf8)
        #expect(throws: LanguageModelError.self) { try events(of: manyLines, pieces: 10, limit: 100) }
    }

    @Test("Bytes that are no UTF-8 become replacement characters")
    func invalidText() throws {
        let stream = Array("data: a".utf8) + [0xFF] + Array("b\n\n".utf8)
        #expect(try events(of: stream, pieces: 1) == [ServerSentEvent(data: "a\u{FFFD}b")])
    }
}
