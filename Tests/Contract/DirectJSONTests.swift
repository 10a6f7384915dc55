import BusContract
import DiscordModel
import Foundation
import MessageBus
import Testing

/// What is read and written without Codable is what Codable reads and writes.
@Suite("direct JSON")
struct DirectJSONTests {
    private static let texts = [
        "", "/channels/1/messages/2", "плохое слово", "\"quoted\" \\ and /", "line\nbreak\r\ttab\u{0}\u{1F}\u{7F}",
        "🙂e\u{301}",
        String(repeating: "long ", count: 300),
    ]

    private static func requests() throws -> [ExecuteREST] {
        let bot = try #require(BotID(rawValue: "iris"))
        return texts.flatMap { text in
            [
                ExecuteREST(
                    bot: bot,
                    method: "DELETE",
                    path: text,
                    lane: .moderation,
                    auditReason: text,
                    safety: .idempotent
                ),
                ExecuteREST(bot: bot, method: text, path: "/", body: text, lane: Lane(rawValue: text)),
                ExecuteREST(
                    bot: bot,
                    method: "POST",
                    path: text,
                    query: [QueryItem(text, "1"), QueryItem("b", text)],
                    files: [UploadedFile(name: text, contentType: "image/png", data: Bytes([0, 255, 7]))]
                ),
            ]
        }
    }

    private static let outcomes: [RESTOutcome] = texts.flatMap { text in
        [
            RESTOutcome(status: 204), RESTOutcome(status: 200, body: text),
            RESTOutcome(status: 0, body: text, failure: RESTFailure(kind: .refused, code: 10_008, message: text)),
            RESTOutcome(status: -1, failure: RESTFailure(kind: .unreachable, message: text)),
        ]
    }

    @Test("both ways agree with Codable")
    func agreement() throws {
        func check<Message: BusMessage & DirectJSON>(_ message: Message) throws {
            let written = try BusJSON.encode(message)
            #expect(try JSONDecoder().decode(Message.self, from: Data(written)) == message)
            #expect(try BusJSON.decode(Message.self, from: written) == message)
            let byCodable = Array(try JSONEncoder().encode(message))
            #expect(try BusJSON.decode(Message.self, from: byCodable) == message)
        }
        for request in try Self.requests() { try check(request) }
        for outcome in Self.outcomes { try check(outcome) }
    }

    @Test("what is not plain is left to Codable, which says what is wrong")
    func notPlain() throws {
        let unknown = #"{"bot":"iris","method":"GET","path":"/","later":{"a":[1]}}"#
        #expect(try BusJSON.decode(ExecuteREST.self, from: Array(unknown.utf8)).path == "/")
        let spaced = "{ \"status\" : 204 ,\n \"body\" : \"\\u00e9\\ud83d\\ude42\" }"
        #expect(try BusJSON.decode(RESTOutcome.self, from: Array(spaced.utf8)) == RESTOutcome(status: 204, body: "é🙂"))
        for broken in [
            "", "{", #"{"bot":"iris","method":"GET","path":7}"#, #"{"method":"GET"}"#, #"{"bot":"no such name!"}"#,
            #"{"bot":"iris"} {}"#, #"{"bot":"iris","method":"\x"}"#,
        ] {
            #expect(throws: DecodingError.self) { try BusJSON.decode(ExecuteREST.self, from: Array(broken.utf8)) }
        }
        #expect(throws: DecodingError.self) {
            try BusJSON.decode(RESTOutcome.self, from: Array(#"{"status":"204"}"#.utf8))
        }
    }
}
