import DiscordModel
import TestSupport
import Testing

@Suite("Message reader")
struct MessageEventTests {
    private let json = #"""
        {"type":19,"tts":false,"timestamp":"2026-11-21T07:53:45.123000+00:00","referenced_message":{"id":"4","content":"before",
        "author":{"id":"44","username":"other"}},"message_reference":{"message_id":"4","channel_id":"3"},"pinned":false,
        "nonce":"12","mentions":[{"id":"8","username":"m","member":{"roles":[]}}],"mention_roles":["91","92"],"mention_everyone":true,
        "member":{"roles":["31","32"],"nick":"Néd \ud83d\ude42","joined_at":"2020-01-02T03:04:05+00:00","mute":false},"id":"5","flags":0,
        "embeds":[{"author":{"id":"999"}}],"edited_timestamp":null,"content":"안녕 \"floopword\"\n","components":[],"channel_id":"3",
        "author":{"username":"bob","public_flags":0,"id":"7","global_name":"Bob","discriminator":"0","avatar":null},
        "attachments":[{"id":"61","filename":"a.png","size":1234,"url":"https://cdn/a.png","content_type":"image/png"}],"guild_id":"2"}
        """#

    @Test("Every field that a consumer reads")
    func fields() throws {
        let message = try MessageEvent(json: Array(json.utf8))
        #expect(message.id == MessageID(5))
        #expect(message.channelID == ChannelID(3))
        #expect(message.guildID == GuildID(2))
        #expect(message.author == .init(id: UserID(7), username: "bob", globalName: "Bob", isBot: false))
        #expect(message.member?.roles == [RoleID(31), RoleID(32)])
        #expect(message.displayName == "Néd 🙂")
        #expect(message.member?.joinedAt == Timestamp("2020-01-02T03:04:05+00:00"))
        #expect(message.content == "안녕 \"floopword\"\n")
        #expect(message.timestamp == Timestamp(milliseconds: 1_795_247_625_123))
        #expect(message.editedTimestamp == nil)
        #expect(message.mentions == [UserID(8)])
        #expect(message.mentionedRoles == [RoleID(91), RoleID(92)])
        #expect(message.mentionsEveryone)
        #expect(message.reference == .init(messageID: MessageID(4), authorID: UserID(44), content: "before"))
        #expect(message.attachments.first?.filename == "a.png")
        #expect(message.attachments.first?.size == 1234)
        #expect(message.isWritten)
    }

    @Test("A direct message with little in it")
    func small() throws {
        let message = try MessageEvent(json: Array(#"{"id":5,"channel_id":"3","author":{"id":"7","bot":true}}"#.utf8))
        #expect(message.guildID == nil)
        #expect(message.author.isBot)
        #expect(message.member == nil)
        #expect(message.content.isEmpty)
        #expect(message.timestamp.milliseconds == 1_420_070_400_000)
    }

    @Test("A bad optional field does not lose the message")
    func lenient() throws {
        let message = try MessageEvent(
            json: Array(
                #"{"id":"5","channel_id":"3","author":{"id":"7","bot":"yes","username":7},"member":[1],"mentions":{"id":"1"},"mention_roles":["x",{},"4"],"timestamp":"soon","attachments":[null,{"size":-1}],"type":"x","content":12}"#
                    .utf8
            )
        )
        #expect(message.author.username.isEmpty)
        #expect(!message.author.isBot)
        #expect(message.mentionedRoles == [RoleID(4)])
        #expect(message.attachments.count == 1)
        #expect(message.content.isEmpty)
    }

    @Test(
        "What cannot be a message is malformed",
        arguments: [
            "", "[]", "{}", #"{"id":"5","channel_id":"3"}"#, #"{"id":"5","channel_id":"3","author":{}}"#,
            #"{"id":"5","channel_id":"3","author":{"id":"7"},"content":"a","content":"b"}"#,
            #"{"id":"5","channel_id":"3","author":{"id":"7"}} "x""#,
            #"{"id":"5","channel_id":"3","author":{"id":"7"},"guild_id":"x"}"#,
        ]
    )
    func malformed(_ text: String) {
        #expect(throws: MalformedJSON.self) { try MessageEvent(json: Array(text.utf8)) }
    }

    @Test("Damaged messages never crash the reader")
    func damaged() {
        var random = SeededGenerator(seed: 3)
        let original = Array(json.utf8)
        for _ in 0..<5000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            bytes.removeLast(Int.random(in: 0...20, using: &random))
            _ = try? MessageEvent(json: bytes)
        }
    }
}
