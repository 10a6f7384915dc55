import DiscordModel
import Logging
import ServiceKit
import Synchronization

/// Tells an operator of requests to the interactions endpoint that were not taken: of each kind one line a minute, so that
/// nobody outside can fill the log.
final class RefusalLog: Sendable {
    private struct Kind: Hashable {
        let bot: BotID
        let outcome: InteractionEndpoint.Outcome
    }

    private struct Last {
        var at: ContinuousClock.Instant
        var silent = 0
    }

    private static let interval: Duration = .seconds(60)

    private let logger: Logger
    private let last = Mutex<[Kind: Last]>([:])

    init(logger: Logger) {
        self.logger = logger
    }

    func note(_ outcome: InteractionEndpoint.Outcome, of bot: BotID) {
        guard let (level, message) = Self.line(outcome) else { return }
        let now = ContinuousClock.now
        let silent = last.withLock { last -> Int? in
            let kind = Kind(bot: bot, outcome: outcome)
            if let known = last[kind], now - known.at < Self.interval {
                last[kind]?.silent += 1
                return nil
            }
            defer { last[kind] = Last(at: now) }
            return last[kind]?.silent ?? 0
        }
        guard let silent else { return }
        logger.log(
            level: level,
            message,
            metadata: [LogKey.bot: "\(bot)", "why": "\(outcome.name)", "unmentioned": "\(silent)"]
        )
    }

    private static func line(_ outcome: InteractionEndpoint.Outcome) -> (Logger.Level, Logger.Message)? {
        switch outcome {
        case .accepted:
            nil
        case .pong:
            (.info, "Discord has asked for the interactions endpoint, and was answered")
        case .refused(.stale), .refused(.future):
            (
                .warning,
                """
                an interaction was refused: its timestamp is over \(InteractionAdmission.tolerance) s away; is this \
                machine's clock right?
                """
            )
        case .refused(.wrongSignature):
            // Discord tries it now and then.
            (
                .info,
                """
                a request with a wrong signature was refused; if commands fail, the URL names another bot, or \
                public_key in fleet.yaml is wrong
                """
            )
        case .refused:
            (.info, "a request to the interactions endpoint was refused")
        case .tooLong, .tooSlow:
            (.info, "a request to the interactions endpoint was not read to its end")
        case .unknownBot:
            nil
        case .botStopped:
            (.warning, "an interaction was refused: its bot is stopped or has not logged in yet")
        case .keyUnknown:
            (
                .warning,
                "an interaction cannot be verified before the bot has logged in once; public_key in fleet.yaml helps"
            )
        case .busy, .notTaken:
            (.error, "an interaction was not taken, its member sees a failure: the gateway is busy or stopping")
        }
    }
}
