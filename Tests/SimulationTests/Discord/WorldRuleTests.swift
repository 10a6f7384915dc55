import DiscordModel
import Simulation
import Testing

/// Permissions, role order and limits are enforced as Discord documents them.
@Suite("Rules of the local Discord")
struct WorldRuleTests {
    @Test("A bot has its id for ever, and wrong tokens have none")
    func tokens() throws {
        var first = World(now: WorldFixture.start)
        var second = World(now: WorldFixture.start + 86_400_000)
        let id = first.application(token: "playground.rainbow")?.id
        #expect(id != nil && id == second.application(token: "playground.rainbow")?.id)
        #expect(first.application(token: "playground.iris")?.id != id)
        for wrong in ["", "rainbow", "playground.", "playground.a b", "x.playground.rainbow", "playground.a.b"] {
            #expect(first.application(token: wrong) == nil, "\(wrong)")
        }
    }

    @Test("Bots stand between members and moderators")
    func hierarchy() throws {
        var fixture = try WorldFixture()
        let bob = fixture.user("bob")
        let (carol, alice, rainbow) = (fixture.user("carol"), fixture.user("alice"), fixture.rainbow)
        let home = fixture.world.home
        #expect(
            fixture.code { world throws(DiscordError) in try world.editMember(bob, of: home, ["nick": "B"], by: rainbow)
            } == nil
        )
        for target in [carol, alice, fixture.iris] {
            let nick = fixture.code { world throws(DiscordError) in
                try world.editMember(target, of: home, ["nick": "x"], by: rainbow)
            }
            let kick = fixture.code { world throws(DiscordError) in try world.kick(target, from: home, by: rainbow) }
            #expect(nick == 50013 && kick == 50013)
        }
        let moderator = fixture.role("Moderator")
        let grant = fixture.code { world throws(DiscordError) in
            try world.setRole(moderator, given: true, bob, of: home, by: rainbow)
        }
        #expect(grant == 50013)
        let strong = fixture.code { world throws(DiscordError) in
            try world.createRole(["permissions": "8"], in: home, by: rainbow)
        }
        #expect(strong == 50013, "a role with a permission that its maker lacks")
    }

    @Test("A hidden channel does not exist for those who cannot see it")
    func hiddenChannel() throws {
        var fixture = try WorldFixture()
        let (bob, carol) = (fixture.user("bob"), fixture.user("carol"))
        #expect(
            fixture.code { world throws(DiscordError) in
                try world.createMessage(
                    MessageDraft(content: "x"),
                    in: world.findChannel("mod-log")?.id ?? ChannelID(0),
                    by: bob
                )
            } == 50001
        )
        try fixture.say("seen", in: "mod-log", by: carol)
        try fixture.say("logged", in: "mod-log", by: fixture.rainbow)
    }

    @Test("A timeout leaves reading only, and ends by itself")
    func timeout() throws {
        var fixture = try WorldFixture()
        let (bob, rainbow, home) = (fixture.user("bob"), fixture.rainbow, fixture.world.home)
        func until(_ seconds: UInt64) -> JSONValue {
            ["communication_disabled_until": .string(DiscordTimestamp.text(WorldFixture.start + seconds * 1000))]
        }
        let tooLong = fixture.code { world throws(DiscordError) in
            try world.editMember(bob, of: home, until(29 * 86_400), by: rainbow)
        }
        #expect(tooLong == 50035)
        try fixture.world.editMember(bob, of: home, until(60), by: rainbow)
        #expect(throws: DiscordError.missingPermissions) { try fixture.say("hm", by: bob) }
        fixture.world.advance(to: WorldFixture.start + 60_000)
        try fixture.say("back", by: bob)
    }

    @Test("Messages have Discord's limits")
    func messageLimits() throws {
        var fixture = try WorldFixture()
        let general = fixture.channel("general")
        func draft(_ body: JSONValue) -> Int? {
            do throws(DiscordError) {
                _ = try MessageDraft(body)
                return nil
            } catch { return error.code }
        }
        #expect(draft(["content": .string(String(repeating: "x", count: 2000))]) == nil)
        #expect(draft(["content": .string(String(repeating: "x", count: 2001))]) == 50035)
        #expect(draft(["content": "x", "nonce": .string(String(repeating: "n", count: 26))]) == 50035)
        #expect(draft(["embeds": .array(Array(repeating: ["title": "t"], count: 11))]) == 50035)
        #expect(draft(["embeds": [["description": .string(String(repeating: "x", count: 4097))]]]) == 50035)
        let heavy: JSONValue = ["description": .string(String(repeating: "x", count: 3001))]
        #expect(draft(["embeds": [heavy, heavy]]) == 50035, "6000 characters over all embeds")
        #expect(draft(["content": "x", "allowed_mentions": ["parse": ["users"], "users": ["1"]]]) == 50035)
        let button: JSONValue = ["type": 2, "style": 1, "custom_id": "same", "label": "x"]
        #expect(
            draft(["components": [["type": 1, "components": [button, button]]]]) == 50035,
            "custom ids are unique"
        )
        let empty = fixture.code { world throws(DiscordError) in
            try world.createMessage(MessageDraft(content: " "), in: general, by: world.findUser("bob") ?? UserID(0))
        }
        #expect(empty == 50006)
    }

    @Test("enforce_nonce answers with the message that is there, for two minutes")
    func nonce() throws {
        var fixture = try WorldFixture()
        let (general, rainbow) = (fixture.channel("general"), fixture.rainbow)
        let body: JSONValue = ["content": "once", "nonce": "abc", "enforce_nonce": true]
        let first = try fixture.world.createMessage(MessageDraft(body), in: general, by: rainbow)
        #expect(try fixture.world.createMessage(MessageDraft(body), in: general, by: rainbow).id == first.id)
        #expect(try fixture.world.createMessage(MessageDraft(body), in: general, by: fixture.iris).id != first.id)
        fixture.world.advance(to: WorldFixture.start + 121_000)
        #expect(try fixture.world.createMessage(MessageDraft(body), in: general, by: rainbow).id != first.id)
    }

    @Test("Mentions follow allowed_mentions and permissions")
    func mentions() throws {
        var fixture = try WorldFixture()
        let (general, bob) = (fixture.channel("general"), fixture.user("bob"))
        let text = "<@\(bob)> @everyone <@&\(fixture.role("Crew"))>"
        func post(_ allowed: JSONValue?, by author: UserID) throws -> Message {
            var body: [String: JSONValue] = ["content": .string(text)]
            body["allowed_mentions"] = allowed
            return try fixture.world.createMessage(MessageDraft(.object(body)), in: general, by: author)
        }
        let free = try post(nil, by: fixture.rainbow)
        #expect(free.mentions == [bob] && free.mentionsEveryone && free.mentionedRoles == [fixture.role("Crew")])
        let none = try post(["parse": []], by: fixture.rainbow)
        #expect(none.mentions.isEmpty && !none.mentionsEveryone && none.mentionedRoles.isEmpty)
        let member = try post(nil, by: fixture.user("dave"))
        #expect(member.mentions == [bob] && !member.mentionsEveryone, "dave may not mention everyone")
    }

    @Test("A channel's history is bounded, and pages as Discord pages")
    func history() throws {
        var fixture = try WorldFixture()
        let (general, bob) = (fixture.channel("general"), fixture.user("bob"))
        for number in 0..<2100 { try fixture.say("\(number)", by: bob) }
        #expect(fixture.world.history[general]?.count == 2000)
        let newest = try fixture.world.messages(in: general, .newest, limit: 3, for: bob)
        #expect(newest.map(\.content) == ["2099", "2098", "2097"])
        let before = try fixture.world.messages(in: general, .before(newest[2].id), limit: 2, for: bob)
        #expect(before.map(\.content) == ["2096", "2095"])
        let after = try fixture.world.messages(in: general, .after(before[1].id), limit: 2, for: bob)
        #expect(after.map(\.content) == ["2097", "2096"])
    }

    @Test("Bulk deletion takes 2 to 100 messages of at most 14 days")
    func bulkDelete() throws {
        var fixture = try WorldFixture()
        let (general, rainbow) = (fixture.channel("general"), fixture.rainbow)
        let old = try fixture.say("old", by: fixture.user("bob")).id
        let single = fixture.code { world throws(DiscordError) in try world.bulkDelete([old], in: general, by: rainbow)
        }
        #expect(single == 50016)
        fixture.world.advance(to: WorldFixture.start + 15 * 86_400_000)
        let fresh = try fixture.say("fresh", by: fixture.user("bob")).id
        let aged = fixture.code { world throws(DiscordError) in
            try world.bulkDelete([old, fresh], in: general, by: rainbow)
        }
        #expect(aged == 50034)
        let other = try fixture.say("more", by: fixture.user("bob")).id
        try fixture.world.bulkDelete([fresh, other], in: general, by: rainbow)
        #expect(fixture.world.history[general]?.count == 1)
    }

    @Test("Voice gives a bot new credentials with each move, and refuses a full channel")
    func voice() throws {
        var fixture = try WorldFixture()
        let (home, rainbow) = (fixture.world.home, fixture.rainbow)
        try fixture.world.updateVoice(.init(channel: fixture.channel("Lounge")), of: rainbow, in: home)
        let first = try #require(fixture.world.guilds[home]?.voiceStates[rainbow])
        try fixture.world.updateVoice(.init(channel: fixture.channel("Attic")), of: rainbow, in: home)
        let second = try #require(fixture.world.guilds[home]?.voiceStates[rainbow])
        #expect(first.token != second.token)
        let endpoint = try #require(second.endpoint)
        let token = try #require(second.token)
        #expect(
            fixture.world.acceptsVoice(
                bot: rainbow,
                guild: home,
                sessionID: second.sessionID,
                token: token,
                endpoint: endpoint
            )
        )
        #expect(
            !fixture.world.acceptsVoice(
                bot: rainbow,
                guild: home,
                sessionID: second.sessionID,
                token: first.token ?? "",
                endpoint: endpoint
            )
        )
        let cellar = fixture.channel("Cellar")
        try fixture.world.editChannel(cellar, ["user_limit": 1], by: fixture.user("alice"))
        try fixture.world.updateVoice(.init(channel: cellar), of: fixture.user("bob"), in: home)
        let dave = fixture.user("dave")
        let full = fixture.code { world throws(DiscordError) in
            try world.updateVoice(.init(channel: cellar), of: dave, in: home)
        }
        #expect(full != nil)
        try fixture.world.updateVoice(.init(channel: cellar), of: rainbow, in: home)
    }
}
