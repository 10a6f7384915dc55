/// A user's membership of a guild. Source: Discord API reference, "Guild Member Object".
package struct Member: Codable, Hashable, Sendable {
    /// Absent in the member of a message, whose author stands beside it.
    package var user: User?
    package var nick: String?
    package var roles: [RoleID]
    package var joinedAt: Timestamp?
    /// Until when the member may neither speak nor react; a past instant means nothing.
    package var communicationDisabledUntil: Timestamp?
    /// Has not passed the guild's screening yet.
    package var pending: Bool
    /// The member's rights in the channel of an interaction, as Discord computed them; only interactions carry it.
    package var permissions: Permissions?

    package init(
        user: User?,
        nick: String? = nil,
        roles: [RoleID] = [],
        joinedAt: Timestamp? = nil,
        communicationDisabledUntil: Timestamp? = nil,
        pending: Bool = false,
        permissions: Permissions? = nil
    ) {
        self.user = user
        self.nick = nick
        self.roles = roles
        self.joinedAt = joinedAt
        self.communicationDisabledUntil = communicationDisabledUntil
        self.pending = pending
        self.permissions = permissions
    }

    package enum CodingKeys: String, CodingKey {
        case user, nick, roles, pending, permissions
        case joinedAt = "joined_at"
        case communicationDisabledUntil = "communication_disabled_until"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        user = container.lenient(.user)
        nick = container.lenient(.nick)
        roles = container.lenientArray(.roles)
        joinedAt = container.lenient(.joinedAt)
        communicationDisabledUntil = container.lenient(.communicationDisabledUntil)
        pending = container.lenient(.pending, or: false)
        permissions = container.lenient(.permissions)
    }

    /// The name that people see: nickname, else global name, else user name.
    package var displayName: String {
        nick ?? user?.globalName ?? user?.username ?? ""
    }
}
