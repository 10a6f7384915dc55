import DequeModule
package import DiscordModel

/// Writing, editing, deleting and reading messages.
extension World {
    /// How long a nonce is remembered for `enforce_nonce`.
    private static let nonceLifetime: EpochMilliseconds = 120_000
    /// Bulk deletion takes nothing older.
    private static let bulkDeleteAge: EpochMilliseconds = 14 * 86_400_000

    /// A new message by a user or a bot in a channel.
    @discardableResult
    package mutating func createMessage(
        _ draft: MessageDraft,
        in channelID: ChannelID,
        by author: UserID
    ) throws(DiscordError) -> Message {
        let channel = try channel(channelID)
        guard channel.kind.hasMessages else { throw .notInNonTextChannel }
        try require(.sendMessages, of: author, in: channel)
        let granted = permissions(of: author, in: channel)
        if draft.embeds?.isEmpty == false, !granted.contains(.embedLinks) { throw .missingPermissions }
        if !draft.uploads.isEmpty, !granted.contains(.attachFiles) { throw .missingPermissions }
        if channel.kind == .direct, channel.recipients.allSatisfy({ users[$0]?.isBot == true }) {
            throw .cannotMessageUser
        }
        if draft.isEmpty { throw .emptyMessage }
        if draft.enforcesNonce, let nonce = draft.nonce,
            let earlier = message(withNonce: nonce, by: author, in: channelID)
        {
            return earlier
        }
        try checkSlowMode(of: author, in: channel, granted)

        var message = Message(
            id: MessageID(nextID()),
            channelID: channelID,
            guildID: channel.guildID,
            authorID: author,
            content: draft.content ?? "",
            sentAt: now
        )
        try attachReference(of: draft, to: &message, granted)
        message.flags = (draft.flags ?? 0) & Message.Flag.settable
        message.embeds = draft.embeds ?? []
        message.components = draft.components ?? []
        message.isTTS = draft.isTTS && granted.contains(.sendTTSMessages)
        message.nonce = draft.nonce
        if users[author]?.isBot == true { message.applicationID = ApplicationID(author.rawValue) }
        message.attachments = makeAttachments(of: draft, ephemeral: false)
        resolveMentions(of: draft.allowedMentions, in: &message, granted)
        remember(nonce: draft.nonce, of: message)
        if channel.slowModeSeconds > 0 { lastMessageAt[SlowModeKey(author: author, channel: channelID)] = now }
        post(message)
        return message
    }

    private func message(withNonce nonce: JSONValue, by author: UserID, in channel: ChannelID) -> Message? {
        let key = NonceKey(author: author, channel: channel, nonce: nonce)
        guard let id = nonces[key], id.millisecondsSinceEpoch + Self.nonceLifetime >= now else { return nil }
        return history[channel]?[id]
    }

    private mutating func remember(nonce: JSONValue?, of message: Message) {
        guard let nonce else { return }
        let key = NonceKey(author: message.authorID, channel: message.channelID, nonce: nonce)
        nonces[key] = message.id
        nonceOrder.append((key, now))
        while let first = nonceOrder.first,
            nonceOrder.count > Self.nonceLimit || first.at + Self.nonceLifetime < now
        {
            nonceOrder.removeFirst()
            if let id = nonces[first.key], id.millisecondsSinceEpoch <= first.at { nonces[first.key] = nil }
        }
    }

    private func checkSlowMode(
        of author: UserID,
        in channel: DiscordChannel,
        _ granted: Permissions
    ) throws(DiscordError) {
        guard channel.slowModeSeconds > 0,
            granted.isDisjoint(with: [.bypassSlowmode, .manageMessages, .manageChannels]),
            let last = lastMessageAt[SlowModeKey(author: author, channel: channel.id)],
            last + EpochMilliseconds(channel.slowModeSeconds) * 1000 > now
        else { return }
        throw .slowMode
    }

    private func attachReference(
        of draft: MessageDraft,
        to message: inout Message,
        _ granted: Permissions
    ) throws(DiscordError) {
        guard let target = draft.reply else { return }
        guard granted.contains(.readMessageHistory) else {
            throw DiscordError(
                status: 403,
                code: 160_002,
                message: "Cannot reply without permission to read message history"
            )
        }
        let original = history[message.channelID]?[target]
        guard original != nil, draft.replyChannel == nil || draft.replyChannel == message.channelID else {
            if draft.failsIfReplyMissing {
                throw .invalidForm(["message_reference"], "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
            }
            return
        }
        message.kind = .reply
        message.reference = Message.Reference(
            messageID: target,
            channelID: message.channelID,
            guildID: message.guildID
        )
    }

    mutating func makeAttachments(of draft: MessageDraft, ephemeral: Bool) -> [Message.Attachment] {
        draft.uploads.map { upload in
            let description = draft.attachments?.first { $0["id"]?.integerOrText == upload.index }
            return Message.Attachment(
                id: AttachmentID(nextID()),
                filename: description?["filename"]?.stringValue ?? upload.filename,
                size: upload.size,
                contentType: upload.contentType,
                description: description?["description"]?.stringValue,
                isEphemeral: ephemeral
            )
        }
    }

    /// Fills in whom the text mentions, for as far as sender and `allowed_mentions` permit.
    func resolveMentions(of allowed: AllowedMentions?, in message: inout Message, _ granted: Permissions) {
        let found = MentionParser(message.content)
        message.mentions = found.users.filter { id in
            users[id] != nil && (allowed == nil || allowed?.allUsers == true || allowed?.users.contains(id) == true)
        }
        message.mentionsEveryone =
            found.everyone && granted.contains(.mentionEveryone) && allowed?.everyone != false
        let guild = message.guildID.flatMap { guilds[$0] }
        message.mentionedRoles = found.roles.filter { id in
            guard let role = guild?.roles[id], role.mentionable || granted.contains(.mentionEveryone) else {
                return false
            }
            return allowed == nil || allowed?.allRoles == true || allowed?.roles.contains(id) == true
        }
        if let reference = message.reference, allowed?.repliedUser != false,
            let author = history[reference.channelID]?[reference.messageID]?.authorID, author != message.authorID,
            !message.mentions.contains(author), users[author] != nil
        {
            message.mentions.append(author)
        }
    }

    /// Puts a finished message into its channel and tells everyone.
    mutating func post(_ message: Message) {
        history[message.channelID, default: ChannelHistory(limit: Self.messagesPerChannel)].append(message)
        if message.visibleOnlyTo == nil {
            channels[message.channelID]?.lastMessageID = message.id
            emitMessage("MESSAGE_CREATE", message)
        }
        announce("message", transcriptJSON(message))
    }

    func audience(ofChannel id: ChannelID) -> WorldEvent.Audience {
        guard let channel = channels[id], let guild = channel.guildID else {
            return .users(Set(channels[id]?.recipients ?? []), guild: nil)
        }
        return .channel(guild, id)
    }

    mutating func emitMessage(_ name: String, _ message: Message) {
        let isDirect = message.guildID == nil
        emit(
            name,
            to: audience(ofChannel: message.channelID),
            intents: isDirect ? .directMessages : .guildMessages,
            messageEventJSON(message),
            contentVisibleTo: isDirect ? nil : Set(message.mentions + [message.authorID])
        )
    }

    // MARK: - Editing

    @discardableResult
    package mutating func editMessage(
        _ id: MessageID,
        in channelID: ChannelID,
        _ draft: MessageDraft,
        by actor: UserID
    ) throws(DiscordError) -> Message {
        let message = try message(id, in: channelID, for: actor)
        let channel = try channel(channelID)
        let granted = permissions(of: actor, in: channel)
        if message.authorID != actor {
            // Others may only hide a message's embeds.
            let onlyFlags = draft.flags != nil && draft.content == nil && draft.embeds == nil && draft.components == nil
            guard onlyFlags, granted.contains(.manageMessages) else { throw .editOfOthersMessage }
        }
        guard message.kind == .normal || message.kind == .reply || message.kind == .chatInputCommand else {
            throw .systemMessageAction
        }
        return try apply(draft, to: message, allowed: draft.allowedMentions, granted)
    }

    /// Changes a message as an edit asks and tells everyone; the caller has checked who asks.
    mutating func apply(
        _ draft: MessageDraft,
        to original: Message,
        allowed: AllowedMentions?,
        _ granted: Permissions
    ) throws(DiscordError) -> Message {
        var message = original
        if let content = draft.content { message.content = content }
        if let embeds = draft.embeds { message.embeds = embeds }
        if let components = draft.components { message.components = components }
        if let flags = draft.flags {
            let settable = Message.Flag.suppressEmbeds | Message.Flag.componentsV2
            message.flags = message.flags & ~Message.Flag.suppressEmbeds | flags & settable
        }
        if let kept = draft.attachments {
            let ids = Set(kept.compactMap { $0["id"]?.snowflake(AttachmentID.self) })
            message.attachments.removeAll { !ids.contains($0.id) }
        }
        message.attachments += makeAttachments(
            of: draft,
            ephemeral: message.flags & Message.Flag.ephemeral != 0
        )
        let hasNothing =
            message.content.isBlank && message.embeds.isEmpty && message.attachments.isEmpty
            && message.components.isEmpty
        if hasNothing { throw .emptyMessage }
        if draft.content != nil { resolveMentions(of: allowed, in: &message, granted) }
        message.flags &= ~Message.Flag.loading
        message.editedAt = now
        message.editCount += 1
        replace(message)
        return message
    }

    /// Stores a changed message and tells everyone.
    mutating func replace(_ message: Message) {
        history[message.channelID]?.update(message)
        if message.visibleOnlyTo == nil { emitMessage("MESSAGE_UPDATE", message) }
        announce("message", transcriptJSON(message))
    }

    // MARK: - Deleting

    package mutating func deleteMessage(
        _ id: MessageID,
        in channelID: ChannelID,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) {
        let channel = try channel(channelID)
        try require([], of: actor, in: channel)
        let message = try message(id, in: channelID, for: actor)
        if message.authorID != actor {
            guard channel.guildID != nil else { throw .systemMessageAction }
            try require(.manageMessages, of: actor, in: channel)
        }
        removeMessage(message)
        if message.authorID != actor, let guild = channel.guildID {
            recordAudit(
                72,
                by: actor,
                target: message.authorID.description,
                reason: reason,
                in: guild,
                options: ["channel_id": .id(channelID), "count": "1"]
            )
        }
    }

    /// Takes a message away and tells everyone; the caller has checked who asks.
    mutating func removeMessage(_ message: Message) {
        history[message.channelID]?.remove(message.id)
        let isDirect = message.guildID == nil
        if message.visibleOnlyTo == nil {
            emit(
                "MESSAGE_DELETE",
                to: audience(ofChannel: message.channelID),
                intents: isDirect ? .directMessages : .guildMessages,
                withGuild(message.guildID, ["id": .id(message.id), "channel_id": .id(message.channelID)])
            )
        }
        announce("messageDeleted", ["id": .id(message.id), "channelId": .id(message.channelID)])
    }

    package mutating func bulkDelete(
        _ ids: [MessageID],
        in channelID: ChannelID,
        by actor: UserID,
        reason: String? = nil
    ) throws(DiscordError) {
        let channel = try channel(channelID)
        guard let guild = channel.guildID else { throw .wrongChannelType }
        try require([.manageMessages], of: actor, in: channel)
        guard (2...100).contains(ids.count) else { throw .bulkDeleteCount }
        guard Set(ids).count == ids.count else {
            throw .invalidForm(["messages"], "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")
        }
        guard ids.allSatisfy({ $0.millisecondsSinceEpoch + Self.bulkDeleteAge > now }) else {
            throw .tooOldToBulkDelete
        }
        for id in ids {
            guard history[channelID]?.remove(id) != nil else { continue }
            announce("messageDeleted", ["id": .id(id), "channelId": .id(channelID)])
        }
        emit(
            "MESSAGE_DELETE_BULK",
            to: audience(ofChannel: channelID),
            intents: .guildMessages,
            ["ids": .array(ids.map { .id($0) }), "channel_id": .id(channelID), "guild_id": .id(guild)]
        )
        recordAudit(
            73,
            by: actor,
            target: channelID.description,
            reason: reason,
            in: guild,
            options: ["count": .string(String(ids.count))]
        )
    }

    // MARK: - Reading

    /// A message that the reader may see.
    package func message(_ id: MessageID, in channelID: ChannelID, for reader: UserID) throws(DiscordError) -> Message {
        let channel = try channel(channelID)
        try require([], of: reader, in: channel)
        guard let message = history[channelID]?[id],
            message.visibleOnlyTo == nil || message.visibleOnlyTo == reader
        else { throw .unknownMessage }
        return message
    }

    package enum Page: Sendable {
        case newest
        case before(MessageID)
        case after(MessageID)
        case around(MessageID)
    }

    /// A page of a channel's messages, newest first.
    package func messages(
        in channelID: ChannelID,
        _ page: Page,
        limit: Int,
        for reader: UserID
    ) throws(DiscordError) -> [Message] {
        let channel = try channel(channelID)
        try require([], of: reader, in: channel)
        guard permissions(of: reader, in: channel).contains(.readMessageHistory), let past = history[channelID] else {
            return []
        }
        let isPublic = { (message: Message) in message.visibleOnlyTo == nil }
        switch page {
        case .newest: return past.newest(limit, where: isPublic)
        case .before(let id): return past.newest(limit, before: id, where: isPublic)
        case .after(let id): return past.following(limit, after: id, where: isPublic)
        case .around(let id):
            let after = past.following(limit / 2, after: MessageID(id.rawValue &- 1), where: isPublic)
            return after + past.newest(limit - after.count, before: id, where: isPublic)
        }
    }

    /// A message for a bot whose application lacks the message content intent has its content removed, over REST too.
    package func messageJSON(_ message: Message, visibleTo bot: UserID) -> JSONValue {
        let json = messageJSON(message, for: bot)
        guard let application = applications[ApplicationID(bot.rawValue)],
            !application.grantedPrivilegedIntents.contains(.messageContent), message.guildID != nil,
            message.authorID != bot, !message.mentions.contains(bot)
        else { return json }
        return WorldEvent.strippingContent(json)
    }

    func withGuild(_ guild: GuildID?, _ members: [String: JSONValue]) -> JSONValue {
        guard let guild else { return .object(members) }
        return JSONValue.object(members).merging(["guild_id": .id(guild)])
    }

    // MARK: - Typing

    package mutating func startTyping(in channelID: ChannelID, by user: UserID) throws(DiscordError) {
        let channel = try channel(channelID)
        guard channel.kind.hasMessages else { throw .wrongChannelType }
        try require(.sendMessages, of: user, in: channel)
        var members: [String: JSONValue] = [
            "channel_id": .id(channelID), "user_id": .id(user), "timestamp": .integer(Int64(now / 1000)),
        ]
        if let guild = channel.guildID, let member = guilds[guild]?.members[user] {
            members["member"] = memberJSON(member)
        }
        emit(
            "TYPING_START",
            to: audience(ofChannel: channelID),
            intents: channel.guildID == nil ? .directMessageTyping : .guildMessageTyping,
            withGuild(channel.guildID, members)
        )
        announce(
            "typing",
            [
                "channelId": .id(channelID), "userId": .id(user),
                "author": .string(displayName(user, in: channel.guildID)),
            ]
        )
    }
}

extension JSONValue {
    /// A whole number, written as one or as text.
    var integerOrText: Int? {
        integerValue.map(Int.init) ?? stringValue.flatMap { Int($0) }
    }
}
