import DiscordModel

extension RESTRoutes {
    static let users: [RESTRoute] = [
        RESTRoute(.get, "/users/@me") { state, request throws(DiscordError) in
            .ok(state.world.ownUserJSON(try request.bot()))
        },
        RESTRoute(.patch, "/users/@me") { state, request throws(DiscordError) in
            let bot = try request.bot()
            try state.world.editOwnUser(bot, request.body)
            return .ok(state.world.ownUserJSON(bot))
        },
        RESTRoute(.get, "/users/{user_id}") { state, request throws(DiscordError) in
            .ok(state.world.userJSON(try state.world.user(try request.id("user_id"))))
        },
        RESTRoute(.get, "/users/@me/guilds") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let limit = try request.limit(1...200, default: 200)
            let after: GuildID? = request.queryID("after")
            let before: GuildID? = request.queryID("before")
            let guilds = state.world.guilds.values.filter { guild in
                guild.members[bot] != nil && guild.id > after ?? GuildID(0) && guild.id < before ?? GuildID(.max)
            }
            let world = state.world
            let counts = request.flag("with_counts")
            return .ok(
                .array(
                    guilds.sorted { $0.id < $1.id }.prefix(limit).map { guild in
                        var members: [String: JSONValue] = [
                            "id": .id(guild.id), "name": .string(guild.name), "icon": nil, "banner": nil,
                            "owner": .bool(guild.ownerID == bot), "features": [],
                            "permissions": .permissions(world.permissions(of: bot, in: guild.id)),
                        ]
                        if counts {
                            members["approximate_member_count"] = .int(guild.members.count)
                            members["approximate_presence_count"] = .int(guild.members.count)
                        }
                        return .object(members)
                    }
                )
            )
        },
        RESTRoute(.delete, "/users/@me/guilds/{guild_id}") { state, request throws(DiscordError) in
            try state.world.leave(try request.id("guild_id"), try request.bot())
            return .noContent
        },
        RESTRoute(.post, "/users/@me/channels") { state, request throws(DiscordError) in
            let bot = try request.bot()
            guard let other = request.body["recipient_id"]?.snowflake(UserID.self) else {
                throw .invalidForm(["recipient_id"], "BASE_TYPE_REQUIRED", "This field is required")
            }
            let channel = try state.world.directChannel(bot, with: other)
            return .ok(state.world.channelJSON(channel, for: bot))
        },
    ]
}
