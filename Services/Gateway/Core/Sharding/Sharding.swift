import MessageBus
import Synchronization

/// The process's shard plan, and which of its shards it has the right to run.
///
/// The plan is decided before the bots start, and again when Discord wants more shards. The right to a shard, of all bots
/// together, is a lease: processes may have the same shards in their plans, and one of them stands by.
final class Sharding: Sendable {
    private struct State {
        var plan = ShardPlan.single
        var held: Set<Int> = []
        var waiters: [Int: Signal] = [:]
    }

    private let setting: ShardingSetting
    private let state = Mutex(State())
    private let (changed, changeSink) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(_ setting: ShardingSetting) {
        self.setting = setting
    }

    // MARK: - The plan

    var plan: ShardPlan { state.withLock { $0.plan } }

    /// Whether Discord's recommendation decides.
    var isAutomatic: Bool { setting == .automatic }

    /// One element when the plan has changed under running bots. It has one consumer.
    var changes: AsyncStream<Void> { changed }

    /// Decides the first plan.
    ///
    /// - Parameters:
    ///   - current: with how many shards the sessions were begun that can be taken up; 1 without any.
    ///   - recommended: what Discord says of each bot.
    func begin(current count: Int, recommended: [Int]) {
        state.withLock { $0.plan = setting.plan(current: count, recommended: recommended) }
    }

    /// Discord has refused a session for having too few shards.
    ///
    /// - Returns: whether there is a new plan; without one an operator has to act.
    func refused(_ before: ShardPlan, recommended: Int) -> Bool {
        let isNew = state.withLock { state in
            // Another bot was told so too, and was faster.
            guard state.plan == before else { return true }
            state.plan = setting.plan(current: before.count, recommended: [recommended], isRefused: true)
            return state.plan != before
        }
        if isNew { changeSink.yield() }
        return isNew
    }

    // MARK: - The right to a shard

    /// Whether the process runs the shard, of every bot.
    func holds(_ shard: Int) -> Bool { state.withLock { $0.held.contains(shard) } }

    func took(_ shard: Int) {
        let waiter = state.withLock { state in
            state.held.insert(shard)
            return state.waiters.removeValue(forKey: shard)
        }
        waiter?.set()
    }

    func lost(_ shard: Int) {
        state.withLock { _ = $0.held.remove(shard) }
    }

    /// Waits until the process has the shard, or the task is cancelled.
    func untilHeld(_ shard: Int) async throws {
        while true {
            let signal = state.withLock { state -> Signal? in
                if state.held.contains(shard) { return nil }
                let signal = state.waiters[shard] ?? Signal()
                state.waiters[shard] = signal
                return signal
            }
            try Task.checkCancellation()
            guard let signal else { return }
            await withTaskCancellationHandler {
                await signal.wait()
            } onCancel: {
                // Others that wait for it look again.
                self.state.withLock { state in
                    if state.waiters[shard] === signal { state.waiters[shard] = nil }
                }
                signal.set()
            }
        }
    }
}
