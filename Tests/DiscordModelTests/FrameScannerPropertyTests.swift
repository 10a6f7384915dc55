import DiscordModel
import Foundation
import TestSupport
import Testing

/// The scanner against Foundation: whatever passes the scanner, Foundation reads in the same way.
@Suite("Frame scanner against JSONSerialization")
struct FrameScannerPropertyTests {
    private let watched = [UserID(1), UserID(2), UserID(3)]

    @Test("Generated frames agree", arguments: 0..<20 as Range<UInt64>)
    func generated(_ seed: UInt64) throws {
        var generator = FrameGenerator(seed: seed)
        for _ in 0..<100 {
            let bytes = Array(generator.frame().utf8)
            let frame = try bytes.withUnsafeBytes { try FrameScanner(watched: watched).scan($0) }
            let reference = try #require(ReferenceFrame(bytes, watched: watched))
            #expect(ReferenceFrame(frame) == reference, "\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test("Damaged frames are malformed or agree", arguments: 0..<20 as Range<UInt64>)
    func damaged(_ seed: UInt64) throws {
        var generator = FrameGenerator(seed: seed &+ 1000)
        var passed = 0
        for _ in 0..<50 {
            let original = Array(generator.frame().utf8)
            for _ in 0..<10 {
                var bytes = original
                for _ in 0..<Int.random(in: 1...3, using: &generator.random) { generator.damage(&bytes) }
                guard let frame = try? bytes.withUnsafeBytes({ try FrameScanner(watched: watched).scan($0) }) else {
                    continue
                }
                passed += 1
                #expect(ReferenceFrame(frame) == ReferenceFrame(bytes, watched: watched), "\(bytes)")
            }
        }
        #expect(passed > 0, "damage that always shows would prove nothing")
    }

    @Test("Random bytes never crash the scanner")
    func garbage() {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array(#"{}[]",:\u0123456789.eE+-truefalsn opsdt"#.utf8)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...60, using: &random)
            let bytes = (0..<count).map { _ in
                Bool.random(using: &random)
                    ? alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                    : UInt8.random(in: 0...255, using: &random)
            }
            let frame = try? bytes.withUnsafeBytes { try FrameScanner(watched: watched).scan($0) }
            if let frame { #expect(ReferenceFrame(frame) == ReferenceFrame(bytes, watched: watched)) }
        }
    }
}

/// What a frame says, as a full decoder sees it.
private struct ReferenceFrame: Equatable {
    var opcode: UInt64
    var sequence: UInt64?
    var event: String?
    var route: EventRoute

    init(_ frame: GatewayFrame) {
        opcode = frame.opcode.rawValue
        sequence = frame.sequence
        event = frame.event?.rawValue
        route = frame.route
    }

    init?(_ bytes: [UInt8], watched: [UserID]) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
            let opcode = (object["op"] as? NSNumber)?.uint64Value
        else { return nil }
        self.opcode = opcode
        sequence = (object["s"] as? NSNumber)?.uint64Value
        event = object["t"] as? String
        route = EventRoute()
        guard opcode == 0, let data = object["d"] as? [String: Any] else { return }
        func id(_ value: Any?) -> UInt64? {
            (value as? String).flatMap { UInt64($0) } ?? (value as? NSNumber)?.uint64Value
        }
        func bit(_ user: Any?) -> UInt64 {
            guard let id = id((user as? [String: Any])?["id"]), let index = watched.firstIndex(of: UserID(id)) else {
                return 0
            }
            return 1 << UInt64(index)
        }
        route.guildID = id(data["guild_id"]).map { GuildID($0) }
        route.channelID = id(data["channel_id"]).map { ChannelID($0) }
        route.objectID = id(data["id"])
        let people = [data["author"], data["user"], (data["member"] as? [String: Any])?["user"]]
            .compactMap { $0 as? [String: Any] }.filter { id($0["id"]) != nil }
        route.userID = (people.first.flatMap { id($0["id"]) } ?? id(data["user_id"])).map { UserID($0) }
        if people.first?["bot"] as? Bool == true { route.flags.insert(.fromBot) }
        if data["mention_everyone"] as? Bool == true { route.flags.insert(.mentionsEveryone) }
        if data["unavailable"] as? Bool == true { route.flags.insert(.unavailable) }
        if id(data["webhook_id"]) != nil { route.flags.insert(.fromWebhook) }
        for user in data["mentions"] as? [Any] ?? [] {
            route.mentioned |= bit(user)
            if id((user as? [String: Any])?["id"]) != nil { route.flags.insert(.mentionsUsers) }
        }
        if data["referenced_message"] is [String: Any] { route.flags.insert(.isReply) }
        route.repliedTo = bit((data["referenced_message"] as? [String: Any])?["author"])
        switch event {
        case "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE": route.guildID = route.objectID.map { GuildID($0) }
        case "CHANNEL_CREATE", "THREAD_UPDATE": route.channelID = route.objectID.map { ChannelID($0) }
        default: break
        }
    }
}

/// Writes frames with keys in random order, random space, escapes and nesting.
private struct FrameGenerator {
    var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func frame() -> String {
        let names = [
            "MESSAGE_CREATE", "GUILD_CREATE", "CHANNEL_CREATE", "VOICE_STATE_UPDATE", "SOMETHING_NEW_2",
            "THREAD_UPDATE",
        ]
        let data = object([
            ("guild_id", maybe { $0.snowflake() }), ("channel_id", maybe { $0.snowflake() }),
            ("id", maybe { $0.snowflake() }),
            ("author", maybe { $0.user() }), ("user", maybe { $0.user() }), ("user_id", maybe { $0.snowflake() }),
            (
                "member",
                maybe { g in
                    let user = g.user()
                    return g.object([("user", user), ("nick", "null")])
                }
            ),
            (
                "mentions",
                maybe { g in
                    "[" + (0..<Int.random(in: 0...3, using: &g.random)).map { _ in g.user() }.joined(separator: ",")
                        + "]"
                }
            ),
            ("mention_everyone", maybe { $0.boolean() }), ("unavailable", maybe { $0.boolean() }),
            ("webhook_id", maybe { $0.snowflake() }),
            (
                "referenced_message",
                maybe { g in
                    let user = g.user()
                    return g.object([("author", user), ("guild_id", "\"77\"")])
                }
            ),
            ("content", string()), ("embeds", value(depth: 0)), ("message", value(depth: 0)),
        ])
        return object([
            ("op", "0"), ("s", String(UInt64.random(in: 0...1_000_000, using: &random))),
            ("t", "\"\(names.randomElement(using: &random) ?? "X")\""), ("d", data),
        ])
    }

    mutating func damage(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(bytes[index], at: index)
        default: bytes.swapAt(index, Int.random(in: 0..<bytes.count, using: &random))
        }
    }

    private mutating func maybe(_ make: (inout Self) -> String) -> String? {
        Int.random(in: 0..<3, using: &random) == 0 ? nil : make(&self)
    }

    private mutating func object(_ fields: [(String, String?)]) -> String {
        let present = fields.compactMap { name, value in value.map { (name, $0) } }.shuffled(using: &random)
        return "{"
            + present.map { "\(space())\(key($0.0))\(space()):\(space())\($0.1)\(space())" }.joined(separator: ",")
            + "}"
    }

    private mutating func key(_ name: String) -> String {
        guard Int.random(in: 0..<8, using: &random) == 0 else { return "\"\(name)\"" }
        let target = Int.random(in: 0..<name.count, using: &random)
        let text = name.enumerated().map { index, character in
            index == target ? "\\u00" + String(character.asciiValue ?? 0, radix: 16) : String(character)
        }
        return "\"" + text.joined() + "\""
    }

    private mutating func space() -> String {
        Int.random(in: 0..<6, using: &random) == 0
            ? [" ", "\n", "\t", "\r", "  "].randomElement(using: &random) ?? "" : ""
    }

    private mutating func snowflake() -> String {
        let id = UInt64.random(in: 1...(Bool.random(using: &random) ? 5 : .max), using: &random)
        return "\"\(id)\""
    }

    private mutating func user() -> String {
        let id = snowflake()
        let bot = maybe { $0.boolean() }
        let name = string()
        return object([("id", id), ("bot", bot), ("username", name)])
    }

    private mutating func boolean() -> String { Bool.random(using: &random) ? "true" : "false" }

    private mutating func string() -> String {
        let pieces = [
            "a", "guild_id", "é", "말", "🙂", "\\n", "\\\"", "\\\\", "\\u00e9", "\\ud83d\\ude42", " ", "{", "}", "\\/",
        ]
        let count = Int.random(in: 0...12, using: &random)
        return "\"" + (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined() + "\""
    }

    private mutating func value(depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 4 ? 4 : 7), using: &random) {
        case 0: return "null"
        case 1: return boolean()
        case 2: return string()
        case 3: return ["0", "-1", "1.5", "-0.25e+3", "12345678901", "1E2"].randomElement(using: &random) ?? "0"
        case 4:
            return "["
                + (0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth: depth + 1) }.joined(
                    separator: ","
                ) + "]"
        default:
            let inner = value(depth: depth + 1)
            let guild = snowflake()
            return object([("guild_id", guild), ("author", inner), ("x", string())])
        }
    }
}
