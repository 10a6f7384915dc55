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
    private let database: PostgresClient
    private let turns: Turns
    private let worker: String
    private let wakeup = Wakeup()
    private let running = Mutex(0)
    private let isStopping = Mutex(false)
    /// How long running turns may go on once the service stops; then they are given back.
    private let grace: Duration = .seconds(6)

    /// - Parameter worker: Names this process in the rows that it works on.
    package init(runner: TurnRunner, database: PostgresClient, worker: String) {
        self.runner = runner
        self.database = database
        turns = Turns(database)
        self.worker = worker
    }

    /// Works until the service stops.
    package func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.listen() }
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

    /// Hears of new turns, of all workers, as soon as they are committed. Without it they are found a little later.
    private func listen() async {
        try? await database.withNotifications(on: ["turns"]) { notifications in
            for await _ in notifications { wakeup.signal() }
        }
    }

    /// Claims a turn, or waits a little; nil when there is none yet.
    private func nextTurn() async -> Turn? {
        guard running.withLock({ $0 }) < runner.configuration.concurrency else {
            await wakeup.wait()
            return nil
        }
        do {
            if let turn = try await turns.claim(worker: worker, lifetime: runner.configuration.lease) { return turn }
        } catch {
            runner.logger.debug("No turn can be claimed", metadata: [LogKey.error: "\(error)"])
        }
        await wakeup.wait(atMost: runner.configuration.pollInterval, clock: runner.clock)
        return nil
    }

    private func carryOut(_ turn: Turn) async {
        do {
            try await runner.run(turn)
        } catch let error as StoreError where error.code == .fenceLost {
            runner.metrics.lostClaims.increment()
            runner.logger.notice("Another worker has taken a turn over", metadata: runner.metadata(turn))
        } catch {
            runner.logger.notice("A turn was interrupted", metadata: runner.metadata(turn, [LogKey.error: "\(error)"]))
            // The task may be cancelled, and a cancelled task cannot talk to the database: a task of its own, waited for.
            let turns = turns
            await Task {
                // When this fails too, the claim runs out and the turn is claimed anew.
                try? await turns.giveBack(turn, restFor: .milliseconds(200), because: "interrupted: \(error)")
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
