package import DiscordModel

/// Reactions and pins.
extension World {
    private static let reactionLimit = 20
    private static let pinLimit = 250

    package mutating func addReaction(
        _ emoji: String,
        to id: MessageID,
        in channelID: ChannelID,
        by user: UserID
    ) throws(DiscordError) {
        let channel = try channel(channelID)
        try require(.readMessageHistory, of: user, in: channel)
        var message = try message(id, in: channelID, for: user)
        guard Self.isUnicodeEmoji(emoji) else { throw .unknownEmoji }
        if let index = message.reactions.firstIndex(where: { $0.emoji == emoji }) {
            guard !message.reactions[index].users.contains(user) else { return }
            message.reactions[index].users.append(user)
        } else {
            try require(.addReactions, of: user, in: channel)
            guard message.reactions.count < Self.reactionLimit else { throw .tooManyReactions }
            message.reactions.append(Message.Reaction(emoji: emoji, users: [user]))
        }
        history[channelID]?.update(message)
        var members = reactionEvent(message, emoji, user)
        members["message_author_id"] = .id(message.authorID)
        if let guild = message.guildID, let member = guilds[guild]?.members[user] {
            members["member"] = memberJSON(member)
        }
        emitReaction("MESSAGE_REACTION_ADD", message, members)
    }

    package mutating func removeReaction(
        _ emoji: String,
        of user: UserID,
        from id: MessageID,
        in channelID: ChannelID,
        by actor: UserID
    ) throws(DiscordError) {
        var message = try message(id, in: channelID, for: actor)
        if user != actor { try require(.manageMessages, of: actor, in: try channel(channelID)) }
        guard let index = message.reactions.firstIndex(where: { $0.emoji == emoji }),
            message.reactions[index].users.contains(user)
        else { throw .unknownEmoji }
        message.reactions[index].users.removeAll { $0 == user }
        message.reactions.removeAll { $0.users.isEmpty }
        history[channelID]?.update(message)
        emitReaction("MESSAGE_REACTION_REMOVE", message, reactionEvent(message, emoji, user))
    }

    /// Removes one emoji's reactions, or all of them.
    package mutating func clearReactions(
        _ emoji: String?,
        from id: MessageID,
        in channelID: ChannelID,
        by actor: UserID
    ) throws(DiscordError) {
        var message = try message(id, in: channelID, for: actor)
        try require(.manageMessages, of: actor, in: try channel(channelID))
        message.reactions.removeAll { emoji == nil || $0.emoji == emoji }
        history[channelID]?.update(message)
        var members: [String: JSONValue] = ["message_id": .id(id), "channel_id": .id(channelID)]
        if let emoji { members["emoji"] = emojiJSON(emoji) }
        emitReaction(emoji == nil ? "MESSAGE_REACTION_REMOVE_ALL" : "MESSAGE_REACTION_REMOVE_EMOJI", message, members)
    }

    private func reactionEvent(_ message: Message, _ emoji: String, _ user: UserID) -> [String: JSONValue] {
        [
            "user_id": .id(user), "channel_id": .id(message.channelID), "message_id": .id(message.id),
            "emoji": emojiJSON(emoji), "burst": false, "type": 0,
        ]
    }

    private mutating func emitReaction(_ name: String, _ message: Message, _ members: [String: JSONValue]) {
        emit(
            name,
            to: audience(ofChannel: message.channelID),
            intents: message.guildID == nil ? .directMessageReactions : .guildMessageReactions,
            withGuild(message.guildID, members)
        )
        announce("message", transcriptJSON(message))
    }

    /// Whether it can be an emoji at all: this Discord has no custom ones.
    private static func isUnicodeEmoji(_ text: String) -> Bool {
        let isEmoji = text.unicodeScalars.contains { $0.properties.isEmoji && !$0.isASCII || $0.value == 0x20E3 }
        return isEmoji && text.count == 1
    }

    // MARK: - Pins

    package mutating func setPinned(
        _ pinned: Bool,
        _ id: MessageID,
        in channelID: ChannelID,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) {
        let channel = try channel(channelID)
        try require(.pinMessages, of: actor, in: channel)
        var message = try message(id, in: channelID, for: actor)
        guard (message.pinnedAt != nil) != pinned else { return }
        if pinned, try pins(in: channelID, for: actor).count >= Self.pinLimit { throw .tooManyPins }
        message.pinnedAt = pinned ? now : nil
        if pinned { channels[channelID]?.lastPinAt = now }
        replace(message)
        emit(
            "CHANNEL_PINS_UPDATE",
            to: audience(ofChannel: channelID),
            intents: channel.guildID == nil ? .directMessages : .guilds,
            withGuild(
                channel.guildID,
                ["channel_id": .id(channelID), "last_pin_timestamp": .time(channels[channelID]?.lastPinAt)]
            )
        )
        if let guild = channel.guildID {
            recordAudit(
                pinned ? 74 : 75,
                by: actor,
                target: message.authorID.description,
                reason: reason,
                in: guild,
                options: ["channel_id": .id(channelID), "message_id": .id(id)]
            )
        }
        guard pinned else { return }
        var notice = Message(
            id: MessageID(nextID()),
            channelID: channelID,
            guildID: channel.guildID,
            authorID: actor,
            kind: .pinned,
            content: "",
            sentAt: now
        )
        notice.reference = Message.Reference(messageID: id, channelID: channelID, guildID: channel.guildID)
        post(notice)
    }

    /// Pinned messages, the latest pin first.
    package func pins(in channelID: ChannelID, for reader: UserID) throws(DiscordError) -> [Message] {
        try require(.readMessageHistory, of: reader, in: try channel(channelID))
        return (history[channelID]?.all ?? []).filter { $0.pinnedAt != nil }
            .sorted { ($0.pinnedAt ?? 0, $0.id) > ($1.pinnedAt ?? 0, $1.id) }
    }
}
