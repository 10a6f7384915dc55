package import DiscordModel

/// Which of our bots a message speaks to.
package enum TurnDetection {
    /// The bots that owe an answer, each once, in the order of their names.
    ///
    /// A bot is spoken to by a mention, by a reply to one of its messages (with or without ping), or by a direct message.
    /// Bots and webhooks are never answered, ours included: two bots that answer each other would never stop. `@everyone`
    /// and mentioned roles speak to nobody.
    ///
    /// - Parameters:
    ///   - receiver: The bot whose session received the message: the one that a direct message speaks to.
    ///   - bots: Our bots by their Discord users.
    package static func bots(
        addressedBy message: MessageEvent,
        receiver: BotID,
        bots: [UserID: BotID]
    ) -> [BotID] {
        guard !message.author.isBot, message.webhookID == nil, bots[message.author.id] == nil, isFromPerson(message)
        else { return [] }
        guard message.guildID != nil else { return [receiver] }
        var addressed = Set(message.mentions.compactMap { bots[$0] })
        if let author = message.reference?.authorID, message.type == 19, let bot = bots[author] {
            addressed.insert(bot)
        }
        return addressed.sorted()
    }

    /// Plain messages and replies; the other kinds are made by Discord or by commands.
    private static func isFromPerson(_ message: MessageEvent) -> Bool {
        message.type == 0 || message.type == 19
    }
}
