package import DiscordModel

/// Guilds, roles, channels and voice states as Discord writes them.
extension World {
    func roleJSON(_ id: RoleID, of guild: Guild) -> JSONValue {
        guard let role = guild.roles[id] else { return nil }
        return roleJSON(role)
    }

    func roleJSON(_ role: Role) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .id(role.id), "name": .string(role.name), "permissions": .permissions(role.permissions),
            "position": .int(role.position), "color": .int(role.color),
            "colors": ["primary_color": .int(role.color), "secondary_color": nil, "tertiary_color": nil],
            "hoist": .bool(role.hoist), "managed": .bool(role.isManaged), "mentionable": .bool(role.mentionable),
            "icon": nil, "unicode_emoji": nil, "flags": 0, "description": nil,
        ]
        if let bot = role.botID { members["tags"] = ["bot_id": .id(bot)] }
        return .object(members)
    }

    func rolesJSON(of guild: Guild) -> JSONValue {
        .array(guild.roles.values.sorted(by: Self.ranksBelow).map { roleJSON($0) })
    }

    func channelJSON(_ channel: DiscordChannel) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .id(channel.id), "type": .int(channel.kind.rawValue), "flags": 0,
        ]
        if channel.kind.hasMessages {
            members["last_message_id"] = .id(channel.lastMessageID)
            members["last_pin_timestamp"] = .time(channel.lastPinAt)
        }
        guard let guildID = channel.guildID else {
            members["recipients"] = .array(channel.recipients.map { userJSON($0) })
            return .object(members)
        }
        members["guild_id"] = .id(guildID)
        members["name"] = .string(channel.name)
        members["position"] = .int(channel.position)
        members["parent_id"] = .id(channel.parentID)
        members["permission_overwrites"] = .array(
            channel.overwrites.map { overwrite in
                let type = if case .role = overwrite.target { 0 } else { 1 }
                return [
                    "id": .string(String(overwrite.target.rawValue)), "type": .int(type),
                    "allow": .permissions(overwrite.allow), "deny": .permissions(overwrite.deny),
                ]
            }
        )
        if channel.kind.hasMessages {
            members["rate_limit_per_user"] = .int(channel.slowModeSeconds)
            members["nsfw"] = .bool(channel.isNSFW)
        }
        if channel.kind == .text || channel.kind == .announcement { members["topic"] = .text(channel.topic) }
        if channel.kind.isVoice {
            members["bitrate"] = .int(channel.bitrate)
            members["user_limit"] = .int(channel.userLimit)
            members["rtc_region"] = .null
            members["video_quality_mode"] = 1
        }
        return .object(members)
    }

    package func channels(of guild: Guild) -> [DiscordChannel] {
        guild.channelIDs.compactMap { channels[$0] }.sorted { ($0.position, $0.id) < ($1.position, $1.id) }
    }

    /// `GET /guilds/{id}`; events use it too.
    func guildJSON(_ guild: Guild, withCounts: Bool = false) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .id(guild.id), "name": .string(guild.name), "icon": nil, "description": nil, "home_header": nil,
            "splash": nil, "discovery_splash": nil, "features": [], "banner": nil, "owner_id": .id(guild.ownerID),
            "application_id": nil, "region": "us-west", "afk_channel_id": nil, "afk_timeout": 300,
            "system_channel_id": nil, "system_channel_flags": 0, "widget_enabled": false, "widget_channel_id": nil,
            "verification_level": 0, "roles": rolesJSON(of: guild), "default_message_notifications": 0,
            "mfa_level": 0, "explicit_content_filter": 0, "max_presences": nil, "max_members": 500_000,
            "max_stage_video_channel_users": 50, "max_video_channel_users": 25, "vanity_url_code": nil,
            "premium_tier": 0, "premium_subscription_count": 0, "preferred_locale": "en-US",
            "rules_channel_id": nil, "safety_alerts_channel_id": nil, "public_updates_channel_id": nil,
            "premium_progress_bar_enabled": false, "nsfw": false, "nsfw_level": 0, "emojis": [], "stickers": [],
            "incidents_data": nil,
        ]
        if withCounts {
            members["approximate_member_count"] = .int(guild.members.count)
            members["approximate_presence_count"] = .int(guild.members.count)
        }
        return .object(members)
    }

    /// GUILD_CREATE as one bot receives it.
    ///
    /// - Parameter allMembers: whether the session asked for presences; without them Discord sends the bot itself and
    ///   whoever is in voice.
    func guildCreateJSON(_ guild: Guild, for bot: UserID, allMembers: Bool) -> JSONValue {
        let members = guild.members.values.sorted { $0.userID < $1.userID }
            .filter { allMembers || $0.userID == bot || guild.voiceStates[$0.userID] != nil }
        let visible = channels(of: guild)
        return guildJSON(guild).merging([
            "joined_at": .time(guild.members[bot]?.joinedAt ?? now), "large": false, "unavailable": false,
            "member_count": .int(guild.members.count),
            "voice_states": .array(
                guild.voiceStates.values.sorted { $0.userID < $1.userID }
                    .map { voiceStateJSON($0, of: nil, withMember: false) }
            ),
            "members": .array(members.map { memberJSON($0) }), "channels": .array(visible.map { channelJSON($0) }),
            "threads": [], "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [],
            "presences": .array(allMembers ? members.map { presenceJSON($0.userID, of: nil) } : []),
            "activity_instances": [], "embedded_activities": [], "version": 1,
        ])
    }

    package func presenceJSON(_ user: UserID, of guild: GuildID?) -> JSONValue {
        let isOnline = users[user]?.isBot != true || onlineBots.contains(user)
        var members: [String: JSONValue] = [
            "user": ["id": .id(user)],
            "status": .string(isOnline ? presences[user]?.status ?? "online" : "offline"),
            "activities": .array(isOnline ? presences[user]?.activities ?? [] : []),
            "client_status": isOnline ? ["web": "online"] : [:],
        ]
        if let guild { members["guild_id"] = .id(guild) }
        return .object(members)
    }

    /// - Parameter guild: nil inside GUILD_CREATE, where `guild_id` is left out.
    func voiceStateJSON(_ state: VoiceState, of guild: Guild?, withMember: Bool = true) -> JSONValue {
        voiceStateJSON(user: state.userID, state, of: guild, withMember: withMember)
    }

    /// - Parameter state: nil for one who has just left.
    func voiceStateJSON(
        user: UserID,
        _ state: VoiceState?,
        sessionID: String = "",
        of guild: Guild?,
        withMember: Bool = true
    ) -> JSONValue {
        let owner = guild ?? guilds.values.first { $0.voiceStates[user] != nil }
        let member = owner?.members[user]
        var members: [String: JSONValue] = [
            "channel_id": .id(state?.channelID), "user_id": .id(user),
            "session_id": .string(state?.sessionID ?? sessionID), "mute": .bool(member?.mute ?? false),
            "deaf": .bool(member?.deaf ?? false), "self_mute": .bool(state?.selfMute ?? false),
            "self_deaf": .bool(state?.selfDeaf ?? false), "self_video": false, "self_stream": false,
            "suppress": .bool(state?.suppress ?? false), "request_to_speak_timestamp": .time(state?.requestToSpeakAt),
        ]
        if let guild {
            members["guild_id"] = .id(guild.id)
            if withMember, let member { members["member"] = memberJSON(member) }
        }
        return .object(members)
    }
}
