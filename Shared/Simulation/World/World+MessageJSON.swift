package import DiscordModel

/// Messages as Discord writes them.
extension World {
    /// - Parameters:
    ///   - reader: whose reactions count as `me`; nil in events.
    ///   - withReference: false inside `referenced_message`, which does not nest.
    package func messageJSON(_ message: Message, for reader: UserID?, withReference: Bool = true) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .id(message.id), "type": .int(message.kind.rawValue), "content": .string(message.content),
            "mentions": .array(message.mentions.map { userJSON($0) }),
            "mention_roles": .array(message.mentionedRoles.map { .id($0) }),
            "attachments": .array(message.attachments.map { attachmentJSON($0, in: message) }),
            "embeds": .array(message.embeds), "timestamp": .time(message.sentAt),
            "edited_timestamp": .time(message.editedAt), "flags": .int(message.flags),
            "components": .array(message.components), "channel_id": .id(message.channelID),
            "author": authorJSON(message), "pinned": .bool(message.pinnedAt != nil),
            "mention_everyone": .bool(message.mentionsEveryone), "tts": .bool(message.isTTS),
        ]
        if let application = message.applicationID { members["application_id"] = .id(application) }
        if let webhook = message.webhookID { members["webhook_id"] = .string(String(webhook)) }
        if let nonce = message.nonce { members["nonce"] = nonce }
        if !message.reactions.isEmpty {
            members["reactions"] = .array(message.reactions.map { reactionJSON($0, for: reader) })
        }
        if let reference = message.reference {
            var target: [String: JSONValue] = [
                "type": 0, "channel_id": .id(reference.channelID), "message_id": .id(reference.messageID),
            ]
            if let guild = reference.guildID { target["guild_id"] = .id(guild) }
            members["message_reference"] = .object(target)
            if withReference, message.kind == .reply {
                let original = history[reference.channelID]?[reference.messageID]
                members["referenced_message"] =
                    original.map { messageJSON($0, for: reader, withReference: false) } ?? .null
            }
        }
        if let origin = message.origin {
            members["interaction_metadata"] = originJSON(origin)
            if origin.kind == .command {
                members["interaction"] = [
                    "id": .id(origin.id), "type": .int(origin.kind.rawValue), "name": .string(origin.name),
                    "user": userJSON(origin.userID),
                ]
            }
        }
        return .object(members)
    }

    /// MESSAGE_CREATE and MESSAGE_UPDATE: the message with `guild_id` and the author's member.
    func messageEventJSON(_ message: Message) -> JSONValue {
        var extra: [String: JSONValue] = ["channel_type": .int(channels[message.channelID]?.kind.rawValue ?? 0)]
        if let guildID = message.guildID, let guild = guilds[guildID] {
            extra["guild_id"] = .id(guildID)
            if message.webhookID == nil || message.origin != nil, let author = guild.members[message.authorID] {
                extra["member"] = memberJSON(author, withUser: false)
            }
            extra["mentions"] = .array(
                message.mentions.map { id in
                    let user = userJSON(id)
                    guard let member = guild.members[id] else { return user }
                    return user.merging(["member": memberJSON(member, withUser: false)])
                }
            )
        }
        return messageJSON(message, for: nil).merging(extra)
    }

    private func authorJSON(_ message: Message) -> JSONValue {
        if let id = message.webhookID, message.origin == nil, let hook = webhooks[id] {
            return userJSON(User(id: UserID(id), name: hook.name, globalName: nil, isBot: true, avatar: nil))
        }
        return userJSON(message.authorID)
    }

    private func originJSON(_ origin: Message.Origin) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .id(origin.id), "type": .int(origin.kind.rawValue), "user": userJSON(origin.userID),
            "authorizing_integration_owners": ["0": .id(home)],
        ]
        switch origin.kind {
        case .command, .autocomplete:
            members["name"] = .string(origin.name)
            members["command_type"] = 1
        case .component:
            members["interacted_message_id"] = .id(origin.interactedMessageID)
        case .modal:
            members["triggering_interaction_metadata"] = [
                "id": .id(origin.id), "type": 2, "user": userJSON(origin.userID),
                "authorizing_integration_owners": ["0": .id(home)], "name": .string(origin.name), "command_type": 1,
            ]
        }
        return .object(members)
    }

    private func reactionJSON(_ reaction: Message.Reaction, for reader: UserID?) -> JSONValue {
        [
            "emoji": emojiJSON(reaction.emoji), "count": .int(reaction.users.count),
            "count_details": ["burst": 0, "normal": .int(reaction.users.count)], "burst_colors": [],
            "me_burst": false, "burst_me": false, "burst_count": 0,
            "me": .bool(reader.map(reaction.users.contains) ?? false),
        ]
    }

    /// `name` or `name:id`.
    func emojiJSON(_ emoji: String) -> JSONValue {
        let parts = emoji.split(separator: ":")
        if parts.count >= 2, let id = parts.last, UInt64(id) != nil {
            return ["id": .string(String(id)), "name": .string(String(parts[parts.count - 2]))]
        }
        return ["id": nil, "name": .string(emoji)]
    }

    private func attachmentJSON(_ attachment: Message.Attachment, in message: Message) -> JSONValue {
        let path = "attachments/\(message.channelID)/\(attachment.id)/\(attachment.filename)"
        var members: [String: JSONValue] = [
            "id": .id(attachment.id), "filename": .string(attachment.filename), "size": .int(attachment.size),
            "url": .string("https://cdn.discordapp.com/\(path)"),
            "proxy_url": .string("https://media.discordapp.net/\(path)"),
        ]
        if let type = attachment.contentType { members["content_type"] = .string(type) }
        if let description = attachment.description { members["description"] = .string(description) }
        if attachment.isEphemeral { members["ephemeral"] = true }
        return .object(members)
    }
}
