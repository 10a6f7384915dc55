package import DiscordModel

/// Members of a guild as Discord knows them now: by id, by the beginning of their names, or all.
///
/// The gateway asks over the guild's session (REQUEST_GUILD_MEMBERS), which costs no REST call. With neither users nor a
/// beginning it asks for all, which Discord allows once in 30 s for each guild and bot.
package struct QueryMembers: GuildRequest {
    package typealias Reply = MemberList
    package static let typeName = "ensemble.gateway.v1.QueryMembers"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway]

    package var guild: GuildID
    /// At most 100.
    package var users: [UserID]
    /// What nick, global name or user name begin with; only without users.
    package var prefix: String
    /// The most members that a beginning may find, 1 to 100; 0 = 100.
    package var limit: Int

    package init(guild: GuildID, users: [UserID] = [], prefix: String = "", limit: Int = 0) {
        self.guild = guild
        self.users = users
        self.prefix = prefix
        self.limit = limit
    }
}

package struct MemberList: BusMessage {
    package static let typeName = "ensemble.gateway.v1.MemberList"

    package var members: [ListedMember]
    /// Users that were asked for and are no members.
    package var missing: [UserID]
    /// More members than one message may hold were found; the others are left out.
    package var isCut: Bool

    package init(members: [ListedMember], missing: [UserID] = [], isCut: Bool = false) {
        self.members = members
        self.missing = missing
        self.isCut = isCut
    }
}

package struct ListedMember: Codable, Hashable, Sendable {
    package var user: UserID
    package var name: String
    /// Nick, else global name, else user name.
    package var displayName: String
    package var isBot: Bool
    package var roles: [RoleID]

    package init(user: UserID, name: String, displayName: String, isBot: Bool, roles: [RoleID]) {
        self.user = user
        self.name = name
        self.displayName = displayName
        self.isBot = isBot
        self.roles = roles
    }
}
