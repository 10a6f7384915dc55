import DiscordModel

extension RESTRoutes {
    static let interactions: [RESTRoute] = [
        RESTRoute(.post, "/interactions/{interaction_id}/{interaction_token}/callback", token: false) {
            state,
            request throws(DiscordError) in
            let response = try state.world.answerInteraction(
                try request.id("interaction_id"),
                token: request.parameters["interaction_token"] ?? "",
                request.body,
                uploads: request.uploads
            )
            return request.flag("with_response") ? .ok(response) : .noContent
        }
    ]

    private static let webhook = "/webhooks/{webhook_id}/{webhook_token}"

    /// Webhooks proper, and the follow-ups of interactions, which share their paths: there the id is the application's.
    static let webhooks: [RESTRoute] = [
        RESTRoute(.get, "/webhooks/{webhook_id}") { state, request throws(DiscordError) in
            let id = try request.id("webhook_id", ApplicationID.self)
            guard let webhook = state.world.webhooks[id.rawValue] else { throw .unknownWebhook }
            try state.world.require(.manageWebhooks, of: try request.bot(), in: webhook.guildID)
            return .ok(state.world.webhookJSON(webhook))
        },
        RESTRoute(.delete, "/webhooks/{webhook_id}") { state, request throws(DiscordError) in
            let id = try request.id("webhook_id", ApplicationID.self)
            guard let webhook = state.world.webhooks[id.rawValue] else { throw .unknownWebhook }
            try state.world.require(.manageWebhooks, of: try request.bot(), in: webhook.guildID)
            state.world.deleteWebhook(webhook.id)
            return .noContent
        },
        RESTRoute(.get, webhook, token: false) { state, request throws(DiscordError) in
            let found = try state.world.webhook(
                try request.id("webhook_id", ApplicationID.self).rawValue,
                token: token(request)
            )
            return .ok(state.world.webhookJSON(found))
        },
        RESTRoute(.delete, webhook, token: false) { state, request throws(DiscordError) in
            let found = try state.world.webhook(
                try request.id("webhook_id", ApplicationID.self).rawValue,
                token: token(request)
            )
            state.world.deleteWebhook(found.id)
            return .noContent
        },
        RESTRoute(.post, webhook, token: false) { state, request throws(DiscordError) in
            let id: ApplicationID = try request.id("webhook_id")
            guard state.world.applications[id] == nil else {
                let message = try state.world.followUp(
                    application: id,
                    token: token(request),
                    request.body,
                    uploads: request.uploads
                )
                return .ok(state.world.messageJSON(message, for: nil))
            }
            let found = try state.world.webhook(id.rawValue, token: token(request))
            let draft = try MessageDraft(request.body, uploads: request.uploads)
            let message = try state.world.executeWebhook(found, draft)
            return request.flag("wait") ? .ok(state.world.messageJSON(message, for: nil)) : .noContent
        },
        RESTRoute(.get, webhook + "/messages/{message_id}", token: false, read),
        RESTRoute(.get, webhook + "/messages/@original", token: false, read),
        RESTRoute(.patch, webhook + "/messages/{message_id}", token: false, edit),
        RESTRoute(.patch, webhook + "/messages/@original", token: false, edit),
        RESTRoute(.delete, webhook + "/messages/{message_id}", token: false, delete),
        RESTRoute(.delete, webhook + "/messages/@original", token: false, delete),
    ]

    private static func token(_ request: RESTRequest) -> String {
        request.parameters["webhook_token"] ?? ""
    }

    /// nil for `@original`.
    private static func messageID(_ request: RESTRequest) throws(DiscordError) -> MessageID? {
        request.parameters["message_id"] == nil ? nil : try request.id("message_id")
    }

    @Sendable
    private static func read(
        _ state: inout SimulatedDiscordState,
        _ request: RESTRequest
    ) throws(DiscordError) -> RESTResponse {
        let message = try state.world.replyMessage(
            try messageID(request),
            application: try request.id("webhook_id"),
            token: token(request)
        )
        return .ok(state.world.messageJSON(message, for: nil))
    }

    @Sendable
    private static func edit(
        _ state: inout SimulatedDiscordState,
        _ request: RESTRequest
    ) throws(DiscordError) -> RESTResponse {
        let draft = try MessageDraft(request.body, uploads: request.uploads)
        let message = try state.world.editReply(
            try messageID(request),
            application: try request.id("webhook_id"),
            token: token(request),
            draft
        )
        return .ok(state.world.messageJSON(message, for: nil))
    }

    @Sendable
    private static func delete(
        _ state: inout SimulatedDiscordState,
        _ request: RESTRequest
    ) throws(DiscordError) -> RESTResponse {
        try state.world.deleteReply(
            try messageID(request),
            application: try request.id("webhook_id"),
            token: token(request)
        )
        return .noContent
    }
}
