/// Who may do what in a guild, computed as Discord computes it.
///
/// Source: Discord API reference, "Permissions": base rights, overwrites in their order, implicit losses, timeouts, threads
/// and the hierarchy of roles.
package struct GuildRights: Sendable {
    package let guildID: GuildID
    package let ownerID: UserID
    package let roles: [RoleID: Role]

    package init(guildID: GuildID, ownerID: UserID, roles: [RoleID: Role]) {
        self.guildID = guildID
        self.ownerID = ownerID
        self.roles = roles
    }

    package init(guildID: GuildID, ownerID: UserID, roles: some Sequence<Role>) {
        self.init(
            guildID: guildID,
            ownerID: ownerID,
            roles: Dictionary(roles.map { ($0.id, $0) }, uniquingKeysWith: { _, later in later })
        )
    }

    /// What a person is for the sake of rights.
    package struct Subject: Hashable, Sendable {
        package var userID: UserID
        package var roles: [RoleID]
        /// `communication_disabled_until`; a past instant means nothing.
        package var timedOutUntil: Timestamp?

        package init(userID: UserID, roles: [RoleID], timedOutUntil: Timestamp? = nil) {
            self.userID = userID
            self.roles = roles
            self.timedOutUntil = timedOutUntil
        }
    }

    // MARK: - Rights

    /// The rights in the guild as a whole: everyone's or those of the member's roles; all for the owner and
    /// administrators; only viewing and reading while timed out.
    package func base(of subject: Subject, now: Timestamp) -> Permissions {
        restrictedByTimeout(unrestrictedBase(of: subject), subject, now)
    }

    /// The rights in one channel.
    ///
    /// - Parameters:
    ///   - channel: the channel or thread.
    ///   - parent: the thread's channel, whose overwrites count instead; needed for threads only.
    package func permissions(
        of subject: Subject,
        in channel: Channel,
        parent: Channel? = nil,
        now: Timestamp
    ) -> Permissions {
        var granted = unrestrictedBase(of: subject)
        guard !granted.contains(.administrator) else { return .all }
        let overwrites = channel.type.isThread ? parent?.permissionOverwrites ?? [] : channel.permissionOverwrites

        if let everyone = overwrites.first(where: { $0.type == .role && $0.id == guildID.rawValue }) {
            granted.subtract(everyone.deny)
            granted.formUnion(everyone.allow)
        }
        let held = Set(subject.roles)
        var allow: Permissions = []
        var deny: Permissions = []
        for overwrite in overwrites
        where overwrite.type == .role && overwrite.id != guildID.rawValue && held.contains(RoleID(overwrite.id)) {
            allow.formUnion(overwrite.allow)
            deny.formUnion(overwrite.deny)
        }
        granted.subtract(deny)
        granted.formUnion(allow)
        if let own = overwrites.first(where: { $0.type == .member && $0.id == subject.userID.rawValue }) {
            granted.subtract(own.deny)
            granted.formUnion(own.allow)
        }
        return restrictedByTimeout(withoutImplicitlyLost(granted, in: channel), subject, now)
    }

    private func unrestrictedBase(of subject: Subject) -> Permissions {
        guard subject.userID != ownerID else { return .all }
        var granted = roles[guildID.everyoneRole]?.permissions ?? []
        for role in subject.roles {
            if let role = roles[role] { granted.formUnion(role.permissions) }
        }
        return granted.contains(.administrator) ? .all : granted
    }

    /// Rights that mean nothing without another one.
    private func withoutImplicitlyLost(_ permissions: Permissions, in channel: Channel) -> Permissions {
        guard permissions.contains(.viewChannel) else { return [] }
        var granted = permissions
        let speaking: Permissions = channel.type.isThread ? .sendMessagesInThreads : .sendMessages
        if !granted.contains(speaking) {
            granted.subtract([.mentionEveryone, .sendTTSMessages, .attachFiles, .embedLinks])
        }
        if channel.type.isVoice, !granted.contains(.connect) {
            granted.subtract([
                .speak, .stream, .muteMembers, .deafenMembers, .moveMembers, .useVoiceActivity, .prioritySpeaker,
            ])
        }
        return granted
    }

    private func restrictedByTimeout(_ permissions: Permissions, _ subject: Subject, _ now: Timestamp) -> Permissions {
        guard permissions != .all, let until = subject.timedOutUntil, until > now else { return permissions }
        return permissions.intersection([.viewChannel, .readMessageHistory])
    }

    // MARK: - Hierarchy

    /// The member's highest role, `@everyone` if none other.
    package func highestRole(of subject: Subject) -> Role? {
        subject.roles.compactMap { roles[$0] }.max { isRanked($0, below: $1) } ?? roles[guildID.everyoneRole]
    }

    /// Whether one role stands strictly below another: by position, and in a tie the younger (higher) id.
    package func isRanked(_ lower: Role, below higher: Role) -> Bool {
        if lower.position != higher.position { return lower.position < higher.position }
        return lower.id > higher.id
    }

    /// Whether the actor may kick, ban, mute or rename the target, rights aside: the owner is untouchable, the owner may
    /// act on everyone else, and others only on those whose highest role is strictly below their own.
    package func outranks(_ actor: Subject, _ target: Subject) -> Bool {
        guard target.userID != ownerID else { return false }
        guard actor.userID != ownerID else { return true }
        guard actor.userID != target.userID else { return false }
        guard let own = highestRole(of: actor), let other = highestRole(of: target) else { return false }
        return isRanked(other, below: own)
    }

    /// Whether the actor may give, take or edit the role, the right to manage roles aside.
    package func canManage(_ role: RoleID, by actor: Subject) -> Bool {
        guard let role = roles[role], !role.managed, role.id != guildID.everyoneRole else { return false }
        guard actor.userID != ownerID else { return true }
        guard let own = highestRole(of: actor) else { return false }
        return isRanked(role, below: own)
    }
}
