import BusContract
package import DiscordModel
package import Logging
package import MessageBus
import ServiceKit
import ServiceLifecycle
import Synchronization

/// Which Discord users our bots are.
///
/// Asked from the gateway and never forgotten: a bot that is logging in again keeps its user.
package final class FleetDirectory: Service, Sendable {
    private struct State: Sendable {
        var users: [UserID: BotID] = [:]
        /// Bots whose user is not known although they are about to log in.
        var pending: Set<BotID> = []
        var isKnown = false
    }

    private let bus: BusConnection
    private let logger: Logger
    private let state = Mutex(State())

    package init(bus: BusConnection, logger: Logger) {
        self.bus = bus
        self.logger = logger
    }

    /// Our bots by their users; nil as long as the gateway has never answered.
    package var bots: [UserID: BotID]? {
        state.withLock { $0.isKnown ? $0.users : nil }
    }

    /// Whether a bot's user may still become known in a moment.
    package var isIncomplete: Bool {
        state.withLock { !$0.isKnown || !$0.pending.isEmpty }
    }

    /// The Discord user of a bot.
    package func user(of bot: BotID) -> UserID? {
        state.withLock { $0.users.first { $0.value == bot }?.key }
    }

    /// Follows the fleet until the service stops.
    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                let isComplete = await self.refresh()
                try await Task.sleep(for: isComplete ? .seconds(30) : .seconds(1))
            }
        }
    }

    /// Asks the gateway once.
    ///
    /// - Returns: Whether every bot's user is known now.
    @discardableResult
    package func refresh() async -> Bool {
        do {
            take(try await bus.request(FleetStatus(), timeout: .seconds(3)))
        } catch {
            logger.debug("The gateway does not say which bots there are", metadata: [LogKey.error: "\(error)"])
        }
        return !isIncomplete
    }

    private func take(_ fleet: Fleet) {
        state.withLock { state in
            state.isKnown = true
            state.pending = []
            for bot in fleet.bots {
                if let user = bot.user {
                    state.users[user] = bot.bot
                } else if bot.state == .connecting || bot.state == .resuming {
                    state.pending.insert(bot.bot)
                }
            }
        }
    }
}
