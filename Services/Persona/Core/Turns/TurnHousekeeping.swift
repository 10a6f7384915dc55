import Logging
import Postgres
import ServiceKit
import ServiceLifecycle
import Store

/// Counts what waits, and removes old turns.
struct TurnHousekeeping: Service {
    private static let countInterval: Duration = .seconds(5)
    private static let removalInterval: Duration = .seconds(3600)

    let turns: Turns
    let retention: Duration
    let metrics: MetricsRegistry
    let logger: Logger

    func run() async throws {
        let open = metrics.gauge("persona_turns_open", help: "Turns that wait or run, in all workers.")
        let oldest = metrics.gauge("persona_turn_oldest_seconds", help: "How long the oldest of them has been open.")
        try? await cancelWhenGracefulShutdown {
            var removed: ContinuousClock.Instant?
            while true {
                do {
                    let backlog = try await turns.backlog()
                    open.set(backlog.open)
                    oldest.set(backlog.oldest.seconds)
                    if removed.map({ $0.duration(to: .now) > Self.removalInterval }) ?? true {
                        try await turns.removeFinished(olderThan: retention)
                        removed = .now
                    }
                } catch let error as PostgresError {
                    logger.debug("Turns could not be counted", metadata: [LogKey.error: "\(error)"])
                }
                try await Task.sleep(for: Self.countInterval)
            }
        }
    }
}
