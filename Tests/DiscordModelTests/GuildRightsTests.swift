import DiscordModel
import Testing

@Suite("Rights in a guild")
struct GuildRightsTests {
    private static let guild = GuildID(1)
    private let now = Timestamp(milliseconds: 1_000_000)
    private let rights = GuildRights(
        guildID: guild,
        ownerID: UserID(10),
        roles: [
            Role(
                id: guild.everyoneRole,
                name: "@everyone",
                position: 0,
                permissions: [.viewChannel, .sendMessages, .connect, .speak]
            ),
            Role(id: RoleID(2), name: "moderator", position: 5, permissions: [.banMembers, .manageRoles]),
            Role(id: RoleID(3), name: "admin", position: 9, permissions: [.administrator]),
            Role(id: RoleID(4), name: "twin", position: 5),
            Role(id: RoleID(5), name: "bot", position: 1, managed: true),
        ]
    )

    private func subject(_ id: UInt64, _ roles: UInt64..., until: Timestamp? = nil) -> GuildRights.Subject {
        GuildRights.Subject(userID: UserID(id), roles: roles.map { RoleID($0) }, timedOutUntil: until)
    }

    private func channel(_ type: ChannelType = .guildText, _ overwrites: PermissionOverwrite...) -> Channel {
        Channel(id: ChannelID(100), type: type, permissionOverwrites: overwrites)
    }

    @Test("Base rights add up; owner and administrators have all")
    func base() {
        #expect(rights.base(of: subject(20), now: now) == [.viewChannel, .sendMessages, .connect, .speak])
        #expect(rights.base(of: subject(20, 2), now: now).contains([.banMembers, .viewChannel]))
        #expect(rights.base(of: subject(20, 3), now: now) == .all)
        #expect(rights.base(of: subject(10), now: now) == .all)
        #expect(rights.base(of: subject(20, 777), now: now) == [.viewChannel, .sendMessages, .connect, .speak])
    }

    @Test("Overwrites: everyone, then all roles together, then the member")
    func overwrites() {
        let everyoneDenied = PermissionOverwrite(id: 1, type: .role, deny: .sendMessages)
        let roleAllowed = PermissionOverwrite(id: 2, type: .role, allow: .sendMessages)
        let twinDenied = PermissionOverwrite(id: 4, type: .role, deny: .sendMessages)
        let memberDenied = PermissionOverwrite(id: 20, type: .member, deny: .sendMessages)
        func canSend(_ who: GuildRights.Subject, _ overwrites: PermissionOverwrite...) -> Bool {
            rights.permissions(
                of: who,
                in: Channel(id: ChannelID(9), type: .guildText, permissionOverwrites: overwrites),
                now: now
            )
            .contains(.sendMessages)
        }
        #expect(!canSend(subject(20), everyoneDenied))
        #expect(canSend(subject(20, 2), everyoneDenied, roleAllowed))
        // Roles' denials come before roles' grants, whatever their order or rank.
        #expect(canSend(subject(20, 2, 4), roleAllowed, twinDenied))
        #expect(canSend(subject(20, 2, 4), twinDenied, roleAllowed))
        #expect(!canSend(subject(20, 2), everyoneDenied, roleAllowed, memberDenied))
        #expect(canSend(subject(21, 2), everyoneDenied, roleAllowed, memberDenied))
        #expect(canSend(subject(20, 3), everyoneDenied, memberDenied))
        #expect(canSend(subject(10), everyoneDenied))
        // An overwrite for a role with the member's id is not the member's.
        #expect(canSend(subject(20), PermissionOverwrite(id: 20, type: .role, deny: .sendMessages)))
    }

    @Test("Rights that mean nothing without another fall with it")
    func implicit() {
        let hidden = channel(.guildText, PermissionOverwrite(id: 1, type: .role, deny: .viewChannel))
        #expect(rights.permissions(of: subject(20, 2), in: hidden, now: now) == [])
        let locked = channel(.guildVoice, PermissionOverwrite(id: 1, type: .role, deny: .connect))
        #expect(!rights.permissions(of: subject(20), in: locked, now: now).contains(.speak))
        let silent = channel(
            .guildText,
            PermissionOverwrite(id: 1, type: .role, allow: [.embedLinks, .mentionEveryone], deny: .sendMessages)
        )
        #expect(
            rights.permissions(of: subject(20), in: silent, now: now).isDisjoint(with: [.embedLinks, .mentionEveryone])
        )
    }

    @Test("A thread has its parent's overwrites and its own right to speak")
    func threads() {
        let parent = channel(
            .guildText,
            PermissionOverwrite(id: 1, type: .role, allow: .sendMessagesInThreads, deny: .sendMessages)
        )
        let thread = Channel(id: ChannelID(101), type: .publicThread, parentID: ChannelID(100))
        let granted = rights.permissions(of: subject(20), in: thread, parent: parent, now: now)
        #expect(granted.contains(.sendMessagesInThreads))
        #expect(!granted.contains(.sendMessages))
    }

    @Test("A timeout leaves viewing and reading, and counts only until its end")
    func timeouts() {
        let future = Timestamp(milliseconds: 1_000_001)
        let past = Timestamp(milliseconds: 1_000_000)
        #expect(rights.base(of: subject(20, 2, until: future), now: now) == [.viewChannel])
        #expect(rights.base(of: subject(20, 2, until: past), now: now).contains(.banMembers))
        #expect(rights.base(of: subject(20, 3, until: future), now: now) == .all)
        #expect(rights.permissions(of: subject(20, until: future), in: channel(), now: now) == [.viewChannel])
    }

    @Test("Ranks are strict, ties go to the lower id, the owner stands apart")
    func hierarchy() {
        #expect(rights.outranks(subject(20, 3), subject(21, 2)))
        #expect(!rights.outranks(subject(20, 2), subject(21, 3)))
        #expect(!rights.outranks(subject(20, 2), subject(21, 2)))
        #expect(rights.outranks(subject(20, 2), subject(21, 4)))
        #expect(!rights.outranks(subject(20, 4), subject(21, 2)))
        #expect(rights.outranks(subject(10), subject(21, 3)))
        #expect(!rights.outranks(subject(20, 3), subject(10)))
        #expect(!rights.outranks(subject(10), subject(10)))
        #expect(rights.outranks(subject(20, 2), subject(21)))
    }

    @Test("Roles that can be given: below one's own, not managed, not everyone")
    func managing() {
        #expect(rights.canManage(RoleID(2), by: subject(20, 3)))
        #expect(!rights.canManage(RoleID(3), by: subject(20, 2)))
        #expect(!rights.canManage(RoleID(2), by: subject(20, 2)))
        #expect(!rights.canManage(RoleID(5), by: subject(20, 3)))
        #expect(!rights.canManage(Self.guild.everyoneRole, by: subject(10)))
        #expect(!rights.canManage(RoleID(999), by: subject(10)))
        #expect(rights.canManage(RoleID(3), by: subject(10)))
    }
}
