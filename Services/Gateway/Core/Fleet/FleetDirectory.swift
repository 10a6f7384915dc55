import BusContract
import DiscordModel
import DiscordREST
import ServiceKit
import Synchronization

/// Which bots there are, who they are on Discord, and their way to its REST API; shared by all parts of the gateway.
final class FleetDirectory: FleetPort {
    private struct Entry {
        var token: Secret?
        var identity: BotIdentity?
        var rest: BotREST?
        var isOnline = false
        /// Why it is not, in one line.
        var reason = ""
    }

    let primaryBot: BotID?
    let allBots: [BotID]
    private let entries: Mutex<[BotID: Entry]>

    init(_ configuration: FleetConfiguration) {
        primaryBot = configuration.primary?.id
        allBots = configuration.bots.map(\.id)
        entries = Mutex(
            Dictionary(
                configuration.bots.map { ($0.id, Entry(token: $0.token)) },
                uniquingKeysWith: { first, _ in first }
            )
        )
    }

    /// Who the bot is; known from an earlier login too.
    func note(_ identity: BotIdentity, of bot: BotID) {
        entries.withLock { $0[bot]?.identity = identity }
    }

    /// The bot's calls go this way from now on; nil: it has no valid token.
    func register(_ rest: BotREST?, of bot: BotID) {
        entries.withLock { $0[bot]?.rest = rest }
    }

    func note(_ status: BotStatus) {
        entries.withLock { entries in
            entries[status.bot]?.isOnline = status.state == .online
            entries[status.bot]?.reason = status.reason
        }
    }

    func rest(of bot: BotID) -> BotREST? {
        entries.withLock { $0[bot]?.rest }
    }

    func isOnline(_ bot: BotID) -> Bool {
        entries.withLock { $0[bot]?.isOnline ?? false }
    }

    func applicationID(of bot: BotID) -> ApplicationID? {
        entries.withLock { $0[bot]?.identity?.application }
    }

    func identity(of bot: BotID) -> BotIdentity? {
        entries.withLock { $0[bot]?.identity }
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
