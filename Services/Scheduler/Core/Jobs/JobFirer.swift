import BusContract
import Logging
import MessageBus
import Postgres
import ServiceKit
import ServiceLifecycle
import Store

/// Fires jobs when they are due: at least once each, until their target has acknowledged them.
///
/// Several schedulers may run: a job is claimed by one of them for a while. It is woken by the table's notifications and
/// by the clock, whichever comes first.
struct JobFirer: Service {
    /// How long a claimed job stays with the scheduler that claimed it.
    static let claim: Duration = .seconds(30)
    /// Without anything due, the table is read after this time all the same.
    static let longestWait: Duration = .seconds(20)
    /// After so many attempts a job is given up; with the waits below that is more than a day.
    static let attempts = 40
    private static let batch = 50

    let database: PostgresClient
    let bus: BusConnection
    let logger: Logger
    let fired: Counter
    let failed: Counter

    func run() async throws {
        let wake = Wake()
        try? await cancelWhenGracefulShutdown {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { try await watch(wake) }
                group.addTask { try await fireForever(wake) }
            }
        }
    }

    /// Wakes the firing task whenever a job has been scheduled, and after each reconnect.
    private func watch(_ wake: Wake) async throws {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(5))
        while true {
            do {
                try await database.withNotifications(on: ["jobs"]) { notifications in
                    for try await _ in notifications { wake.signal() }
                }
            } catch let error as PostgresError {
                logger.debug("jobs are not watched", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: backoff.next())
        }
    }

    private func fireForever(_ wake: Wake) async throws {
        var backoff = Backoff(base: .milliseconds(200), cap: .seconds(5))
        while true {
            do {
                let due = try await Jobs(database).claimDue(limit: Self.batch, for: Self.claim)
                if due.isEmpty {
                    let wait = min(try await Jobs(database).untilNext() ?? Self.longestWait, Self.longestWait)
                    await wake.wait(atMost: wait)
                } else {
                    await withDiscardingTaskGroup { group in
                        for job in due { group.addTask { await fire(job) } }
                    }
                }
                backoff.reset()
            } catch let error as PostgresError {
                try Task.checkCancellation()
                logger.warning("jobs cannot be read", metadata: ["error": "\(error)"])
                try await Task.sleep(for: backoff.next())
            }
            try Task.checkCancellation()
        }
    }

    private func fire(_ job: DueJob) async {
        let request = RunJob(
            job: job.id,
            kind: job.kind,
            guild: job.guild,
            data: job.data,
            dueAt: job.dueAt,
            attempt: job.attempt
        )
        let target = ServiceRole(rawValue: job.target)
        do {
            _ = try await bus.request(request, to: .jobs(of: target), timeout: .seconds(10), key: "job:\(job.id)")
            fired.increment()
            try await Jobs(database).finish(job.id)
        } catch {
            failed.increment()
            await postpone(job, error)
        }
    }

    private func postpone(_ job: DueJob, _ error: any Error) async {
        // 1, 2, 4 … seconds, an hour at most.
        let delay: Duration? = job.attempt < Self.attempts ? .seconds(min(1 << min(job.attempt - 1, 12), 3_600)) : nil
        logger.log(
            level: delay == nil ? .error : .warning,
            delay == nil ? "a job was given up" : "a job was not done, it will be fired again",
            metadata: ["job": "\(job.id)", "kind": "\(job.kind)", "target": "\(job.target)", "error": "\(error)"]
        )
        do {
            try await Jobs(database).postpone(job.id, by: delay, error: "\(error)")
        } catch {
            // The claim runs out by itself, and the job is due again.
            logger.debug("a job was not postponed", metadata: ["job": "\(job.id)", "error": "\(error)"])
        }
    }
}
