import BusContract
import DiscordREST
import Logging
import Postgres
import ServiceKit
import Store

/// Keeps the count of invalid requests in the database, for the processes after this one and beside it.
///
/// A process that crashes and comes back again and again would begin at 0 each time. It begins at what the table has
/// instead: `restore` reads it before the first request to Discord, and without the database there is no request.
/// What is noted is written at once, so that a crash loses the few of some milliseconds. The ceiling is half of
/// Discord's 10,000, and the supervisor's back-off makes a few hundred crashes in ten minutes at most: lost counts
/// cannot fill the other half.
struct InvalidRequestKeeper: Sendable {
    let guardian: InvalidRequestGuard
    let alarms: BudgetAlarms
    let database: PostgresClient
    let logger: Logger

    /// Reads what was counted before this process.
    func restore() async throws(PostgresError) {
        note(total: try await InvalidRequests(database).add(0))
    }

    /// Works until cancelled.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                for await _ in guardian.notes { await save() }
            }
            group.addTask {
                // What others have had, and what could not be written before.
                while true {
                    try await Task.sleep(for: .seconds(30))
                    await save()
                    alarms.expire()
                }
            }
        }
    }

    private func save() async {
        let count = guardian.takeUnsaved()
        do {
            note(total: try await InvalidRequests(database).add(count))
        } catch {
            guardian.returned(count)
            logger.debug("invalid requests are not stored yet", metadata: [LogKey.error: "\(error)"])
        }
    }

    private func note(total: Int) {
        guardian.saved(total: total)
        alarms.note(.invalidRequests, used: guardian.count, limit: guardian.ceiling, life: .seconds(600))
    }
}
