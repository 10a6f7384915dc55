import BusContract
import DiscordModel
import FoundationEssentials
import MessageBus
import TestSupport
import Testing

/// The hand-written codecs of `Header` and `Envelope` and protobuf's own read and write the same bytes.
@Suite struct WireContractTests {
    struct Line: Codable {
        let type: String
        let hex: String
        /// protobuf's JSON of the fields, under the proto's names; nil where the bytes are no message.
        let fields: String?
    }

    @Test func theCodecsAgreeWithProtobufBothWays() async throws {
        var generator = SeededGenerator(seed: 42)
        var lines: [Line] = []
        for _ in 0..<500 {
            let header = Self.header(&generator)
            lines.append(
                Line(type: "ensemble.bus.v1.Header", hex: header.encoded.hex, fields: try Self.json(Fields(header)))
            )
            let envelope = Self.envelope(&generator)
            lines.append(
                Line(
                    type: "ensemble.bus.v1.Envelope",
                    hex: envelope.encoded.hex,
                    fields: try Self.json(Fields(envelope))
                )
            )
        }
        let answers = try await MessageContractTests.python("contract_wire.py", lines, Line.self)
        #expect(answers.count == 6000)
        var refused = 0
        for answer in answers {
            let bytes = [UInt8](hex: answer.hex)
            let read = Self.read(answer.type, bytes)
            guard let expected = try answer.fields.map({ try JSONDecoder().decode(Fields.self, from: Data($0.utf8)) })
            else {
                refused += 1
                #expect(read == nil, "protobuf refuses \(answer.hex), we read it")
                continue
            }
            // We refuse more than protobuf: a bot that cannot be one, an unknown verb, half of a running pair.
            if read == nil, !expected.isOurs(answer.type) { continue }
            #expect(read == expected, "\(answer.hex)")
            if answer.type.hasSuffix("Header"), let header = try? Header(decoding: bytes) {
                let outline = try bytes.withUnsafeBytes { bytes throws(WireError) in try HeaderOutline(decoding: bytes)
                }
                #expect(outline == HeaderOutline(header), "\(answer.hex)")
            }
        }
        // The damage must have hit something for the test to mean anything.
        #expect(refused > 500)
    }

    @Test func garbageNeverCrashes() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<64, using: &generator)).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            _ = try? Header(decoding: bytes)
            _ = try? Envelope(decoding: bytes)
        }
        // Groups within groups, as deep as the bytes go.
        #expect(throws: WireError.self) { try Header(decoding: [UInt8](repeating: 0x0B, count: 100_000)) }
    }

    @Test func aLengthBeyondTheEndIsTruncated() {
        #expect(throws: WireError(.truncated, field: 1)) { try Header(decoding: [0x0A, 0x05, 0x61]) }
        #expect(throws: WireError(.truncated, field: 1)) {
            try Header(decoding: [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01])
        }
        #expect(throws: WireError(.badText, field: 1)) { try Header(decoding: [0x0A, 0x01, 0xFF]) }
    }

    // MARK: Helpers

    private static func json(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }

    private static func read(_ type: String, _ bytes: [UInt8]) -> Fields? {
        type.hasSuffix("Header")
            ? (try? Header(decoding: bytes)).map(Fields.init) : (try? Envelope(decoding: bytes)).map(Fields.init)
    }

    private static let numbers: [UInt64] = [0, 1, 127, 128, 1 << 32, 1 << 53 + 1, 1 << 63, .max]
    private static let texts = ["", "a", "MESSAGE_CREATE", "é\u{1F980}", String(repeating: "x", count: 300)]

    private static func header(_ generator: inout SeededGenerator) -> Header {
        func number() -> UInt64 { numbers.randomElement(using: &generator) ?? 0 }
        func text() -> String { texts.randomElement(using: &generator) ?? "" }
        var header = Header()
        header.type = text()
        header.schemaVersion = number()
        header.source = text()
        header.stream = number()
        header.seq = number()
        header.prev = number()
        header.bot = Bool.random(using: &generator) ? BotID(rawValue: "iris") : nil
        header.guild = Bool.random(using: &generator) ? GuildID(max(1, number())) : nil
        header.channel = ChannelID(max(1, number()))
        header.user = UserID(max(1, number()))
        header.flags = EventFlags(rawValue: number())
        header.sentAt = number()
        header.trace = TraceContext(traceHigh: number(), traceLow: number(), span: 1)
        header.deadlineMilliseconds = number()
        header.key = text()
        header.contentType = ContentType(rawValue: text())
        return header
    }

    private static func envelope(_ generator: inout SeededGenerator) -> Envelope {
        func number() -> UInt64 { numbers.randomElement(using: &generator) ?? 0 }
        var envelope = Envelope([.hello, .request, .reply, .serve].randomElement(using: &generator) ?? .who)
        envelope.client = number()
        envelope.number = number()
        envelope.address = texts.randomElement(using: &generator) ?? ""
        envelope.deadlineMilliseconds = number()
        envelope.isRepeatable = Bool.random(using: &generator)
        envelope.credit = number()
        envelope.received = number()
        envelope.epoch = number()
        envelope.running = (0..<Int.random(in: 0..<4, using: &generator)).map { _ in
            RequestID(client: number(), number: number())
        }
        envelope.code = "bus.timeout"
        envelope.message = "é"
        envelope.user = "music"
        return envelope
    }
}

/// The fields of either message as protobuf's JSON has them: numbers as strings, defaults absent.
private struct Fields: Codable, Equatable {
    var values: [String: String] = [:]
    var running: [String] = []

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private mutating func set(_ name: String, _ text: String) {
        if !text.isEmpty { values[name] = text }
    }

    private mutating func set(_ name: String, _ number: UInt64) {
        if number != 0 { values[name] = String(number) }
    }

    init(_ header: Header) {
        set("type", header.type)
        set("schema_version", header.schemaVersion)
        set("source", header.source)
        set("stream", header.stream)
        set("seq", header.seq)
        set("prev", header.prev)
        set("bot", header.bot?.rawValue ?? "")
        set("guild", header.guild?.rawValue ?? 0)
        set("channel", header.channel?.rawValue ?? 0)
        set("user", header.user?.rawValue ?? 0)
        set("flags", header.flags.rawValue)
        set("sent_at", header.sentAt)
        set("trace_high", header.trace?.traceHigh ?? 0)
        set("trace_low", header.trace?.traceLow ?? 0)
        set("span", header.trace?.span ?? 0)
        set("deadline_milliseconds", header.deadlineMilliseconds)
        set("key", header.key)
        set("content_type", header.contentType.rawValue)
    }

    init(_ envelope: Envelope) {
        set("verb", envelope.verb.rawValue)
        set("client", envelope.client)
        set("number", envelope.number)
        set("address", envelope.address)
        set("deadline_milliseconds", envelope.deadlineMilliseconds)
        set("is_repeatable", envelope.isRepeatable ? 1 : 0)
        set("credit", envelope.credit)
        set("received", envelope.received)
        set("epoch", envelope.epoch)
        running = envelope.running.flatMap { [String($0.client), String($0.number)] }
        set("code", envelope.code)
        set("message", envelope.message)
        set("user", envelope.user)
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for key in container.allKeys {
            if key.stringValue == "running" {
                running = try container.decode([String].self, forKey: key)
            } else {
                values[key.stringValue] = try container.decode(String.self, forKey: key)
            }
        }
        // The one number that is a truth value here.
        if values["is_repeatable"] != nil { values["is_repeatable"] = "1" }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (name, value) in values { try container.encode(value, forKey: Key(stringValue: name)) }
        if !running.isEmpty { try container.encode(running, forKey: Key(stringValue: "running")) }
    }

    /// Whether the values keep our own rules, which protobuf does not know.
    func isOurs(_ type: String) -> Bool {
        if type.hasSuffix("Header") { return values["bot"].map { BotID(rawValue: $0) != nil } ?? true }
        return Envelope.Verb(rawValue: values["verb"] ?? "") != nil && running.count.isMultiple(of: 2)
    }
}

extension [UInt8] {
    var hex: String {
        map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    init(hex: String) {
        let digits = hex.utf8.map { UInt8(($0 & 0x0F) + ($0 >> 6) * 9) }
        self = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
