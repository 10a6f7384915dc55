import DiscordModel

extension RESTRoutes {
    static let channels: [RESTRoute] = [
        RESTRoute(.get, "/channels/{channel_id}") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let channel = try state.world.channel(try request.id("channel_id"))
            try state.world.require([], of: bot, in: channel)
            return .ok(state.world.channelJSON(channel, for: bot))
        },
        RESTRoute(.patch, "/channels/{channel_id}") { state, request throws(DiscordError) in
            let channel = try state.world.editChannel(
                try request.id("channel_id"),
                request.body,
                by: try request.bot(),
                reason: request.reason
            )
            return .ok(state.world.channelJSON(channel))
        },
        RESTRoute(.delete, "/channels/{channel_id}") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let channel = try state.world.deleteChannel(
                try request.id("channel_id"),
                by: bot,
                reason: request.reason
            )
            return .ok(state.world.channelJSON(channel, for: bot))
        },
        RESTRoute(.put, "/channels/{channel_id}/permissions/{overwrite_id}") { state, request throws(DiscordError) in
            try state.world.setOverwrite(
                try request.id("overwrite_id", UserID.self).rawValue,
                request.body,
                in: try request.id("channel_id"),
                by: try request.bot(),
                reason: request.reason
            )
            return .noContent
        },
        RESTRoute(.delete, "/channels/{channel_id}/permissions/{overwrite_id}") { state, request throws(DiscordError) in
            try state.world.setOverwrite(
                try request.id("overwrite_id", UserID.self).rawValue,
                nil,
                in: try request.id("channel_id"),
                by: try request.bot(),
                reason: request.reason
            )
            return .noContent
        },
        RESTRoute(.post, "/channels/{channel_id}/typing") { state, request throws(DiscordError) in
            try state.world.startTyping(in: try request.id("channel_id"), by: try request.bot())
            return .noContent
        },
        RESTRoute(.put, "/channels/{channel_id}/voice-status") { state, request throws(DiscordError) in
            try state.world.setVoiceStatus(
                request.body["status"]?.stringValue,
                of: try request.id("channel_id"),
                by: try request.bot(),
                reason: request.reason
            )
            return .noContent
        },
        RESTRoute(.get, "/channels/{channel_id}/invites") { state, request throws(DiscordError) in
            let channel = try state.world.channel(try request.id("channel_id"))
            try state.world.require(.manageChannels, of: try request.bot(), in: channel)
            return .ok([])
        },
        RESTRoute(.get, "/channels/{channel_id}/webhooks") { state, request throws(DiscordError) in
            let channel = try state.world.channel(try request.id("channel_id"))
            try state.world.require(.manageWebhooks, of: try request.bot(), in: channel)
            let hooks = state.world.webhooks.values.filter { $0.channelID == channel.id }.sorted { $0.id < $1.id }
            return .ok(.array(hooks.map { state.world.webhookJSON($0) }))
        },
        RESTRoute(.post, "/channels/{channel_id}/webhooks") { state, request throws(DiscordError) in
            let webhook = try state.world.createWebhook(
                named: request.body["name"]?.stringValue ?? "",
                in: try request.id("channel_id"),
                by: try request.bot()
            )
            return .ok(state.world.webhookJSON(webhook))
        },
        // Pins, under today's paths and the older ones that libraries still use.
        RESTRoute(.get, "/channels/{channel_id}/pins") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let pins = try state.world.pins(in: try request.id("channel_id"), for: bot)
            return .ok(.array(pins.prefix(50).map { state.world.messageJSON($0, visibleTo: bot) }))
        },
        RESTRoute(.get, "/channels/{channel_id}/messages/pins") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let limit = try request.limit(1...50, default: 50)
            let before = request.query["before"]?.first.flatMap(DiscordTimestamp.parse) ?? .max
            let pins = try state.world.pins(in: try request.id("channel_id"), for: bot)
                .filter { ($0.pinnedAt ?? 0) < before }
            let items = pins.prefix(limit).map { message -> JSONValue in
                ["pinned_at": .time(message.pinnedAt), "message": state.world.messageJSON(message, visibleTo: bot)]
            }
            return .ok(["items": .array(items), "has_more": .bool(pins.count > limit)])
        },
        pin(.put, "/channels/{channel_id}/pins/{message_id}", true),
        pin(.delete, "/channels/{channel_id}/pins/{message_id}", false),
        pin(.put, "/channels/{channel_id}/messages/pins/{message_id}", true),
        pin(.delete, "/channels/{channel_id}/messages/pins/{message_id}", false),
    ]

    private static func pin(_ method: RESTRoute.Method, _ path: String, _ pinned: Bool) -> RESTRoute {
        RESTRoute(method, path) { state, request throws(DiscordError) in
            try state.world.setPinned(
                pinned,
                try request.id("message_id"),
                in: try request.id("channel_id"),
                by: try request.bot(),
                reason: request.reason
            )
            return .noContent
        }
    }

    static let messages: [RESTRoute] = [
        RESTRoute(.get, "/channels/{channel_id}/messages") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let page: World.Page =
                if let id: MessageID = request.queryID("before") {
                    .before(id)
                } else if let id: MessageID = request.queryID("after") {
                    .after(id)
                } else if let id: MessageID = request.queryID("around") {
                    .around(id)
                } else {
                    .newest
                }
            let messages = try state.world.messages(
                in: try request.id("channel_id"),
                page,
                limit: try request.limit(1...100, default: 50),
                for: bot
            )
            return .ok(.array(messages.map { state.world.messageJSON($0, visibleTo: bot) }))
        },
        RESTRoute(.post, "/channels/{channel_id}/messages") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let draft = try MessageDraft(request.body, uploads: request.uploads)
            let message = try state.world.createMessage(draft, in: try request.id("channel_id"), by: bot)
            return .ok(state.world.messageJSON(message, for: bot))
        },
        RESTRoute(.get, "/channels/{channel_id}/messages/{message_id}") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let id: ChannelID = try request.id("channel_id")
            try state.world.require(.readMessageHistory, of: bot, in: try state.world.channel(id))
            let message = try state.world.message(try request.id("message_id"), in: id, for: bot)
            guard message.visibleOnlyTo == nil else { throw .unknownMessage }
            return .ok(state.world.messageJSON(message, visibleTo: bot))
        },
        RESTRoute(.patch, "/channels/{channel_id}/messages/{message_id}") { state, request throws(DiscordError) in
            let bot = try request.bot()
            let draft = try MessageDraft(request.body, uploads: request.uploads)
            let message = try state.world.editMessage(
                try request.id("message_id"),
                in: try request.id("channel_id"),
                draft,
                by: bot
            )
            return .ok(state.world.messageJSON(message, for: bot))
        },
        RESTRoute(.delete, "/channels/{channel_id}/messages/{message_id}") { state, request throws(DiscordError) in
            try state.world.deleteMessage(
                try request.id("message_id"),
                in: try request.id("channel_id"),
                by: try request.bot(),
                reason: request.reason
            )
            return .noContent
        },
        RESTRoute(.post, "/channels/{channel_id}/messages/bulk-delete") { state, request throws(DiscordError) in
            let ids = (request.body["messages"]?.arrayValue ?? []).compactMap { $0.snowflake(MessageID.self) }
            try state.world.bulkDelete(
                ids,
                in: try request.id("channel_id"),
                by: try request.bot(),
                reason: request.reason
            )
            return .noContent
        },
    ]

    private static let message = "/channels/{channel_id}/messages/{message_id}"

    static let reactions: [RESTRoute] = [
        RESTRoute(.put, message + "/reactions/{emoji_name}/@me") { state, request throws(DiscordError) in
            try state.world.addReaction(
                request.parameters["emoji_name"] ?? "",
                to: try request.id("message_id"),
                in: try request.id("channel_id"),
                by: try request.bot()
            )
            return .noContent
        },
        RESTRoute(.delete, message + "/reactions/{emoji_name}/{user_id}") { state, request throws(DiscordError) in
            try state.world.removeReaction(
                request.parameters["emoji_name"] ?? "",
                of: try request.user(),
                from: try request.id("message_id"),
                in: try request.id("channel_id"),
                by: try request.bot()
            )
            return .noContent
        },
        RESTRoute(.delete, message + "/reactions/{emoji_name}/@me") { state, request throws(DiscordError) in
            let bot = try request.bot()
            try state.world.removeReaction(
                request.parameters["emoji_name"] ?? "",
                of: bot,
                from: try request.id("message_id"),
                in: try request.id("channel_id"),
                by: bot
            )
            return .noContent
        },
        RESTRoute(.get, message + "/reactions/{emoji_name}") { state, request throws(DiscordError) in
            let found = try state.world.message(
                try request.id("message_id"),
                in: try request.id("channel_id"),
                for: try request.bot()
            )
            let users = found.reactions.first { $0.emoji == request.parameters["emoji_name"] }?.users ?? []
            let after: UserID = request.queryID("after") ?? UserID(0)
            let limit = try request.limit(1...100, default: 25)
            return .ok(.array(users.sorted().filter { $0 > after }.prefix(limit).map { state.world.userJSON($0) }))
        },
        RESTRoute(.delete, message + "/reactions/{emoji_name}") { state, request throws(DiscordError) in
            try state.world.clearReactions(
                request.parameters["emoji_name"],
                from: try request.id("message_id"),
                in: try request.id("channel_id"),
                by: try request.bot()
            )
            return .noContent
        },
        RESTRoute(.delete, message + "/reactions") { state, request throws(DiscordError) in
            try state.world.clearReactions(
                nil,
                from: try request.id("message_id"),
                in: try request.id("channel_id"),
                by: try request.bot()
            )
            return .noContent
        },
    ]
}
