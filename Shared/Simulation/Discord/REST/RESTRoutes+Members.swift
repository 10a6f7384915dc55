import DiscordModel

extension RESTRoutes {
    static let members: [RESTRoute] = [
        RESTRoute(.get, "/guilds/{guild_id}/members") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let guild = try state.world.guild(try request.id("guild_id"), for: bot)
            let granted = state.world.applications[ApplicationID(bot.rawValue)]?.grantedPrivilegedIntents
            guard granted?.contains(.guildMembers) == true else { throw .missingAccess }
            let limit = try request.limit(1...1000, default: 1)
            let after: UserID = request.queryID("after") ?? UserID(0)
            let page = guild.members.values.filter { $0.userID > after }.sorted { $0.userID < $1.userID }.prefix(limit)
            return .ok(.array(page.map { state.world.memberJSON($0) }))
        },
        RESTRoute(.get, "/guilds/{guild_id}/members/search") { state, request throws(DiscordError) in
            let guild = try state.world.guild(try request.id("guild_id"), for: try request.bot())
            let limit = try request.limit(1...1000, default: 1)
            let wanted = (request.query["query"]?.first ?? "").lowercased()
            let found = guild.members.values.filter { member in
                let names = [state.world.users[member.userID]?.name, member.nick]
                return names.contains { $0?.lowercased().hasPrefix(wanted) == true }
            }
            return .ok(
                .array(found.sorted { $0.userID < $1.userID }.prefix(limit).map { state.world.memberJSON($0) })
            )
        },
        RESTRoute(.get, "/guilds/{guild_id}/members/{user_id}") { state, request throws(DiscordError) in
            let guild = try state.world.guild(try request.id("guild_id"), for: try request.bot())
            let user = try request.user()
            _ = try state.world.user(user)
            return .ok(state.world.memberJSON(try state.world.member(user, of: guild.id)))
        },
        RESTRoute(.patch, "/guilds/{guild_id}/members/@me") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let guild: GuildID = try request.id("guild_id")
            let nick = (request.body.objectValue ?? [:]).filter { $0.key == "nick" }
            let member = try state.world.editMember(bot, of: guild, .object(nick), by: bot, reason: request.reason)
            return .ok(state.world.memberJSON(member))
        },
        RESTRoute(.patch, "/guilds/{guild_id}/members/{user_id}") { state, request throws(DiscordError) in
            let member = try state.world.editMember(
                try request.id("user_id"),
                of: try request.id("guild_id"),
                request.body,
                by: try request.bot(),
                reason: request.reason
            )
            return .ok(state.world.memberJSON(member))
        },
        RESTRoute(.delete, "/guilds/{guild_id}/members/{user_id}") { state, request throws(DiscordError) in
            try state.world.kick(
                try request.id("user_id"),
                from: try request.id("guild_id"),
                by: try request.bot(),
                reason: request.reason
            )
            return .noContent
        },
        role(.put, given: true),
        role(.delete, given: false),
        RESTRoute(.get, "/guilds/{guild_id}/bans") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let guild = try state.world.guild(try request.id("guild_id"), for: bot)
            try state.world.require(.banMembers, of: bot, in: guild.id)
            let limit = try request.limit(0...1000, default: 1000)
            let after: UserID = request.queryID("after") ?? UserID(0)
            let before: UserID = request.queryID("before") ?? UserID(.max)
            let page = guild.bans.values.filter { $0.userID > after && $0.userID < before }
                .sorted { $0.userID < $1.userID }.prefix(limit)
            return .ok(.array(page.map { banJSON($0, state.world) }))
        },
        RESTRoute(.get, "/guilds/{guild_id}/bans/{user_id}") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let guild = try state.world.guild(try request.id("guild_id"), for: bot)
            try state.world.require(.banMembers, of: bot, in: guild.id)
            guard let ban = guild.bans[try request.id("user_id")] else { throw .unknownBan }
            return .ok(banJSON(ban, state.world))
        },
        RESTRoute(.put, "/guilds/{guild_id}/bans/{user_id}") { state, request throws(DiscordError) in
            let days = request.body["delete_message_days"]?.integerValue.map { $0 * 86_400 }
            let seconds = request.body["delete_message_seconds"]?.integerValue ?? days ?? 0
            try state.world.ban(
                try request.id("user_id"),
                from: try request.id("guild_id"),
                deletingSeconds: Int(clamping: seconds),
                by: try request.bot(),
                reason: request.reason
            )
            return .noContent
        },
        RESTRoute(.delete, "/guilds/{guild_id}/bans/{user_id}") { state, request throws(DiscordError) in
            try state.world.unban(
                try request.id("user_id"),
                from: try request.id("guild_id"),
                by: try request.bot(),
                reason: request.reason
            )
            return .noContent
        },
        RESTRoute(.post, "/guilds/{guild_id}/bulk-ban") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let guild: GuildID = try request.id("guild_id")
            try state.world.require([.banMembers, .manageGuild], of: bot, in: guild)
            let ids = (request.body["user_ids"]?.arrayValue ?? []).compactMap { $0.snowflake(UserID.self) }
            guard (1...200).contains(ids.count) else {
                throw .invalidForm(["user_ids"], "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 200 in length.")
            }
            let seconds = Int(clamping: request.body["delete_message_seconds"]?.integerValue ?? 0)
            var banned: [JSONValue] = []
            var failed: [JSONValue] = []
            for id in ids {
                do throws(DiscordError) {
                    try state.world.ban(id, from: guild, deletingSeconds: seconds, by: bot, reason: request.reason)
                    banned.append(.id(id))
                } catch {
                    failed.append(.id(id))
                }
            }
            if banned.isEmpty { throw .bulkBanFailed }
            return .ok(["banned_users": .array(banned), "failed_users": .array(failed)])
        },
    ]

    private static func role(_ method: RESTRoute.Method, given: Bool) -> RESTRoute {
        RESTRoute(method, "/guilds/{guild_id}/members/{user_id}/roles/{role_id}") {
            state,
            request throws(DiscordError) in
            try state.world.setRole(
                try request.id("role_id"),
                given: given,
                try request.id("user_id"),
                of: try request.id("guild_id"),
                by: try request.bot(),
                reason: request.reason
            )
            return .noContent
        }
    }

    private static func banJSON(_ ban: Ban, _ world: World) -> JSONValue {
        ["user": world.userJSON(ban.userID), "reason": .text(ban.reason)]
    }

    static let roles: [RESTRoute] = [
        RESTRoute(.get, "/guilds/{guild_id}/roles") { state, request throws(DiscordError) in
            .ok(state.world.rolesJSON(of: try state.world.guild(try request.id("guild_id"), for: try request.bot())))
        },
        RESTRoute(.get, "/guilds/{guild_id}/roles/member-counts") { state, request throws(DiscordError) in
            let guild = try state.world.guild(try request.id("guild_id"), for: try request.bot())
            let counts = guild.roles.keys.filter { $0 != guild.id.everyoneRole }.map { id in
                (id.description, JSONValue.int(guild.members.values.count { $0.roles.contains(id) }))
            }
            return .ok(.object(Dictionary(counts) { $1 }))
        },
        RESTRoute(.get, "/guilds/{guild_id}/roles/{role_id}") { state, request throws(DiscordError) in
            let guild = try state.world.guild(try request.id("guild_id"), for: try request.bot())
            guard let role = guild.roles[try request.id("role_id")] else { throw .unknownRole }
            return .ok(state.world.roleJSON(role))
        },
        RESTRoute(.post, "/guilds/{guild_id}/roles") { state, request throws(DiscordError) in
            let role = try state.world.createRole(
                request.body,
                in: try request.id("guild_id"),
                by: try request.bot(),
                reason: request.reason
            )
            return .ok(state.world.roleJSON(role))
        },
        RESTRoute(.patch, "/guilds/{guild_id}/roles/{role_id}") { state, request throws(DiscordError) in
            let role = try state.world.editRole(
                try request.id("role_id"),
                in: try request.id("guild_id"),
                request.body,
                by: try request.bot(),
                reason: request.reason
            )
            return .ok(state.world.roleJSON(role))
        },
        RESTRoute(.patch, "/guilds/{guild_id}/roles") { state, request throws(DiscordError) in
            let guild: GuildID = try request.id("guild_id")
            let moves = (request.body.arrayValue ?? []).compactMap { move -> (RoleID, Int)? in
                guard let id = move["id"]?.snowflake(RoleID.self), let place = move["position"]?.integerValue else {
                    return nil
                }
                return (id, Int(clamping: place))
            }
            try state.world.moveRoles(moves, in: guild, by: try request.bot(), reason: request.reason)
            return .ok(state.world.rolesJSON(of: try state.world.guild(guild)))
        },
        RESTRoute(.delete, "/guilds/{guild_id}/roles/{role_id}") { state, request throws(DiscordError) in
            try state.world.deleteRole(
                try request.id("role_id"),
                in: try request.id("guild_id"),
                by: try request.bot(),
                reason: request.reason
            )
            return .noContent
        },
    ]
}
