package import BusContract
package import Logging
package import MessageBus
import ServiceKit
import ServiceLifecycle

/// Serves a service's commands on the bus, and tells the gateway which ones there are.
package struct CommandService: Service {
    private let router: CommandRouter
    private let role: ServiceRole
    private let bus: BusConnection
    private let logger: Logger

    /// The release that manifests belong to: an older service never overwrites what a newer one declared.
    package static let version: Int64 = 1

    package init(router: CommandRouter, role: ServiceRole, bus: BusConnection, logger: Logger) {
        self.router = router
        self.role = role
        self.bus = bus
        self.logger = logger
    }

    package func run() async throws {
        let router = router
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try await bus.serve(HandleInteraction.self, at: .commands(of: role), capacity: 256) { request, _ in
                    await router.reply(to: request)
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
