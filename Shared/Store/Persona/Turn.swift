package import DiscordModel

/// A message that one of our bots owes an answer to.
package struct Turn: Sendable, Hashable {
    /// The member's message; its id tells when it was asked.
    package var message: MessageID
    /// The bot that answers.
    package var bot: BotID
    package var channel: ChannelID
    /// Nil in a direct message.
    package var guild: GuildID?
    package var author: UserID
    /// What was asked, as JSON of the service's own; erased when the turn is finished.
    package var question: String
    /// Which attempt this is, from 1. Everything that an attempt writes is refused once there is a later one.
    package var attempt: Int
    /// The messages that show the answer so far, first page first: a later attempt edits them.
    package var messages: [MessageID]
    /// W3C trace id of what began with the member's message; empty = none.
    package var trace: String

    package init(
        message: MessageID,
        bot: BotID,
        channel: ChannelID,
        guild: GuildID?,
        author: UserID,
        question: String,
        attempt: Int = 0,
        messages: [MessageID] = [],
        trace: String = ""
    ) {
        self.message = message
        self.bot = bot
        self.channel = channel
        self.guild = guild
        self.author = author
        self.question = question
        self.attempt = attempt
        self.messages = messages
        self.trace = trace
    }
}

/// How a turn ended, for its row.
package struct TurnResult: Sendable, Hashable {
    /// `answered`, `failed` (the member was told why), `expired` (told that it is too late), `withdrawn` (question or
    /// answer was deleted), `refused` (Discord does not let the bot speak there), `abandoned` (nobody could be told).
    package var outcome: String
    /// Why, for an operator; empty when it went well.
    package var detail: String
    /// The model that answered; empty if none did.
    package var model: String
    package var inputTokens: Int
    package var outputTokens: Int

    package init(
        outcome: String,
        detail: String = "",
        model: String = "",
        inputTokens: Int = 0,
        outputTokens: Int = 0
    ) {
        self.outcome = outcome
        self.detail = detail
        self.model = model
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
    }
}
