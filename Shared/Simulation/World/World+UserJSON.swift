import DiscordModel

/// Users, members and applications as Discord writes them.
extension World {
    func userJSON(_ id: UserID) -> JSONValue {
        guard let user = users[id] else {
            return userJSON(User(id: id, name: "deleted_user", globalName: nil, isBot: false, avatar: nil))
        }
        return userJSON(user)
    }

    func userJSON(_ user: User) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .id(user.id), "username": .string(user.name), "global_name": .text(user.globalName),
            "avatar": .text(user.avatar), "discriminator": "0", "public_flags": 0, "flags": 0,
            "banner": nil, "accent_color": nil, "avatar_decoration_data": nil, "collectibles": nil,
            "primary_guild": nil,
        ]
        if user.isBot { members["bot"] = true }
        return .object(members)
    }

    /// What a bot reads about itself.
    func ownUserJSON(_ id: UserID) -> JSONValue {
        userJSON(id).merging([
            "mfa_enabled": true, "locale": "en-US", "verified": true, "email": nil, "premium_type": 0,
        ])
    }

    /// - Parameter withUser: false inside MESSAGE_CREATE and interactions' resolved members, where Discord leaves it out.
    func memberJSON(_ member: Member, withUser: Bool = true) -> JSONValue {
        var members: [String: JSONValue] = [
            "avatar": nil, "banner": nil, "communication_disabled_until": .time(member.timeoutUntil), "flags": 0,
            "joined_at": .time(member.joinedAt), "nick": .text(member.nick), "pending": false, "premium_since": nil,
            "roles": .array(member.roles.map { .id($0) }), "mute": .bool(member.mute), "deaf": .bool(member.deaf),
        ]
        if withUser { members["user"] = userJSON(member.userID) }
        return .object(members)
    }

    func applicationJSON(_ application: SimulatedApplication) -> JSONValue {
        let granted = application.grantedPrivilegedIntents
        // The "limited" flags: what an unverified application has when its portal page grants the intent.
        let flags =
            (granted.contains(.guildPresences) ? 1 << 13 : 0) | (granted.contains(.guildMembers) ? 1 << 15 : 0)
            | (granted.contains(.messageContent) ? 1 << 19 : 0) | 1 << 23
        let owner = guilds[home]?.ownerID
        return [
            "id": .id(application.id), "name": .text(users[application.userID]?.name), "icon": nil,
            "description": .string(application.description), "type": nil, "bot": userJSON(application.userID),
            "bot_public": true, "bot_require_code_grant": false,
            "verify_key": .string(application.key.publicKey), "flags": .int(flags),
            "flags_new": .string(String(flags)), "redirect_uris": [],
            "interactions_endpoint_url": .text(application.interactionsEndpoint),
            "role_connections_verification_url": nil, "owner": owner.map { userJSON($0) } ?? nil,
            "approximate_guild_count": .int(guilds.values.count { $0.members[application.userID] != nil }),
            "approximate_user_install_count": 0, "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0, "team": nil, "eligible_oauth2_scopes": ["bot", "applications.commands"],
            "integration_types_config": ["0": [:]], "tags": [], "rpc_origins": [],
            "event_webhooks_url": nil, "event_webhooks_status": 1, "summary": "", "hook": true,
        ]
    }

    /// A bot as the control API shows it.
    func botSummary(_ application: SimulatedApplication) -> JSONValue {
        [
            "id": .id(application.userID), "applicationId": .id(application.id), "slug": .string(application.name),
            "name": .text(users[application.userID]?.displayName),
            "online": .bool(onlineBots.contains(application.userID)),
        ]
    }
}
