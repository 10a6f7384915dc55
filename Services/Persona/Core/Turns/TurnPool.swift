import Logging
package import Postgres
import ServiceKit
import ServiceLifecycle
import Store
import Synchronization

/// Claims turns and has them carried out, so many at a time; any number of processes share the work.
///
/// Nothing is claimed that cannot begin at once, so what waits stays in the database, for whoever is free first.
package final class TurnPool: Service, Sendable {
    private let runner: TurnRunner
    private let turns: Turns
    private let holder: String
    private let wakeup = Wakeup()
    private let running = Mutex(0)
    private let isStopping = Mutex(false)
    /// Looks that follow one another quickly, since turns are announced a moment before they can be seen.
    private static let hurriedLooks: [Duration] = [
        .milliseconds(150), .milliseconds(60), .milliseconds(25), .milliseconds(10),
    ]
    private let looks = Mutex(0)
    /// How long running turns may go on once the service stops; their claims are given back then.
    private let grace: Duration = .seconds(6)

    /// - Parameter holder: Names this process in the rows that it works on.
    package init(runner: TurnRunner, database: any QueryExecutor, holder: String) {
        self.runner = runner
        turns = Turns(database)
        self.holder = holder
    }

    /// A turn is about to be committed: it need not wait for the next look.
    package func wake() {
        looks.withLock { $0 = Self.hurriedLooks.count }
        wakeup.signal()
    }

    /// Works until the service stops.
    package func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                while !isStopping.withLock({ $0 }) {
                    guard let turn = await nextTurn() else { continue }
                    add(1)
                    group.addTask {
                        await self.carryOut(turn)
                        self.add(-1)
                    }
                }
                await finishRunning()
                group.cancelAll()
            }
        } onCancelOrGracefulShutdown: {
            self.isStopping.withLock { $0 = true }
            self.wakeup.signal()
        }
    }

    /// Claims a turn, or waits a little; nil when there is none yet.
    private func nextTurn() async -> Turn? {
        guard running.withLock({ $0 }) < runner.configuration.concurrency else {
            await wakeup.wait()
            return nil
        }
        do {
            if let turn = try await turns.claim(holder: holder, lease: runner.configuration.lease) { return turn }
        } catch {
            runner.logger.debug("No turn can be claimed", metadata: [LogKey.error: "\(error)"])
        }
        let hurry = looks.withLock { looks -> Duration? in
            guard looks > 0 else { return nil }
            looks -= 1
            return Self.hurriedLooks[looks]
        }
        await wakeup.wait(atMost: hurry ?? runner.configuration.pollInterval, clock: runner.clock)
        return nil
    }

    private func carryOut(_ turn: Turn) async {
        do {
            try await runner.run(turn)
        } catch is TurnClaimLost {
            runner.metrics.lostClaims.increment()
            runner.logger.notice("Another worker has taken a turn over", metadata: runner.metadata(turn))
        } catch {
            runner.logger.notice("A turn was interrupted", metadata: runner.metadata(turn, [LogKey.error: "\(error)"]))
            // The task may be cancelled, and a cancelled task cannot talk to the database: a task of its own, waited for.
            let turns = turns
            await Task {
                // When this fails too, the lease runs out and the turn is claimed anew.
                try? await turns.release(turn, retryIn: .milliseconds(200), because: "interrupted: \(error)")
            }.value
        }
    }

    /// Lets running turns come to their end for a while.
    private func finishRunning() async {
        let end = ContinuousClock.now + grace
        while running.withLock({ $0 }) > 0, ContinuousClock.now < end, !Task.isCancelled {
            await wakeup.wait(atMost: end - .now, clock: ContinuousClock())
        }
    }

    private func add(_ change: Int) {
        let count = running.withLock { running in
            running += change
            return running
        }
        runner.metrics.running.set(count)
        if change < 0 { wakeup.signal() }
    }
}
