package import DiscordModel

/// Guilds beside Harbour: for bots that are in several, on several shards.
extension World {
    /// Adds a guild with Harbour's owner, members and bots, and with a text and a voice channel that are named after it.
    ///
    /// - Parameters:
    ///   - name: small letters and `-`; the channels are `<name>-general` and `<name>-voice`.
    ///   - shard: the shard that it falls to when each bot has `count` of them.
    /// - Returns: its id.
    @discardableResult
    package mutating func addGuild(
        named name: String,
        onShard shard: Int = 0,
        of count: Int = 1
    ) throws(DiscordError) -> GuildID {
        let harbour = try guild(home)
        // The bits above 22 are the milliseconds of its birth, which must lie in the past.
        var id = GuildID(nextID() & ~0x3F_FFFF)
        while guilds[id] != nil || id.shard(of: count) != shard { id = GuildID(id.rawValue - 1 << 22) }
        var guild = Guild(id: id, name: name, ownerID: harbour.ownerID)
        guild.roles[id.everyoneRole] = Role(
            id: id.everyoneRole,
            name: "@everyone",
            permissions: Self.everyonePermissions,
            position: 0
        )
        let bots = Role(id: RoleID(nextID()), name: "Bots", permissions: Self.botPermissions, position: 1)
        guild.roles[bots.id] = bots
        for (user, member) in harbour.members {
            let roles = users[user]?.isBot == true ? [bots.id] : []
            guild.members[user] = Member(userID: user, roles: roles, joinedAt: member.joinedAt)
        }
        for (kind, suffix) in [(DiscordChannel.Kind.text, "general"), (.voice, "voice")] {
            let channel = DiscordChannel(id: ChannelID(nextID()), kind: kind, guildID: id, name: "\(name)-\(suffix)")
            channels[channel.id] = channel
            guild.channelIDs.insert(channel.id)
        }
        guilds[id] = guild
        for application in applications.values.sorted(by: { $0.id < $1.id }) {
            emit(
                "GUILD_CREATE",
                to: .users([application.userID], guild: id),
                intents: .guilds,
                guildCreateJSON(guild, for: application.userID, allMembers: false)
            )
        }
        return id
    }
}
