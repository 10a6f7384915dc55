import BusContract
import DiscordModel
import FoundationEssentials
import Logging
import MessageBus
import ServiceKit
import Synchronization

/// Tells the operator when an allowance of Discord's runs out: in the log, on the health page, as a metric and on the bus.
final class BudgetAlarms: Sendable {
    private let bus: BusConnection
    private let health: HealthRegistry
    private let metrics: MetricsRegistry
    private let logger: Logger
    private let watch = Mutex(BudgetWatch())

    init(bus: BusConnection, health: HealthRegistry, metrics: MetricsRegistry, logger: Logger) {
        self.bus = bus
        self.health = health
        self.metrics = metrics
        self.logger = logger
    }

    /// Takes what was read of a budget.
    ///
    /// - Parameters:
    ///   - limit: at how many nothing more is sent.
    ///   - life: after which time what was used is forgotten, at the latest.
    func note(_ kind: BudgetKind, of bot: BotID? = nil, used: Int, limit: Int, life: Duration) {
        let labels = ["budget": kind.rawValue, "bot": bot?.rawValue ?? ""]
        metrics.gauge(
            "ensemble_gateway_budget_used",
            help: "What is used of an allowance of Discord's",
            labels: labels
        ).set(used)
        metrics.gauge(
            "ensemble_gateway_budget_limit",
            help: "At how much of an allowance nothing more is sent",
            labels: labels
        ).set(limit)
        let budget = BudgetWatch.Budget(kind: kind, bot: bot)
        let reading = BudgetWatch.Reading(used: used, limit: limit, clears: .now + life)
        if let change = watch.withLock({ $0.note(reading, of: budget) }) { tell(change) }
    }

    /// Takes alarms back whose time has passed; call it every few seconds.
    func expire() {
        for change in watch.withLock({ $0.expire(.now) }) { tell(change) }
    }

    private func tell(_ change: BudgetWatch.Change) {
        let (budget, reading) = (change.budget, change.reading)
        let left = max(reading.clears - .now, .zero)
        bus.publish(
            BudgetAlarm(
                budget: budget.kind,
                bot: budget.bot,
                level: reading.level,
                used: reading.used,
                limit: reading.limit,
                clearsAt: Int64(Date().timeIntervalSince1970 * 1_000) + Int64(left.milliseconds)
            )
        )
        let name = ["budget", budget.kind.rawValue, budget.bot?.rawValue].compactMap(\.self).joined(separator: ".")
        let text = "\(reading.used) of \(reading.limit) \(Self.unit(budget.kind))"
        let metadata: Logger.Metadata = ["bot": "\(budget.bot?.rawValue ?? "all")", "clearsIn": "\(left)"]
        switch reading.level {
        case .exhausted:
            health.component(name).notReady("\(text): nothing more is sent")
            logger.critical("an allowance of Discord's is used up, nothing more is sent: \(text)", metadata: metadata)
        case .critical:
            health.component(name).ready("nearly used up: \(text)")
            logger.error("an allowance of Discord's is nearly used up: \(text)", metadata: metadata)
        case .high:
            health.component(name).ready("\(text)")
            // On its way down it is no news.
            guard change.before == .calm else { return }
            logger.warning("half of an allowance of Discord's is used: \(text)", metadata: metadata)
        default:
            health.remove(name)
            logger.notice("an allowance of Discord's has recovered: \(text)", metadata: metadata)
        }
    }

    private static func unit(_ kind: BudgetKind) -> String {
        switch kind {
        case .identifies: "sessions of a day"
        case .invalidRequests: "refused calls of ten minutes"
        default: kind.rawValue
        }
    }
}
