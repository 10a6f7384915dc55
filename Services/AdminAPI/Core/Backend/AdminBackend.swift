package import BusContract
package import DiscordModel
package import Routing
package import ServiceKit
package import Store

/// What the API asks of the rest of the platform. Tests give their own.
package protocol AdminBackend: Sendable {
    /// How the database is.
    func database() -> DatabaseAnswer
    /// Who answers what.
    var rules: RoutingRules { get }
    /// The registry of processes; without the database, those that it had, as they answer for themselves.
    func instances() async throws -> [InstanceRecord]
    /// Every bot's state.
    func bots() async throws -> [BotStatus]
    /// Times in which events may have been missed, the newest first.
    func gaps() async throws -> [Gap]
    /// Starts, stops or restarts a bot; recorded in the audit log under the key's name.
    func control(_ bot: BotID, _ action: BotAction, by key: String) async throws -> BotStatus
    /// Adds a bot; recorded likewise.
    func add(_ bot: BotID, _ token: TokenReference, by key: String) async throws -> BotStatus
    /// Removes a bot that was added; recorded likewise.
    func remove(_ bot: BotID, by key: String) async throws -> BotStatus
    /// The guilds that our bots are in.
    func guilds() async throws -> [GuildSummary]
    /// What is known of one guild.
    func guild(_ id: GuildID) async throws -> GuildFacts
    /// Moderation cases from the newest on.
    func cases(guild: GuildID?, user: UserID?, after: CaseCursor?, limit: Int) async throws -> [Case]
    /// All players.
    func players() async throws -> [PlayerAnswer]
    /// Gives each of the platform's events to the sink until it throws or the task is cancelled.
    func follow(_ sink: @escaping @Sendable (LiveEvent) async throws -> Void) async throws
}

/// An event of the live feed.
package struct LiveEvent: Sendable, Equatable {
    /// Its kind: `bot-state-changed`, `case-opened`, `player-changed`.
    package let name: String
    /// Its JSON, in one line.
    package let data: String

    package init(name: String, data: String) {
        self.name = name
        self.data = data
    }
}
