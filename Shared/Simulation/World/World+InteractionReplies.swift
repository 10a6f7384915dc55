package import DiscordModel

/// What applications do with interactions: the first callback, and what follows under the token.
///
/// Source: API documentation, "Interactions: Receiving and Responding".
extension World {
    /// The first callback. Answers with what `with_response` returns.
    package mutating func answerInteraction(
        _ id: InteractionID,
        token: String,
        _ body: JSONValue,
        uploads: [MessageDraft.Upload]
    ) throws(DiscordError) -> JSONValue {
        guard var interaction = interactions[id], interaction.token == token else { throw .unknownInteraction }
        guard interaction.state == .waiting else { throw .alreadyAcknowledged }
        guard interaction.acceptsCallback(at: now) else { throw .unknownInteraction }
        let type = body["type"]?.integerValue ?? 0
        let data = body["data"] ?? [:]
        var resource: JSONValue?
        switch (type, interaction.kind) {
        case (4, .command), (4, .component), (4, .modal):
            let draft = try MessageDraft(data.isNull ? [:] : data, uploads: uploads)
            guard !draft.isEmpty else { throw .emptyMessage }
            interaction.state = .answered
            let message = postReply(draft, to: &interaction, isFirst: true)
            resource = ["type": 4, "message": messageJSON(message, for: nil)]
        case (5, .command), (5, .component), (5, .modal):
            let isEphemeral = ((data["flags"]?.integerValue ?? 0) & Int64(Message.Flag.ephemeral)) != 0
            interaction.state = .deferredMessage(ephemeral: isEphemeral)
            // No resource: it is "only present if type is either CHANNEL_MESSAGE_WITH_SOURCE or UPDATE_MESSAGE".
            postLoading(to: &interaction, ephemeral: isEphemeral)
        case (6, .component),
            (6, .modal) where interaction.messageID != nil:
            interaction.state = .deferredUpdate
            interaction.originalID = interaction.messageID
        case (7, .component),
            (7, .modal) where interaction.messageID != nil:
            guard let source = interaction.messageID.flatMap({ history[interaction.channelID]?[$0] }) else {
                throw .unknownMessage
            }
            let draft = try MessageDraft(data, uploads: uploads)
            let edited = try apply(
                draft,
                to: source,
                allowed: draft.allowedMentions ?? .usersOnly,
                botPermissions(interaction)
            )
            interaction.state = .answered
            interaction.originalID = edited.id
            resource = ["type": 7, "message": messageJSON(edited, for: nil)]
        case (8, .autocomplete):
            interaction.choices = try Self.checkedChoices(data)
            interaction.state = .answered
        case (9, .command), (9, .component):
            try Self.checkModal(data)
            interaction.modal = data
            interaction.state = .answered
        default:
            throw .invalidForm(
                ["type"],
                "BASE_TYPE_CHOICES",
                "Callback type \(type) is not allowed for this interaction."
            )
        }
        interactions[id] = interaction
        announce("interaction", interactionSummary(interaction))
        return callbackResponse(interaction, resource)
    }

    private func callbackResponse(_ interaction: Interaction, _ resource: JSONValue?) -> JSONValue {
        var summary: [String: JSONValue] = [
            "id": .id(interaction.id), "type": .int(interaction.kind.rawValue),
            "channel_id": .id(interaction.channelID),
        ]
        if let guild = interaction.guildID { summary["guild_id"] = .id(guild) }
        if let original = interaction.originalID, let message = history[interaction.channelID]?[original] {
            summary["response_message_id"] = .id(original)
            summary["response_message_loading"] = .bool(message.flags & Message.Flag.loading != 0)
            summary["response_message_ephemeral"] = .bool(message.visibleOnlyTo != nil)
        }
        var result: [String: JSONValue] = ["interaction": .object(summary)]
        if let resource { result["resource"] = resource }
        return .object(result)
    }

    private static func checkedChoices(_ data: JSONValue) throws(DiscordError) -> [JSONValue] {
        let choices = data["choices"]?.arrayValue ?? []
        var errors = FormErrors()
        if choices.count > 25 {
            errors.add(["data", "choices"], "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
        }
        for (index, choice) in choices.enumerated() {
            let path = ["data", "choices", String(index)]
            errors.checkLength(choice["name"]?.stringValue ?? "", 1...100, path + ["name"])
            if let value = choice["value"]?.stringValue { errors.checkLength(value, 1...100, path + ["value"]) }
            if choice["value"] == nil { errors.required(path + ["value"]) }
        }
        try errors.throwIfAny()
        return choices
    }

    private static func checkModal(_ data: JSONValue) throws(DiscordError) {
        var errors = FormErrors()
        errors.checkLength(data["title"]?.stringValue ?? "", 1...45, ["data", "title"])
        errors.checkLength(data["custom_id"]?.stringValue ?? "", 1...100, ["data", "custom_id"])
        let count = data["components"]?.arrayValue?.count ?? 0
        if !(1...5).contains(count) {
            errors.add(["data", "components"], "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
        }
        try errors.throwIfAny()
    }

    private func botPermissions(_ interaction: Interaction) -> Permissions {
        channels[interaction.channelID].map { permissions(of: UserID(interaction.applicationID.rawValue), in: $0) }
            ?? []
    }

    private func reply(to interaction: Interaction, id: MessageID, ephemeral: Bool, isFirst: Bool) -> Message {
        let bot = UserID(interaction.applicationID.rawValue)
        var message = Message(
            id: id,
            channelID: interaction.channelID,
            guildID: interaction.guildID,
            authorID: bot,
            kind: isFirst && interaction.kind == .command ? .chatInputCommand : .normal,
            content: "",
            sentAt: now
        )
        message.applicationID = interaction.applicationID
        message.webhookID = interaction.applicationID.rawValue
        message.origin = Message.Origin(
            id: interaction.id,
            kind: interaction.kind,
            userID: interaction.userID,
            name: interaction.name,
            interactedMessageID: interaction.messageID
        )
        if ephemeral {
            message.flags |= Message.Flag.ephemeral
            message.visibleOnlyTo = interaction.userID
        }
        return message
    }

    private mutating func postReply(
        _ draft: MessageDraft,
        to interaction: inout Interaction,
        isFirst: Bool
    ) -> Message {
        let isEphemeral = (draft.flags ?? 0) & Message.Flag.ephemeral != 0
        var message = reply(
            to: interaction,
            id: MessageID(nextID()),
            ephemeral: isEphemeral,
            isFirst: isFirst
        )
        message.content = draft.content ?? ""
        message.embeds = draft.embeds ?? []
        message.components = draft.components ?? []
        message.flags |= (draft.flags ?? 0) & Message.Flag.settable
        message.isTTS = draft.isTTS
        message.attachments = makeAttachments(of: draft, ephemeral: isEphemeral)
        resolveMentions(of: draft.allowedMentions ?? .usersOnly, in: &message, botPermissions(interaction))
        if isFirst { interaction.originalID = message.id }
        post(message)
        return message
    }

    private mutating func postLoading(to interaction: inout Interaction, ephemeral: Bool) {
        var message = reply(to: interaction, id: MessageID(nextID()), ephemeral: ephemeral, isFirst: true)
        message.flags |= Message.Flag.loading
        interaction.originalID = message.id
        post(message)
    }

    // MARK: - Under the token

    /// The interaction of a webhook path `/webhooks/{application}/{token}`.
    package func interaction(application: ApplicationID, token: String) throws(DiscordError) -> Interaction {
        let parts = token.split(separator: "_")
        guard parts.count == 3, let id = InteractionID(String(parts[1])), let interaction = interactions[id],
            interaction.token == token, interaction.applicationID == application
        else { throw .unknownWebhook }
        guard interaction.state != .waiting else { throw .unknownWebhook }
        guard interaction.isTokenValid(at: now) else { throw .invalidWebhookToken }
        return interaction
    }

    /// A further message. The first one after callback 5 fills in the loading message.
    package mutating func followUp(
        application: ApplicationID,
        token: String,
        _ body: JSONValue,
        uploads: [MessageDraft.Upload]
    ) throws(DiscordError) -> Message {
        var interaction = try interaction(application: application, token: token)
        let draft = try MessageDraft(body, uploads: uploads)
        guard !draft.isEmpty else { throw .emptyMessage }
        if case .deferredMessage = interaction.state, let original = interaction.originalID,
            history[interaction.channelID]?[original].map({ $0.flags & Message.Flag.loading != 0 }) == true
        {
            return try editReply(nil, application: application, token: token, draft)
        }
        let message = postReply(draft, to: &interaction, isFirst: false)
        interactions[interaction.id] = interaction
        return message
    }

    /// A reply's message; nil means `@original`.
    package func replyMessage(
        _ id: MessageID?,
        application: ApplicationID,
        token: String
    ) throws(DiscordError) -> Message {
        let interaction = try interaction(application: application, token: token)
        guard let target = id ?? interaction.originalID, let message = history[interaction.channelID]?[target],
            message.origin?.id == interaction.id || target == interaction.messageID
        else { throw .unknownMessage }
        return message
    }

    package mutating func editReply(
        _ id: MessageID?,
        application: ApplicationID,
        token: String,
        _ draft: MessageDraft
    ) throws(DiscordError) -> Message {
        let interaction = try interaction(application: application, token: token)
        var message = try replyMessage(id, application: application, token: token)
        let wasLoading = message.flags & Message.Flag.loading != 0
        // Filling in a deferred answer is not counted as an edit by readers.
        if wasLoading { message.editCount -= 1 }
        let edited = try apply(
            draft,
            to: message,
            allowed: draft.allowedMentions ?? .usersOnly,
            botPermissions(interaction)
        )
        if wasLoading {
            interactions[interaction.id]?.state = .answered
            if let changed = interactions[interaction.id] { announce("interaction", interactionSummary(changed)) }
        }
        return edited
    }

    package mutating func deleteReply(
        _ id: MessageID?,
        application: ApplicationID,
        token: String
    ) throws(DiscordError) {
        removeMessage(try replyMessage(id, application: application, token: token))
    }
}
