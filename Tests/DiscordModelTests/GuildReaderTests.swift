import DiscordModel
import Foundation
import TestSupport
import Testing

/// The fast reader of GUILD_CREATE against `Codable`, which decides.
@Suite("Guild reader")
struct GuildReaderTests {
    private static let plain = #"""
        {"id":"197038439483310086","name":"Harbour \u2693","owner_id":"73193882359173120","icon":null,"large":false,
        "preferred_locale":"ko","member_count":3,"emojis":[{"id":"1","roles":[]}],"features":["COMMUNITY"],
        "roles":[{"id":"197038439483310086","name":"@everyone","position":0,"permissions":"2147483647","color":0,
        "colors":{"primary_color":0},"hoist":false,"managed":false,"mentionable":false,"tags":{"bot_id":"5"}},
        {"id":"7","name":"모더","position":12,"permissions":"1099511627776","color":15844367,"hoist":true,"managed":true}],
        "channels":[{"id":"8","type":0,"name":"general","topic":null,"position":0,"parent_id":null,"nsfw":false,
        "permission_overwrites":[{"id":"7","type":0,"allow":"1024","deny":"0"},{"id":"9","type":1,"allow":"0","deny":"8"}],
        "rate_limit_per_user":5},{"id":"10","type":2,"name":"Lounge","position":1,"parent_id":"8","user_limit":9,
        "bitrate":64000,"permission_overwrites":[]}],
        "threads":[{"id":"11","type":11,"guild_id":"197038439483310086","name":"x","owner_id":"9","parent_id":"8",
        "thread_metadata":{"archived":true,"auto_archive_duration":60}}],
        "members":[{"user":{"id":"9","username":"bob","global_name":"Bob","avatar":"abc","discriminator":"0"},
        "nick":null,"roles":["7"],"joined_at":"2024-01-01T12:00:00.123456+00:00","pending":false,"deaf":false,
        "communication_disabled_until":null,"flags":0},{"user":{"id":"12","username":"iris","bot":true},"roles":[]}],
        "voice_states":[{"user_id":"9","channel_id":"10","session_id":"s","deaf":false,"mute":true,"self_mute":true,
        "self_deaf":false,"self_video":false,"suppress":false,"member":{"user":{"id":"9","username":"bob"},"roles":[]}}],
        "presences":[{"user":{"id":"9"},"activities":[]}]}
        """#

    @Test("A guild as Discord sends it is read at once, and as Codable reads it")
    func whole() throws {
        let bytes = Array(Self.plain.utf8)
        let guild = try #require(Guild(plain: bytes))
        #expect(guild == (try JSONDecoder().decode(Guild.self, from: Data(bytes))))
        #expect(guild.name == "Harbour ⚓" && guild.roles.count == 2 && guild.channels[1].userLimit == 9)
        #expect(guild.threads[0].isArchived && guild.members[0].user?.globalName == "Bob")
        #expect(guild.voiceStates[0].selfMute && guild.voiceStates[0].member?.user?.username == "bob")
    }

    @Test(
        "What has another form than documented is left to Codable",
        arguments: [
            (#""member_count":3"#, #""member_count":"3""#), (#""member_count":3"#, #""member_count":-3"#),
            (#""position":12"#, #""position":12.5"#), (#""nick":null"#, #""nick":5"#), (#""id":"8""#, #""id":8"#),
            (#""permissions":"1099511627776""#, #""permissions":1"#), (#""allow":"1024""#, #""allow":null"#),
            (#""type":11"#, #""type":null"#), (#""name":"general""#, #""name":"a","name":"b""#),
            (#""username":"iris""#, #""username":["iris"]"#), (#""roles":["7"]"#, #""roles":[null]"#),
            ("2024-01-01T12", "yesterday"), (#""archived":true"#, #""archived":1"#),
        ]
    )
    func unusual(change: (String, String)) throws {
        let text = Self.plain.replacingOccurrences(of: change.0, with: change.1)
        try #require(text != Self.plain)
        #expect(Guild(plain: Array(text.utf8)) == nil)
    }

    @Test("Damaged anywhere, it is the guild that Codable reads, or none", arguments: 0..<8 as Range<UInt64>)
    func damaged(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let bytes = Array(Self.plain.utf8)
        var taken = 0
        for _ in 0..<1500 {
            var changed = bytes
            switch Int.random(in: 0..<4, using: &random) {
            case 0: changed.removeLast(Int.random(in: 1..<changed.count, using: &random))
            case 1: changed.remove(at: Int.random(in: 0..<changed.count, using: &random))
            case 2:
                let end = Int.random(in: 0..<changed.count, using: &random)
                changed.replaceSubrange(
                    end..<end,
                    with: Array(#"0",{}[]:null"#.utf8).shuffled(using: &random).prefix(2)
                )
            default:
                changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let guild = Guild(plain: changed) else { continue }
            taken += 1
            #expect(
                guild == (try JSONDecoder().decode(Guild.self, from: Data(changed))),
                "\(String(decoding: changed, as: UTF8.self))"
            )
        }
        #expect(taken > 100, "most changes of a letter leave a guild")
    }
}
