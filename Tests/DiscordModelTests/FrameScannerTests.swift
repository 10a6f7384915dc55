import DiscordModel
import Testing

@Suite("Frame scanner")
struct FrameScannerTests {
    private let scanner = FrameScanner(watched: [UserID(101), UserID(102), UserID(103)])

    private func scan(_ text: String) throws -> GatewayFrame {
        try Array(text.utf8).withUnsafeBytes { try scanner.scan($0) }
    }

    private func reason(_ text: String) -> MalformedJSON.Reason? {
        do {
            _ = try scan(text)
            return nil
        } catch let error as MalformedJSON {
            return error.reason
        } catch {
            return nil
        }
    }

    @Test("A message's route is read from any order of keys")
    func message() throws {
        let text = """
            {"d":{"mentions":[{"username":"x","id":"102"},{"id":"999"}],"author":{"bot":true,"id":"7"},"id":"5",\
            "channel_id":"3","guild_id":"2","mention_everyone":true,"referenced_message":{"id":"4","author":{"id":"101"}}},\
            "op":0,"t":"MESSAGE_CREATE","s":42}
            """
        let frame = try scan(text)
        #expect(frame.opcode == .dispatch)
        #expect(frame.sequence == 42)
        #expect(frame.event == .messageCreate)
        #expect(frame.route.guildID == GuildID(2))
        #expect(frame.route.channelID == ChannelID(3))
        #expect(frame.route.objectID == 5)
        #expect(frame.route.userID == UserID(7))
        #expect(frame.route.flags == [.fromBot, .mentionsEveryone, .mentionsUsers, .isReply])
        #expect(frame.route.mentioned == 0b010)
        #expect(frame.route.repliedTo == 0b001)
        let data = Array(text.utf8)[frame.data]
        #expect(data.first == UInt8(ascii: "{") && data.last == UInt8(ascii: "}"))
        #expect(String(decoding: data, as: UTF8.self).hasPrefix(#"{"mentions""#))
    }

    @Test("Ids in nested objects are not the event's")
    func depth() throws {
        let frame = try scan(
            #"{"op":0,"s":1,"t":"X","d":{"message":{"guild_id":"9","channel_id":"8","author":{"id":"7"}},"list":[{"guild_id":"6"}]}}"#
        )
        #expect(frame.route == EventRoute())
    }

    @Test("Escaped key names are the same keys")
    func escapedKeys() throws {
        let frame = try scan(
            #"{"\u006fp":0,"s":1,"\u0074":"MESSAGE\u005fCREATE","d":{"guild\u005fid":"2","\u0061uthor":{"\u0069d":"3"}}}"#
        )
        #expect(frame.event == .messageCreate)
        #expect(frame.route.guildID == GuildID(2))
        #expect(frame.route.userID == UserID(3))
    }

    @Test(
        "A key that is read twice is malformed, however it is spelt",
        arguments: [
            #"{"op":0,"op":0,"s":1,"t":"X","d":{}}"#,
            #"{"op":0,"s":1,"t":"X","d":{"guild_id":"1","guild_id":"2"}}"#,
            #"{"op":0,"s":1,"t":"X","d":{"guild_id":"1","guild\u005fid":"2"}}"#,
            #"{"op":0,"s":1,"t":"X","d":{"author":{"id":"1","id":"2"}}}"#,
            #"{"op":0,"s":1,"t":"X","d":{},"d":{}}"#,
        ]
    )
    func duplicates(_ text: String) {
        #expect(reason(text) == .duplicateKey)
    }

    @Test("A doubled key that nobody reads does no harm")
    func harmlessDuplicate() throws {
        #expect(try scan(#"{"op":0,"s":1,"t":"X","d":{"a":1,"a":2}}"#).sequence == 1)
    }

    @Test("Objects that are a guild or channel are routed by their own id")
    func objects() throws {
        #expect(
            try scan(#"{"op":0,"s":1,"t":"GUILD_DELETE","d":{"id":"9","unavailable":true}}"#).route.guildID
                == GuildID(9)
        )
        let channel = try scan(#"{"op":0,"s":1,"t":"CHANNEL_CREATE","d":{"id":"9","guild_id":"8"}}"#)
        #expect(channel.route.channelID == ChannelID(9))
        #expect(channel.route.guildID == GuildID(8))
    }

    @Test("Who acted: author, then user, then the member's user, then user_id")
    func person() throws {
        func user(_ data: String) throws -> UserID? {
            try scan(#"{"op":0,"s":1,"t":"X","d":{\#(data)}}"#).route.userID
        }
        #expect(
            try user(#""user_id":"4","member":{"user":{"id":"3"}},"user":{"id":"2"},"author":{"id":"1"}"#) == UserID(1)
        )
        #expect(try user(#""user_id":"4","member":{"user":{"id":"3"}},"user":{"id":"2"}"#) == UserID(2))
        #expect(try user(#""user_id":"4","member":{"user":{"id":"3"}}"#) == UserID(3))
        #expect(try user(#""user_id":"4","member":{"nick":"x"}"#) == UserID(4))
        #expect(try user(#""user_id":null"#) == nil)
    }

    @Test("Frames without an event")
    func control() throws {
        let hello = try scan(#"{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250,"_trace":["x"]}}"#)
        #expect(hello.opcode == .hello)
        #expect(hello.sequence == nil)
        let invalid = try scan(#"{"op":9,"d":false}"#)
        #expect(invalid.opcode == .invalidSession)
        #expect(invalid.data.count == 5)
        #expect(try scan(#"{"op":11}"#).data.isEmpty)
        #expect(try scan(#"{"op":12345,"d":[]}"#).opcode == GatewayOpcode(rawValue: 12345))
    }

    @Test(
        "What is not a frame is malformed",
        arguments: [
            ("", MalformedJSON.Reason.empty), ("[]", .unexpectedByte), ("{", .unexpectedByte),
            ("null", .unexpectedByte),
            (#"{"op":0}"#, .missingField), (#"{"s":1}"#, .missingField), (#"{"op":null}"#, .missingField),
            (#"{"op":0,"s":1,"t":"X","d":{}} x"#, .trailingBytes), (#"{"op":"0"}"#, .wrongType),
            (#"{"op":-1}"#, .wrongType), (#"{"op":1.0}"#, .wrongType), (#"{"op":01}"#, .badNumber),
            (#"{"op":0,"s":1,"t":"a.b","d":{}}"#, .badEventName), (#"{"op":0,"s":1,"t":"","d":{}}"#, .badEventName),
            (#"{"op":0,"s":1,"t":"X","d":{"guild_id":{}}}"#, .wrongType),
            (#"{"op":0,"s":1,"t":"X","d":{"guild_id":"12x"}}"#, .wrongType),
            (#"{"op":0,"s":18446744073709551616,"t":"X","d":{}}"#, .wrongType),
            (#"{"op":11,"x":"\ud800"}"#, .badEscape), (#"{"op":11,"x":"\udc00"}"#, .badEscape),
            (#"{"op":11,"x":"\q"}"#, .badEscape), (#"{"op":11,"x":"\u12"}"#, .badEscape),
            ("{\"op\":11,\"x\":\"\n\"}", .controlCharacter), (#"{"op":11,"x":"abc"#, .unterminatedString),
            (#"{"op":11,"x":tru}"#, .unexpectedByte), (#"{"op":11,"x":1e999}"#, .badNumber),
            (#"{"op":11,}"#, .unexpectedByte), (#"{"op":11 "x":1}"#, .unexpectedByte),
            (#"{"op":11,"x":[1,]}"#, .badNumber),
        ]
    )
    func malformed(_ text: String, _ expected: MalformedJSON.Reason) {
        #expect(reason(text) == expected)
    }

    @Test("Depth is bounded, so that no frame overflows the stack")
    func deep() {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            let inner = String(repeating: open, count: 100_000)
            #expect(reason(#"{"op":11,"x":\#(inner)"#) == .tooDeep)
            let shallow = String(repeating: open, count: 100) + "1" + String(repeating: close, count: 100)
            #expect(reason(#"{"op":11,"x":\#(shallow)}"#) == nil)
        }
    }

    @Test("UTF-8 is checked at every position of the eight-byte step")
    func utf8() throws {
        let bad: [[UInt8]] = [
            [0x80], [0xC0, 0x80], [0xC2], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8],
            [0xFF],
        ]
        for padding in 0..<20 {
            let head = Array(#"{"op":11,"x":""#.utf8) + [UInt8](repeating: 0x61, count: padding)
            for text in ["é", "말", "🙂", "\u{10FFFF}"] {
                let bytes = head + Array(text.utf8) + Array(#""}"#.utf8)
                #expect(throws: Never.self) { try bytes.withUnsafeBytes { try scanner.scan($0) } }
            }
            for sequence in bad {
                let bytes = head + sequence + Array(#""}"#.utf8)
                #expect(throws: MalformedJSON.self) { try bytes.withUnsafeBytes { try scanner.scan($0) } }
            }
        }
    }

    @Test("Every prefix of a frame is refused and none crashes")
    func prefixes() throws {
        let bytes = Array(
            #"{"t":"MESSAGE_CREATE","s":1,"op":0,"d":{"id":"1","x":[true,null,-1.5e3,"\u00e9\ud83d\ude42"],"author":{"id":"2"}}}"#
                .utf8
        )
        for count in 0..<bytes.count {
            // A copy of its own, so that a read past the end would be a read outside the allocation.
            let prefix = Array(bytes[..<count])
            #expect(throws: MalformedJSON.self) { try prefix.withUnsafeBytes { try scanner.scan($0) } }
        }
        #expect(throws: Never.self) { try bytes.withUnsafeBytes { try scanner.scan($0) } }
    }
}
