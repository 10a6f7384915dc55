import Logging
import Postgres
import ServiceKit
import ServiceLifecycle
import Store

/// Removes jobs that nobody will ask about any more.
struct JobHousekeeping: Service {
    private static let interval = Duration.seconds(3600)
    private static let retention = Duration.seconds(30 * 86_400)

    let database: PostgresClient
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                do {
                    try await Jobs(database).prune(olderThan: Self.retention)
                } catch let error as PostgresError {
                    logger.debug("old jobs are not removed yet", metadata: [LogKey.error: "\(error)"])
                }
                try await Task.sleep(for: Self.interval)
            }
        }
    }
}
