import DiscordModel
import TestSupport
import Testing

@testable import GatewayCore

@Suite("Guilds in memory")
struct GuildShelfTests {
    /// A guild in which every field may be there or not; what the cache leaves out is not there.
    private static func entry(_ index: UInt64, _ random: inout SeededGenerator) throws -> GuildEntry {
        func maybe<Value>(_ value: Value) -> Value? { Bool.random(using: &random) ? value : nil }
        func text() -> String {
            String(["", "a", "한국어", "Member 12 of 34", "\u{0}\u{1F980}"].randomElement(using: &random) ?? "")
        }
        func id() -> UInt64 { UInt64.random(in: 1...(.max), using: &random) }
        func flag() -> Bool { Bool.random(using: &random) }
        func number() -> Int { [0, 1, -1, 127, 128, .max / 4, -300].randomElement(using: &random) ?? 0 }
        var guild = Guild(id: GuildID(index), name: text(), ownerID: UserID(id()), memberCount: number())
        guild.preferredLocale = text()
        guild.roles = (0..<Int.random(in: 0..<5, using: &random)).map { _ in
            Role(
                id: RoleID(id()),
                name: text(),
                position: number(),
                permissions: Permissions(rawValue: id()),
                color: number(),
                hoist: flag(),
                managed: flag(),
                mentionable: flag()
            )
        }
        guild.channels = (0..<Int.random(in: 0..<5, using: &random)).map { _ in
            Channel(
                id: ChannelID(id()),
                type: ChannelType(rawValue: number()),
                name: maybe(text()),
                topic: maybe(text()),
                position: number(),
                parentID: maybe(ChannelID(id())),
                permissionOverwrites: (0..<Int.random(in: 0..<3, using: &random)).map { _ in
                    PermissionOverwrite(
                        id: id(),
                        type: flag() ? .role : .member,
                        allow: Permissions(rawValue: id()),
                        deny: Permissions(rawValue: .max)
                    )
                },
                isAgeRestricted: flag(),
                slowmode: number(),
                userLimit: number(),
                ownerID: maybe(UserID(id())),
                isArchived: flag()
            )
        }
        guild.members = (0..<Int.random(in: 0..<6, using: &random)).map { _ in
            Member(
                user: User(id: UserID(id()), username: text(), globalName: maybe(text()), bot: flag()),
                nick: maybe(text()),
                roles: guild.roles.map(\.id).filter { _ in flag() } + (flag() ? [RoleID(id())] : []),
                joinedAt: maybe(Timestamp(milliseconds: Int64(number()))),
                communicationDisabledUntil: maybe(Timestamp(milliseconds: Int64(number()))),
                pending: flag()
            )
        }
        guild.voiceStates = guild.members.prefix(2).compactMap { member in
            guard let user = member.user?.id else { return nil }
            var state = VoiceState(userID: user, channelID: ChannelID(id()), sessionID: text())
            (state.deaf, state.mute, state.selfDeaf, state.selfMute) = (flag(), flag(), flag(), flag())
            (state.selfStream, state.selfVideo, state.suppress) = (flag(), flag(), flag())
            return state
        }
        let iris = try #require(BotID(rawValue: "iris"))
        let rainbow = try #require(BotID(rawValue: "rainbow"))
        return GuildEntry(state: GuildState(guild), bots: flag() ? [iris, rainbow] : [iris], observer: maybe(iris))
    }

    private static func expect(_ left: GuildEntry?, equals right: GuildEntry) throws {
        let left = try #require(left)
        #expect(left.outline == right.outline)
        #expect(left.state.ownerID == right.state.ownerID && left.state.locale == right.state.locale)
        #expect(left.state.roles == right.state.roles)
        #expect(left.state.channels == right.state.channels)
        #expect(left.state.members == right.state.members)
        #expect(left.state.voiceStates == right.state.voiceStates)
    }

    @Test("A packed guild is the same guild when it is unpacked")
    func packing() throws {
        var random = SeededGenerator(seed: 1)
        for number in 1...500 {
            let entry = try Self.entry(UInt64(number), &random)
            let bytes = GuildPacking.pack(entry)
            #expect(GuildPacking.outline(of: bytes) == entry.outline)
            try Self.expect(GuildPacking.unpack(bytes), equals: entry)
        }
    }

    @Test("Cut short or damaged, it is no guild or another one, but never a trap")
    func damaged() throws {
        var random = SeededGenerator(seed: 2)
        for number in 1...200 {
            let bytes = GuildPacking.pack(try Self.entry(UInt64(number), &random))
            for cut in Set([0, 1, bytes.count / 2, bytes.count - 1]) {
                #expect(GuildPacking.unpack(Array(bytes.prefix(cut))) == nil)
            }
            #expect(GuildPacking.unpack(bytes + [0]) == nil)
            for _ in 0..<20 {
                var changed = bytes
                changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                _ = GuildPacking.unpack(changed)
                _ = GuildPacking.outline(of: changed)
            }
        }
        #expect(GuildPacking.unpack(Array(#"{"state":{}}"#.utf8)) == nil)
    }

    @Test("However many guilds there are, few are values, all are there, and changes of packed ones stay")
    func shelf() throws {
        var random = SeededGenerator(seed: 3)
        var shelf = GuildShelf(openBound: 8)
        var expected: [GuildID: GuildEntry] = [:]
        for number in 1...100 {
            let entry = try Self.entry(UInt64(number), &random)
            expected[entry.state.id] = entry
            shelf.put(entry)
            #expect(shelf.openCount <= 8)
        }
        for _ in 0..<500 {
            let guild = GuildID(UInt64.random(in: 1...100, using: &random))
            if Bool.random(using: &random) {
                shelf.update(guild) { $0.state.name += "x" }
                expected[guild]?.state.name += "x"
            } else {
                try Self.expect(shelf.entry(guild), equals: try #require(expected[guild]))
            }
            #expect(shelf.openCount <= 8 && shelf.count == 100)
        }
        #expect(shelf.outlines == expected.values.map(\.outline).sorted { $0.id < $1.id })
        for (guild, entry) in expected {
            try Self.expect(shelf.bytes(of: guild).flatMap(GuildPacking.unpack), equals: entry)
        }
        shelf.remove(GuildID(1))
        #expect(shelf.entry(GuildID(1)) == nil && !shelf.contains(GuildID(1)) && shelf.count == 99)
    }
}
