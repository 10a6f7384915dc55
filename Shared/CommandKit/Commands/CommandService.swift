package import BusContract
package import Logging
package import MessageBus
package import ServiceKit
import ServiceLifecycle
import Synchronization

/// Serves a service's commands on the bus, and tells the gateway which ones there are.
///
/// They are served at two addresses: the service's, for whichever instance has room, and this instance's own, for what the
/// gateway routes. An instance that does not take everything is not at the first, so that nothing else reaches it, whatever
/// the gateway knows.
package struct CommandService: Service {
    /// Interactions that are handled at the same time, at each address.
    private static let capacity = 256
    private let router: CommandRouter
    private let role: ServiceRole
    private let bus: BusConnection
    private let isRestricted: Bool
    private let health: HealthRegistry
    private let logger: Logger

    /// The release that manifests belong to: an older service never overwrites what a newer one declared.
    package static let version: Int64 = 1

    /// - Parameters:
    ///   - isRestricted: whether there is work of the service that this instance does not take.
    ///   - health: is told how busy the commands keep the process.
    package init(
        router: CommandRouter,
        role: ServiceRole,
        bus: BusConnection,
        isRestricted: Bool,
        health: HealthRegistry,
        logger: Logger
    ) {
        self.router = router
        self.role = role
        self.bus = bus
        self.isRestricted = isRestricted
        self.health = health
        self.logger = logger
    }

    package func run() async throws {
        let router = router
        let running = RunningCount()
        health.work(capacity: Self.capacity) { running.current }
        let common = RequestAddress.commands(of: role)
        let own = common.ofInstance(bus.instance.id)
        try await withThrowingDiscardingTaskGroup { group in
            for address in isRestricted ? [own] : [common, own] {
                group.addTask {
                    try await bus.serve(HandleInteraction.self, at: address, capacity: Self.capacity) { request, _ in
                        running.add(1)
                        defer { running.add(-1) }
                        return await router.reply(to: request)
                    }
                }
            }
            group.addTask { try await declare() }
        }
    }

    /// Declares until the gateway has taken it: the gateway may start after us, or be away.
    private func declare() async throws {
        let declaration = try router.declaration(service: role, version: Self.version)
        try? await cancelWhenGracefulShutdown {
            var backoff = Backoff(base: .milliseconds(200), cap: .seconds(5))
            while true {
                do {
                    _ = try await bus.request(declaration, timeout: .seconds(5))
                    logger.info("commands declared", metadata: ["count": "\(declaration.commands.count)"])
                    return
                } catch let error as BusError {
                    logger.debug("commands not declared yet", metadata: ["error": "\(error)"])
                }
                try await Task.sleep(for: backoff.next())
            }
        }
    }
}

/// How many interactions are being handled.
private final class RunningCount: Sendable {
    private let count = Atomic<Int>(0)

    var current: Int { count.load(ordering: .relaxed) }

    func add(_ change: Int) {
        count.add(change, ordering: .relaxed)
    }
}
