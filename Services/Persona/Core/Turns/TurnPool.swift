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
    /// Nil: it takes whatever there is.
    private let routing: TurnRouting?
    private let wake = Wake()
    private let running = Mutex(0)
    private let isStopping = Mutex(false)
    /// Turns that were cut off by the pool's own end.
    private let interrupted = Mutex<[Turn]>([])
    /// How long running turns may go on once the service stops; then they are given back.
    private let grace: Duration
    /// How long giving them back may take; a service has ten seconds to stop in.
    private let farewell: Duration = .seconds(1)

    /// - Parameter worker: Names this process in the rows that it works on.
    package init(
        runner: TurnRunner,
        database: PostgresClient,
        worker: String,
        routing: TurnRouting? = nil,
        grace: Duration = .seconds(6)
    ) {
        self.runner = runner
        self.routing = routing
        self.grace = grace
        self.database = database
        turns = Turns(database)
        self.worker = worker
    }

    /// How many turns it works at.
    package var runningCount: Int { running.withLock { $0 } }

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
            await giveBackInterrupted()
        } onCancelOrGracefulShutdown: {
            self.isStopping.withLock { $0 = true }
            self.wake.signal()
        }
    }

    /// Hears of new turns, of all workers, as soon as they are committed. Without it they are found a little later.
    private func listen() async {
        try? await database.withNotifications(on: ["turns"]) { notifications in
            for await _ in notifications { wake.signal() }
        }
    }

    /// Claims a turn, or waits a little; nil when there is none yet.
    private func nextTurn() async -> Turn? {
        guard running.withLock({ $0 }) < runner.configuration.concurrency else {
            await wake.wait()
            return nil
        }
        do {
            if let turn = try await claim() { return turn }
        } catch {
            runner.logger.debug("No turn can be claimed", metadata: [LogKey.error: "\(error)"])
        }
        await wake.wait(atMost: runner.configuration.pollInterval, clock: runner.clock)
        return nil
    }

    private func claim() async throws -> Turn? {
        let lifetime = runner.configuration.lease
        guard let routing, routing.selects else { return try await turns.claim(worker: worker, lifetime: lifetime) }
        let open = try await turns.claimablePlaces()
        guard !open.isEmpty else { return nil }
        let load = Double(runningCount) / Double(runner.configuration.concurrency)
        return try await turns.claim(
            worker: worker,
            lifetime: lifetime,
            among: await routing.claimable(of: open, load: load)
        )
    }

    private func carryOut(_ turn: Turn) async {
        do {
            try await runner.run(turn)
        } catch let error as StoreError where error.code == .fenceLost {
            runner.metrics.lostClaims.increment()
            runner.logger.notice("Another worker has taken a turn over", metadata: runner.metadata(turn))
        } catch {
            runner.logger.notice("A turn was interrupted", metadata: runner.metadata(turn, [LogKey.error: "\(error)"]))
            // A cancelled task cannot talk to the database: what the pool's own end cuts off is left to `run`.
            guard !Task.isCancelled else { return interrupted.withLock { $0.append(turn) } }
            await giveBack(turn, because: "interrupted: \(error)")
        }
    }

    /// When this fails, the claim runs out and the turn is claimed anew.
    private func giveBack(_ turn: Turn, because reason: String) async {
        try? await turns.giveBack(turn, restFor: .milliseconds(200), because: reason)
    }

    /// Leaves to other workers, or to the next process, what this one could not finish; also when we are cancelled.
    private func giveBackInterrupted() async {
        let left = interrupted.withLock { turns in
            defer { turns = [] }
            return turns
        }
        try? await withFarewell(farewell) {
            for turn in left { await self.giveBack(turn, because: "its worker stopped") }
        }
    }

    /// Lets running turns come to their end for a while.
    private func finishRunning() async {
        let end = ContinuousClock.now + grace
        while running.withLock({ $0 }) > 0, ContinuousClock.now < end, !Task.isCancelled {
            await wake.wait(atMost: end - .now, clock: ContinuousClock())
        }
    }

    private func add(_ change: Int) {
        let count = running.withLock { running in
            running += change
            return running
        }
        runner.metrics.running.set(count)
        if change < 0 { wake.signal() }
    }
}
