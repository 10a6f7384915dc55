import Testing

@testable import Routing

@Suite("Patterns for names of channels")
struct ChannelGlobTests {
    @Test(
        "They match what they should and nothing else",
        arguments: [
            ("general", "general", true), ("general", "General", true), ("general", "general-2", false),
            ("chat-*", "chat-", true), ("chat-*", "chat-room-7", true), ("chat-*", "my-chat-7", false),
            ("*-chat", "late-night-chat", true), ("*chat*", "late-chat-2", true), ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false), ("room-?", "room-7", true), ("room-?", "room-17", false),
            ("room-?", "room-", false),
            ("*", "anything", true), ("*", "", false), ("**", "x", true), ("ЧАТ-*", "чат-7", true),
            ("채팅방-*", "채팅방-1", true), ("채팅방-*", "채팅-1", false), ("채팅방-?", "채팅방-가", true),
            ("이미지생성-*", "이미지생성-고양이", true), ("비디오생성-*", "비디오생성-", true),
        ]
    )
    func names(pattern: String, name: String, fits: Bool) {
        #expect(ChannelGlob(pattern).matches(channel: name, category: "") == fits, "\(pattern) on \(name)")
    }

    @Test("Hangul fits however it is composed, in the pattern and in the name")
    func hangul() {
        // The same four syllables, as single code points and as their letters.
        let composed = "\u{CC44}\u{D305}\u{BC29}"
        let decomposed = "\u{110E}\u{1162}\u{1110}\u{1175}\u{11BC}\u{1107}\u{1161}\u{11BC}"
        #expect(Array(composed.unicodeScalars) != Array(decomposed.unicodeScalars))
        for pattern in [composed, decomposed] {
            for name in [composed, decomposed] {
                #expect(ChannelGlob(pattern + "-*").matches(channel: name + "-7", category: ""))
                #expect(!ChannelGlob(pattern + "-?").matches(channel: name, category: ""))
                // One mark for one syllable, of however many code points.
                #expect(ChannelGlob("??" + pattern.suffix(1)).matches(channel: name, category: ""))
            }
        }
    }

    @Test("A pattern with a slash is held against category and name")
    func categories() {
        #expect(ChannelGlob("images/*").matches(channel: "cats", category: "Images"))
        #expect(!ChannelGlob("images/*").matches(channel: "cats", category: "chat"))
        #expect(!ChannelGlob("images*").matches(channel: "cats", category: "Images"))
        #expect(!ChannelGlob("*/*").matches(channel: "", category: "Images"))
    }

    @Test("A pattern of many stars on a long name takes no time to speak of")
    func manyStars() {
        let pattern = ChannelGlob(String(repeating: "a*", count: 50) + "b")
        let clock = ContinuousClock()
        let taken = clock.measure {
            #expect(!pattern.matches(channel: String(repeating: "a", count: 1_000), category: ""))
        }
        #expect(taken < .seconds(1))
    }
}
