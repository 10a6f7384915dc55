import DiscordModel

extension RESTRoutes {
    /// The guild of the path, if the bot is in it.
    private static func guild(
        _ state: SimulatedDiscordState,
        _ request: RESTRequest
    ) throws(DiscordError) -> Guild {
        try state.world.guild(try request.id("guild_id"), for: try request.bot())
    }

    static let guilds: [RESTRoute] = [
        RESTRoute(.get, "/guilds/{guild_id}") { state, request throws(DiscordError) in
            .ok(state.world.guildJSON(try guild(state, request), withCounts: request.flag("with_counts")))
        },
        RESTRoute(.patch, "/guilds/{guild_id}") { state, request throws(DiscordError) in
            let id: GuildID = try request.id("guild_id")
            try state.world.editGuild(id, request.body, by: try request.bot(), reason: request.reason)
            return .ok(state.world.guildJSON(try guild(state, request)))
        },
        RESTRoute(.get, "/guilds/{guild_id}/channels") { state, request throws(DiscordError) in
            let guild = try guild(state, request)
            return .ok(.array(state.world.channels(of: guild).map { state.world.channelJSON($0) }))
        },
        RESTRoute(.post, "/guilds/{guild_id}/channels") { state, request throws(DiscordError) in
            let channel = try state.world.createChannel(
                request.body,
                in: try request.id("guild_id"),
                by: try request.bot(),
                reason: request.reason
            )
            return .created(state.world.channelJSON(channel))
        },
        RESTRoute(.patch, "/guilds/{guild_id}/channels") { state, request throws(DiscordError) in
            let bot = try request.bot()
            for move in request.body.arrayValue ?? [] {
                guard let id = move["id"]?.snowflake(ChannelID.self) else { throw .unknownChannel }
                var change = move.objectValue ?? [:]
                change["id"] = nil
                try state.world.editChannel(id, .object(change), by: bot, reason: request.reason)
            }
            return .noContent
        },
        RESTRoute(.get, "/guilds/{guild_id}/threads/active") { state, request throws(DiscordError) in
            _ = try guild(state, request)
            return .ok(["threads": [], "members": []])
        },
        RESTRoute(.get, "/guilds/{guild_id}/emojis") { state, request throws(DiscordError) in
            _ = try guild(state, request)
            return .ok([])
        },
        RESTRoute(.get, "/guilds/{guild_id}/stickers") { state, request throws(DiscordError) in
            _ = try guild(state, request)
            return .ok([])
        },
        RESTRoute(.get, "/guilds/{guild_id}/scheduled-events") { state, request throws(DiscordError) in
            _ = try guild(state, request)
            return .ok([])
        },
        RESTRoute(.get, "/guilds/{guild_id}/invites") { state, request throws(DiscordError) in
            let guild = try guild(state, request)
            try state.world.require(.manageGuild, of: try request.bot(), in: guild.id)
            return .ok([])
        },
        RESTRoute(.get, "/guilds/{guild_id}/auto-moderation/rules") { state, request throws(DiscordError) in
            let guild = try guild(state, request)
            try state.world.require(.manageGuild, of: try request.bot(), in: guild.id)
            return .ok([])
        },
        RESTRoute(.get, "/guilds/{guild_id}/audit-logs") { state, request throws(DiscordError) in
            let guild = try guild(state, request)
            try state.world.require(.viewAuditLog, of: try request.bot(), in: guild.id)
            let limit = try request.limit(1...100, default: 50)
            let before = request.query["before"]?.first.flatMap { UInt64($0) } ?? .max
            let after = request.query["after"]?.first.flatMap { UInt64($0) } ?? 0
            let action = request.query["action_type"]?.first.flatMap { Int($0) }
            let user: UserID? = request.queryID("user_id")
            let entries = guild.audit.reversed().filter { entry in
                entry.id < before && entry.id > after && (action == nil || entry.action == action)
                    && (user == nil || entry.userID == user)
            }.prefix(limit)
            let users = Set(entries.map(\.userID) + entries.compactMap { $0.targetID.flatMap { UserID($0) } })
                .filter { state.world.users[$0] != nil }
            return .ok([
                "audit_log_entries": .array(entries.map { state.world.auditJSON($0) }),
                "users": .array(users.sorted().map { state.world.userJSON($0) }), "integrations": [], "webhooks": [],
                "guild_scheduled_events": [], "threads": [], "application_commands": [], "auto_moderation_rules": [],
            ])
        },
        RESTRoute(.get, "/guilds/{guild_id}/voice-states/{user_id}") { state, request throws(DiscordError) in
            let guild = try guild(state, request)
            guard let voice = guild.voiceStates[try request.user()] else { throw .unknownVoiceState }
            return .ok(state.world.voiceStateJSON(voice, of: guild))
        },
        RESTRoute(.patch, "/guilds/{guild_id}/voice-states/{user_id}") { state, request throws(DiscordError) in
            try state.world.editVoiceState(
                of: try request.user(),
                in: try request.id("guild_id"),
                request.body,
                by: try request.bot()
            )
            return .noContent
        },
        RESTRoute(.get, "/guilds/{guild_id}/voice-states/@me") { state, request throws(DiscordError) in
            let guild = try guild(state, request)
            guard let voice = guild.voiceStates[try request.bot()] else { throw .unknownVoiceState }
            return .ok(state.world.voiceStateJSON(voice, of: guild))
        },
        RESTRoute(.patch, "/guilds/{guild_id}/voice-states/@me") { state, request throws(DiscordError) in
            let bot = try request.bot()
            try state.world.editVoiceState(of: bot, in: try request.id("guild_id"), request.body, by: bot)
            return .noContent
        },
    ]
}
