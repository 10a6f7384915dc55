import DiscordModel

extension RESTRoutes {
    static let gateway: [RESTRoute] = [
        RESTRoute(.get, "/gateway", token: false) { _, request throws(DiscordError) in
            .ok(["url": .string(request.gatewayURL)])
        },
        RESTRoute(.get, "/gateway/bot") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let limit = state.gateway.sessionStartLimit(of: ApplicationID(bot.rawValue), at: state.world.now)
            return .ok([
                "url": .string(request.gatewayURL), "shards": .int(state.gateway.settings.recommendedShards),
                "session_start_limit": limit,
            ])
        },
        RESTRoute(.get, "/voice/regions") { _, _ throws(DiscordError) in
            .ok([
                ["id": "us-west", "name": "US West", "custom": false, "deprecated": false, "optimal": true]
            ])
        },
    ]

    static let applications: [RESTRoute] = [
        RESTRoute(.get, "/applications/@me", own),
        RESTRoute(.get, "/oauth2/applications/@me", own),
        RESTRoute(.patch, "/applications/@me", check: EndpointCaller.check) { state, request throws(DiscordError) in
            let bot = try request.bot()
            let id = ApplicationID(bot.rawValue)
            if let text = request.body["description"]?.stringValue { state.world.describe(id, text) }
            if let url = request.body["interactions_endpoint_url"] {
                state.world.setInteractionsEndpoint(url.stringValue, of: id)
            }
            return try own(&state, request)
        },
        RESTRoute(.get, "/applications/{application_id}") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let id: ApplicationID = try request.id("application_id")
            guard id.rawValue == bot.rawValue else { throw .unknownApplication }
            return try own(&state, request)
        },
        RESTRoute(.get, "/applications/{application_id}/emojis") { _, _ throws(DiscordError) in .ok(["items": []]) },
        RESTRoute(.get, "/applications/{application_id}/entitlements") { _, _ throws(DiscordError) in .ok([]) },
        RESTRoute(.get, "/applications/{application_id}/role-connections/metadata") { _, _ throws(DiscordError) in
            .ok([])
        },
    ]

    @Sendable
    private static func own(
        _ state: inout SimulatedDiscordState,
        _ request: RESTRequest
    ) throws(DiscordError) -> RESTResponse {
        let bot = try request.bot()
        guard let application = state.world.applications[ApplicationID(bot.rawValue)] else { throw .unknownApplication }
        return .ok(state.world.applicationJSON(application))
    }

    // MARK: - Commands

    static let commands: [RESTRoute] =
        commandRoutes("/applications/{application_id}/commands")
        + commandRoutes("/applications/{application_id}/guilds/{guild_id}/commands")
        + [
            RESTRoute(.get, "/applications/{application_id}/guilds/{guild_id}/commands/permissions") {
                state,
                request throws(DiscordError) in
                try state.world.checkScope(try scope(request), by: try request.bot())
                return .ok([])
            }
        ]

    private static func scope(_ request: RESTRequest) throws(DiscordError) -> CommandTable.Scope {
        let guild: GuildID? = request.parameters["guild_id"] == nil ? nil : try request.id("guild_id")
        return CommandTable.Scope(application: try request.id("application_id"), guild: guild)
    }

    private static func commandRoutes(_ path: String) -> [RESTRoute] {
        [
            RESTRoute(.get, path) { state, request throws(DiscordError) in
                let scope = try scope(request)
                try state.world.checkScope(scope, by: try request.bot())
                let localized = request.flag("with_localizations")
                return .ok(.array(state.world.commands.all(in: scope).map { listed($0.json, localized) }))
            },
            RESTRoute(.post, path) { state, request throws(DiscordError) in
                let (command, isNew) = try state.world.createCommand(
                    request.body,
                    in: try scope(request),
                    by: try request.bot()
                )
                return isNew ? .created(command.json) : .ok(command.json)
            },
            RESTRoute(.put, path) { state, request throws(DiscordError) in
                guard request.body.arrayValue != nil else { throw .unreadableBody }
                let result = try state.world.overwriteCommands(
                    request.body,
                    in: try scope(request),
                    by: try request.bot()
                )
                return .ok(.array(result.map(\.json)))
            },
            RESTRoute(.get, path + "/{command_id}") { state, request throws(DiscordError) in
                let scope = try scope(request)
                try state.world.checkScope(scope, by: try request.bot())
                guard let command = state.world.commands[scope, try request.id("command_id")] else {
                    throw .unknownCommand
                }
                return .ok(command.json)
            },
            RESTRoute(.patch, path + "/{command_id}") { state, request throws(DiscordError) in
                let command = try state.world.editCommand(
                    try request.id("command_id"),
                    request.body,
                    in: try scope(request),
                    by: try request.bot()
                )
                return .ok(command.json)
            },
            RESTRoute(.delete, path + "/{command_id}") { state, request throws(DiscordError) in
                try state.world.deleteCommand(
                    try request.id("command_id"),
                    in: try scope(request),
                    by: try request.bot()
                )
                return .noContent
            },
        ]
    }

    /// Lists leave the dictionaries of translations out unless they are asked for.
    private static func listed(_ command: JSONValue, _ localized: Bool) -> JSONValue {
        guard !localized, case .object(var members) = command else { return command }
        members["name_localizations"] = nil
        members["description_localizations"] = nil
        return .object(members)
    }
}
