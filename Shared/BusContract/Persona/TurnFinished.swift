package import DiscordModel

/// A persona's turn has ended, well or not: for the live feed.
package struct TurnFinished: BusEvent {
    package static let typeName = "ensemble.persona.v1.TurnFinished"
    package static let topic = Topic.ensemble("persona", "turn-finished")
    package static let publisher = ServiceRole.persona

    package var bot: BotID
    package var guild: GuildID?
    package var channel: ChannelID
    package var message: MessageID
    /// `answered`, `failed`, `expired`.
    package var outcome: String
    package var milliseconds: Int64

    package init(
        bot: BotID,
        guild: GuildID?,
        channel: ChannelID,
        message: MessageID,
        outcome: String,
        milliseconds: Int64
    ) {
        self.bot = bot
        self.guild = guild
        self.channel = channel
        self.message = message
        self.outcome = outcome
        self.milliseconds = milliseconds
    }
}
