import Synchronization

/// The process's shard plan: decided before the bots start, and again when Discord wants more shards.
final class Sharding: Sendable {
    private let setting: ShardingSetting
    private let current = Mutex(ShardPlan.single)
    private let (changed, changeSink) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(_ setting: ShardingSetting) {
        self.setting = setting
    }

    var plan: ShardPlan { current.withLock { $0 } }

    /// Whether Discord's recommendation decides.
    var isAutomatic: Bool { setting == .automatic }

    /// One element when the plan has changed under running bots. It has one consumer.
    var changes: AsyncStream<Void> { changed }

    /// The first plan.
    ///
    /// - Parameters:
    ///   - current: with how many shards the sessions were begun that can be taken up; 1 without any.
    ///   - recommended: what Discord says of each bot.
    func begin(current count: Int, recommended: [Int]) -> ShardPlan {
        current.withLock { plan in
            plan = setting.plan(current: count, recommended: recommended)
            return plan
        }
    }

    /// Discord has refused a session for having too few shards.
    ///
    /// - Returns: whether there is a new plan; without one an operator has to act.
    func refused(_ before: ShardPlan, recommended: Int) -> Bool {
        let isNew = current.withLock { plan in
            // Another bot was told so too, and was faster.
            guard plan == before else { return true }
            plan = setting.plan(current: before.count, recommended: [recommended], isRefused: true)
            return plan != before
        }
        if isNew { changeSink.yield() }
        return isNew
    }
}
