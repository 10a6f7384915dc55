import BusContract
import DiscordModel
import FoundationEssentials
import ServiceKit
import Synchronization

/// How one bot is, for the fleet's status, the health page and the bus.
final class BotStatusBoard: Sendable {
    private let state: Mutex<BotStatus>
    private let health: HealthComponent
    private let onChange: @Sendable (BotStatus) -> Void

    init(bot: BotID, isPrimary: Bool, health: HealthComponent, onChange: @escaping @Sendable (BotStatus) -> Void) {
        state = Mutex(BotStatus(bot: bot, state: .stopped, primary: isPrimary, since: Self.now))
        self.health = health
        self.onChange = onChange
    }

    var current: BotStatus { state.withLock { $0 } }

    func report(_ newState: BotState, _ reason: String) {
        let changed = state.withLock { status -> BotStatus? in
            guard status.state != newState || status.reason != reason else { return nil }
            if status.state != newState { status.since = Self.now }
            status.state = newState
            status.reason = reason
            return status
        }
        guard let changed else { return }
        switch newState {
        // A bot that is meant to be away is no fault of the process's.
        case .online, .stopped: health.ready(reason.isEmpty ? newState.rawValue : reason)
        default: health.notReady(reason.isEmpty ? newState.rawValue : reason)
        }
        onChange(changed)
    }

    func identify(_ identity: BotIdentity) {
        state.withLock { status in
            status.user = identity.user
            status.username = identity.username
            status.application = identity.application
        }
    }

    private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}
