import Synchronization

/// The budget of invalid requests of this process, shared by its bots: Discord counts them by address.
package final class InvalidRequestGuard: Sendable {
    private let budget: Mutex<InvalidRequestBudget>

    /// - Parameter ceiling: invalid answers in ten minutes at which sending stops (Discord's own is 10,000).
    package init(ceiling: Int = 5000) {
        budget = Mutex(InvalidRequestBudget(ceiling: ceiling, now: .now))
    }

    /// Whether nothing may be sent.
    package var isExhausted: Bool {
        budget.withLock { $0.isExhausted(.now) }
    }

    /// Invalid answers of the last ten minutes.
    package var count: Int {
        budget.withLock { $0.count(.now) }
    }

    func note() {
        budget.withLock { $0.note(.now) }
    }
}
