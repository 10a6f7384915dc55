import DiscordModel
import DiscordREST
import ServiceKit

/// What the rest of the gateway needs of the fleet: which bots there are, and their way to Discord's REST API.
protocol FleetPort: Sendable {
    /// The bot that owns the slash commands; nil when the fleet has none.
    var primaryBot: BotID? { get }

    /// Every bot of the fleet, stopped ones too.
    var allBots: [BotID] { get }

    /// Whether the bot is logged in.
    func isOnline(_ bot: BotID) -> Bool

    /// Whether the bot can answer interactions: it is not stopped, and its way to Discord's REST API is there.
    func canAnswer(_ bot: BotID) -> Bool

    /// Known from the bot's first login on, over restarts.
    func applicationID(of bot: BotID) -> ApplicationID?

    /// The bot's token: keys are derived from it, and it goes nowhere else.
    func token(of bot: BotID) -> Secret?

    /// By which interactions that come by HTTP are verified; nil before the bot's first login, unless an operator set it.
    func interactionKey(of bot: BotID) -> InteractionKey?

    /// Calls Discord's REST API as that bot.
    ///
    /// - Throws: `DiscordRESTError`; `.unauthorized` when the bot has no valid token.
    func execute(_ request: DiscordRequest, as bot: BotID) async throws -> DiscordResponse
}
