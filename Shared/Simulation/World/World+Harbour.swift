package import DiscordModel
import FoundationEssentials

/// The guild that the playground starts with. Its ids are the same at each start, so that what services have stored
/// about it stays true.
extension World {
    /// 2024-01-01T00:00:00Z as a snowflake: the guild's birthday, and the base of all fixed ids.
    private static let birthday: UInt64 = 283_996_800_000 << 22

    static let homeID = GuildID(birthday)

    private static func fixedID(_ index: UInt64) -> UInt64 {
        birthday + (index * 1000) << 22
    }

    /// What everyone may do in Harbour.
    static let everyonePermissions: Permissions = [
        .createInstantInvite, .addReactions, .stream, .viewChannel, .sendMessages, .embedLinks, .attachFiles,
        .readMessageHistory, .useExternalEmojis, .connect, .speak, .useVoiceActivity, .changeNickname,
        .useApplicationCommands,
    ]

    /// What the Moderator role adds.
    private static let moderatorPermissions: Permissions = [
        .kickMembers, .banMembers, .manageMessages, .mentionEveryone, .muteMembers, .deafenMembers, .moveMembers,
        .manageNicknames, .moderateMembers, .viewAuditLog, .manageRoles, .manageChannels, .pinMessages,
    ]

    /// What a bot is invited with: everything that the troupe's commands use, but not ADMINISTRATOR.
    static let botPermissions: Permissions = [
        everyonePermissions, moderatorPermissions, .manageGuild, .manageWebhooks, .manageThreads, .createPublicThreads,
        .createPrivateThreads, .sendMessagesInThreads, .setVoiceChannelStatus, .prioritySpeaker, .bypassSlowmode,
    ]

    static let moderatorRole = RoleID(fixedID(2))
    static let crewRole = RoleID(fixedID(3))

    mutating func seedHarbour() {
        let birth = GuildID(Self.birthday).millisecondsSinceEpoch
        let names = ["alice", "bob", "carol", "dave", "mallory"]
        var guild = Guild(id: home, name: "Harbour", ownerID: UserID(Self.fixedID(10)))
        guild.roles[home.everyoneRole] = Role(
            id: home.everyoneRole,
            name: "@everyone",
            permissions: Self.everyonePermissions,
            position: 0
        )
        guild.roles[Self.crewRole] = Role(
            id: Self.crewRole,
            name: "Crew",
            permissions: [],
            position: 1,
            color: 0x2E8B_C0,
            mentionable: true
        )
        guild.roles[Self.moderatorRole] = Role(
            id: Self.moderatorRole,
            name: "Moderator",
            permissions: Self.moderatorPermissions,
            position: 2,
            color: 0xF1_C40F,
            hoist: true,
            mentionable: true
        )
        for (index, name) in names.enumerated() {
            let id = UserID(Self.fixedID(10 + UInt64(index)))
            users[id] = User(
                id: id,
                name: name,
                globalName: name.prefix(1).uppercased() + name.dropFirst(),
                isBot: false,
                avatar: nil
            )
            var member = Member(userID: id, joinedAt: birth + UInt64(index) * 86_400_000)
            if name == "carol" { member.roles = [Self.moderatorRole] }
            if name == "bob" || name == "dave" { member.roles = [Self.crewRole] }
            guild.members[id] = member
        }
        guilds[home] = guild

        let text = addSeedChannel(20, .category, "Text")
        let voice = addSeedChannel(21, .category, "Voice")
        _ = addSeedChannel(30, .text, "general", under: text, topic: "Talk about anything.")
        _ = addSeedChannel(31, .text, "bot-commands", under: text, topic: "Commands go here.")
        let log = addSeedChannel(32, .text, "mod-log", under: text, topic: "What the moderators did.")
        channels[log]?.overwrites = [
            Overwrite(target: .role(home.everyoneRole), allow: [], deny: .viewChannel),
            Overwrite(target: .role(Self.moderatorRole), allow: .viewChannel, deny: []),
        ]
        for (index, name) in ["Lounge", "Workshop", "Attic", "Cellar"].enumerated() {
            _ = addSeedChannel(40 + UInt64(index), .voice, name, under: voice)
        }
    }

    private mutating func addSeedChannel(
        _ index: UInt64,
        _ kind: DiscordChannel.Kind,
        _ name: String,
        under parent: ChannelID? = nil,
        topic: String? = nil
    ) -> ChannelID {
        let id = ChannelID(Self.fixedID(index))
        var channel = DiscordChannel(id: id, kind: kind, guildID: home, name: name)
        channel.topic = topic
        channel.parentID = parent
        channel.position = channels.values.count { $0.kind == kind }
        channels[id] = channel
        guilds[home]?.channelIDs.insert(id)
        return id
    }

    // MARK: - Applications

    /// The application of a token `playground.<name>`; made and joined to the guild if it is new.
    ///
    /// Its id follows from the name alone, so it is the same at each start. As real tokens do, and as some libraries
    /// demand, the token may begin with the application's id in base64: `<base64>.playground.<name>`.
    /// - Returns: nil when the token has another form, or too many applications exist.
    package mutating func application(token: some StringProtocol) -> SimulatedApplication? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts.count <= 3, parts[parts.count - 2] == "playground", let last = parts.last else {
            return nil
        }
        guard let application = application(named: String(last)) else { return nil }
        guard parts.count == 3 else { return application }
        let id = Data(application.id.description.utf8).base64EncodedString()
        return parts[0].prefix { $0 != "=" } == id.prefix { $0 != "=" } ? application : nil
    }

    private mutating func application(named name: String) -> SimulatedApplication? {
        guard (1...32).contains(name.utf8.count),
            name.utf8.allSatisfy({ byte in
                (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
                    || byte == 0x2D || byte == 0x5F
            })
        else { return nil }
        var id = ApplicationID(Self.fixedID(1_000_000 + Self.hash(name) % 900_000_000))
        while let known = applications[id] {
            if known.name == name { return known }
            id = ApplicationID(id.rawValue + 1 << 22)
        }
        guard applications.count < Self.applicationLimit else { return nil }
        let application = SimulatedApplication(id: id, name: name)
        applications[id] = application
        let title = name.prefix(1).uppercased() + name.dropFirst()
        users[application.userID] = User(id: application.userID, name: title, globalName: nil, isBot: true, avatar: nil)
        joinBot(application, title: title)
        announce("bots", botSummary(application))
        return application
    }

    /// Chooses which privileged intents the application's portal page grants.
    package mutating func grantPrivilegedIntents(_ intents: GatewayIntents, to id: ApplicationID) {
        applications[id]?.grantedPrivilegedIntents = intents.intersection(.privileged)
    }

    private mutating func joinBot(_ application: SimulatedApplication, title: String) {
        // The managed role gets the bot's id but one bit, for a role and a user may not share one here.
        let roleID = RoleID(application.id.rawValue + 1)
        guard var guild = guilds[home] else { return }
        let position = (guild.roles[Self.moderatorRole]?.position ?? 1)
        // Below Moderator, above Crew: bots act on members, never on moderators.
        for id in guild.roles.keys where (guild.roles[id]?.position ?? 0) >= position { guild.roles[id]?.position += 1 }
        guild.roles[roleID] = Role(
            id: roleID,
            name: title,
            permissions: Self.botPermissions,
            position: position,
            botID: application.userID
        )
        guild.members[application.userID] = Member(userID: application.userID, roles: [roleID], joinedAt: now)
        guilds[home] = guild
        for id in guild.channelIDs where channels[id]?.overwrites.isEmpty == false {
            channels[id]?.overwrites.append(Overwrite(target: .role(roleID), allow: .viewChannel, deny: []))
        }
        emit(
            "GUILD_ROLE_CREATE",
            to: .guild(home),
            intents: .guilds,
            ["guild_id": .id(home), "role": roleJSON(roleID, of: guild)]
        )
        announceJoin(application.userID, of: home)
    }

    /// FNV-1a, 64 bits.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
