package import DiscordModel

/// An incoming webhook of a channel.
package struct Webhook: Sendable, Equatable {
    package let id: UInt64
    package let token: String
    package let channelID: ChannelID
    package let guildID: GuildID
    package var name: String
    package let applicationID: ApplicationID
}

/// Incoming webhooks: enough for an application that speaks under another name.
extension World {
    private static let webhooksPerChannel = 15

    package mutating func createWebhook(
        named name: String,
        in channelID: ChannelID,
        by actor: UserID
    ) throws(DiscordError) -> Webhook {
        let channel = try channel(channelID)
        guard let guild = channel.guildID else { throw .wrongChannelType }
        try require(.manageWebhooks, of: actor, in: channel)
        var errors = FormErrors()
        errors.checkLength(name, 1...80, ["name"])
        try errors.throwIfAny()
        guard webhooks.values.count(where: { $0.channelID == channelID }) < Self.webhooksPerChannel else {
            throw DiscordError(status: 400, code: 30007, message: "Maximum number of webhooks reached (15)")
        }
        let id = nextID()
        let webhook = Webhook(
            id: id,
            token: Self.credential(id, salt: 4),
            channelID: channelID,
            guildID: guild,
            name: name,
            applicationID: ApplicationID(actor.rawValue)
        )
        webhooks[id] = webhook
        return webhook
    }

    package func webhook(_ id: UInt64, token: String) throws(DiscordError) -> Webhook {
        guard let webhook = webhooks[id] else { throw .unknownWebhook }
        guard webhook.token == token else { throw .invalidWebhookToken }
        return webhook
    }

    package mutating func deleteWebhook(_ id: UInt64) {
        webhooks[id] = nil
    }

    package mutating func executeWebhook(_ webhook: Webhook, _ draft: MessageDraft) throws(DiscordError) -> Message {
        guard !draft.isEmpty else { throw .emptyMessage }
        var message = Message(
            id: MessageID(nextID()),
            channelID: webhook.channelID,
            guildID: webhook.guildID,
            authorID: UserID(webhook.id),
            content: draft.content ?? "",
            sentAt: now
        )
        message.webhookID = webhook.id
        message.applicationID = webhook.applicationID
        message.embeds = draft.embeds ?? []
        message.attachments = makeAttachments(of: draft, ephemeral: false)
        resolveMentions(of: draft.allowedMentions ?? .usersOnly, in: &message, .mentionEveryone)
        post(message)
        return message
    }

    package func webhookJSON(_ webhook: Webhook) -> JSONValue {
        [
            "id": .string(String(webhook.id)), "type": 1, "name": .string(webhook.name), "avatar": nil,
            "channel_id": .id(webhook.channelID), "guild_id": .id(webhook.guildID),
            "application_id": .id(webhook.applicationID), "token": .string(webhook.token),
            "url": .string("https://discord.com/api/webhooks/\(webhook.id)/\(webhook.token)"),
            "user": userJSON(UserID(webhook.applicationID.rawValue)),
        ]
    }
}
