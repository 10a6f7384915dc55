import BusContract
import DiscordModel
import DiscordREST
import ServiceKit
import Synchronization

/// Which bots there are, who they are on Discord, and their way to its REST API; shared by all parts of the gateway.
final class FleetDirectory: FleetPort {
    private struct Entry {
        var token: Secret?
        /// What an operator wrote in fleet.yaml goes before what Discord says.
        var givenKey: InteractionKey?
        var key: InteractionKey?
        var identity: BotIdentity?
        var rest: BotREST?
        var state = BotState.stopped
        /// Why it is not, in one line.
        var reason = ""
    }

    let primaryBot: BotID?
    private let order: Mutex<[BotID]>
    private let entries: Mutex<[BotID: Entry]>

    init(_ configuration: FleetConfiguration) {
        primaryBot = configuration.primary?.id
        order = Mutex(configuration.bots.map(\.id))
        entries = Mutex(
            Dictionary(
                configuration.bots.map { ($0.id, Entry(token: $0.token, givenKey: $0.publicKey)) },
                uniquingKeysWith: { first, _ in first }
            )
        )
    }

    var allBots: [BotID] { order.withLock { $0 } }

    func add(_ configuration: FleetConfiguration.Bot) {
        let entry = Entry(token: configuration.token, givenKey: configuration.publicKey)
        entries.withLock { $0[configuration.id] = entry }
        order.withLock { if !$0.contains(configuration.id) { $0.append(configuration.id) } }
    }

    func remove(_ bot: BotID) {
        order.withLock { $0.removeAll { $0 == bot } }
        entries.withLock { $0[bot] = nil }
    }

    /// Who the bot is; known from an earlier login too.
    func note(_ identity: BotIdentity, of bot: BotID) {
        entries.withLock { $0[bot]?.identity = identity }
    }

    /// What Discord says of the application's public key.
    func note(_ key: InteractionKey, of bot: BotID) {
        entries.withLock { $0[bot]?.key = key }
    }

    /// The bot's calls go this way from now on; nil: it has no valid token.
    func register(_ rest: BotREST?, of bot: BotID) {
        entries.withLock { $0[bot]?.rest = rest }
    }

    func note(_ status: BotStatus) {
        entries.withLock { entries in
            entries[status.bot]?.state = status.state
            entries[status.bot]?.reason = status.reason
        }
    }

    func rest(of bot: BotID) -> BotREST? {
        entries.withLock { $0[bot]?.rest }
    }

    func isOnline(_ bot: BotID) -> Bool {
        entries.withLock { $0[bot]?.state == .online }
    }

    func canAnswer(_ bot: BotID) -> Bool {
        entries.withLock { entries in
            guard let entry = entries[bot] else { return false }
            return entry.rest != nil && entry.state != .stopped && entry.state != .failed
        }
    }

    func applicationID(of bot: BotID) -> ApplicationID? {
        entries.withLock { $0[bot]?.identity?.application }
    }

    func identity(of bot: BotID) -> BotIdentity? {
        entries.withLock { $0[bot]?.identity }
    }

    func interactionKey(of bot: BotID) -> InteractionKey? {
        entries.withLock { $0[bot].flatMap { $0.givenKey ?? $0.key } }
    }

    func token(of bot: BotID) -> Secret? {
        entries.withLock { $0[bot]?.token }
    }

    func execute(_ request: DiscordRequest, as bot: BotID) async throws -> DiscordResponse {
        guard let rest = rest(of: bot) else {
            let reason = entries.withLock { $0[bot].map(\.reason) ?? "there is no such bot" }
            throw DiscordRESTError(
                code: .unauthorized,
                message: "\(bot) is not running" + (reason.isEmpty ? "" : ": \(reason)")
            )
        }
        return try await rest.execute(request)
    }
}
