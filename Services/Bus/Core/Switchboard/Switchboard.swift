// The service `bus`.
//
// Purpose: the one place that publishers, subscribers, callers and workers connect to. State owned here: who is
// connected, which subscriptions there are, and the requests on their way; all of it in memory and rebuilt by the peers
// after a restart. What it may pass on is decided by `AccessPolicy` from the contract's catalogue; a new decision about
// requests belongs to `Broker`, which does no I/O.

import Glibc
package import Logging
import MessageBus
package import ServiceKit
import ServiceLifecycle
import Synchronization
import ZeroMQ

/// The switchboard: binds the three sockets and serves them until it is told to stop.
package final class Switchboard: Service, Sendable {
    private let sockets: SwitchboardSockets
    private let opened = Signal()
    private let logger: Logger

    /// - Throws: `ConfigurationError` when it shall listen on TCP without keys, `ZeroMQError` when the system has no
    ///   descriptor left for the thread's doorbell.
    package init(configuration: SwitchboardConfiguration, logger: Logger, metrics: MetricsRegistry) throws {
        try configuration.check()
        self.logger = logger
        sockets = try SwitchboardSockets(
            configuration: configuration,
            logger: logger,
            metrics: SwitchboardMetrics(metrics)
        )
    }

    /// Returns once the sockets are bound, or cannot be.
    package func waitUntilOpen() async {
        await opened.wait()
    }

    /// Serves until graceful shutdown or cancellation.
    ///
    /// - Throws: `ZeroMQError` when an endpoint cannot be bound, or the sockets' folder is not ours alone;
    ///   `ConfigurationError` when the address is none of this machine's.
    package func run() async throws {
        let ended = Signal()
        let failure = Mutex<(any Error)?>(nil)
        let hasOpened = Atomic<Bool>(false)
        let sockets = self.sockets
        let opened = self.opened
        try sockets.thread.start {
            sockets.assumeIsolated { sockets in
                if hasOpened.exchange(true, ordering: .relaxed) { return sockets.turn() }
                defer { opened.set() }
                do {
                    try sockets.open()
                    return true
                } catch {
                    failure.withLock { $0 = error }
                    return false
                }
            }
        } ended: {
            ended.set()
        }
        await withTaskCancellationOrGracefulShutdownHandler {
            await ended.wait()
        } onCancelOrGracefulShutdown: {
            sockets.close()
        }
        guard let error = failure.withLock({ $0 }) else { return }
        if let error = error as? ZeroMQError, error.code == .badEndpoint || error.number == EADDRNOTAVAIL {
            throw ConfigurationError(
                key: "ENSEMBLE_BUS",
                expected: "ipc://<folder>, or tcp://<an address of this machine as a number, or *>:<port>",
                found: "one that cannot be listened on: \(error)"
            )
        }
        throw error
    }
}
