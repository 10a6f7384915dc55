import BusContract
import DiscordModel
import Logging
import MessageBus
import Postgres
import ServiceKit
import Store

/// All bots of the process.
struct Troupe: Sendable {
    let bots: [Bot]
    let database: PostgresClient
    let observers: Observers
    let logger: Logger

    func bot(_ id: BotID) -> Bot? {
        bots.first { $0.id == id }
    }

    /// Runs every bot until cancelled; one that fails for good takes no other along.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for bot in bots { group.addTask { try await bot.run() } }
            group.addTask { try await keepObservers() }
        }
    }

    /// Sees to it that each guild has an observer that can observe, and that the table says so.
    private func keepObservers() async throws {
        var lacking: [BotID: Int] = [:]
        while true {
            try await Task.sleep(for: .seconds(2))
            let usable = bots.filter(\.isUsable).sorted { $0.configuration.isPrimary && !$1.configuration.isPrimary }
                .map(\.id)
            let needy = observers.reassign(usable: usable)
            for bot in bots {
                // A session costs one of a day's thousand: only for a want that lasts, and only when it is online.
                lacking[bot.id] = needy.contains(bot.id) ? (lacking[bot.id] ?? 0) + 1 : 0
                if lacking[bot.id] == 5, bot.session?.isOnline == true {
                    lacking[bot.id] = -25
                    bot.session?.identifyAnew("the bot observes a guild now and needs the intents for it")
                }
            }
            do {
                for bot in bots {
                    let status = bot.status.current
                    try await Bots(database).observe(bot.id, state: status.state.rawValue, reason: status.reason)
                    if let user = status.user, let application = status.application {
                        try await Bots(database).identify(
                            bot.id,
                            user: user,
                            application: application,
                            username: status.username,
                            shards: 1
                        )
                    }
                }
                try await observers.save(to: database)
            } catch let error as PostgresError {
                logger.debug("observers are not stored yet", metadata: [LogKey.error: "\(error)"])
            }
        }
    }

    // MARK: - Requests

    func status() -> BusContract.Fleet {
        BusContract.Fleet(bots: bots.map(\.currentStatus))
    }

    /// - Throws: `RequestFailure` for a bot or an action that is not known.
    func control(_ request: ControlBot) async throws -> BotStatus {
        guard let bot = bot(request.bot) else {
            throw RequestFailure(code: "unknown-bot", message: "there is no bot \(request.bot)")
        }
        switch request.action {
        case .start, .restart:
            _ = try await Bots(database).setDesired(.running, of: bot.id)
            if request.action == .start { bot.start() } else { bot.restart() }
        case .stop:
            _ = try await Bots(database).setDesired(.stopped, of: bot.id)
            bot.stop()
        default:
            throw RequestFailure(code: "unknown-action", message: "there is no action \(request.action.rawValue)")
        }
        return bot.currentStatus
    }

    /// - Throws: `RequestFailure` if the bot is not there to do it.
    func updateVoiceState(_ request: UpdateVoiceState) throws -> Acknowledgement {
        guard let bot = bot(request.bot) else {
            throw RequestFailure(code: "unknown-bot", message: "there is no bot \(request.bot)")
        }
        guard let session = bot.session, session.isOnline else {
            throw RequestFailure(code: "bot-offline", message: "\(request.bot) is not online")
        }
        session.updateVoiceState(
            guild: request.guild,
            channel: request.channel,
            selfMute: request.selfMute,
            selfDeaf: request.selfDeaf
        )
        return Acknowledgement()
    }
}
