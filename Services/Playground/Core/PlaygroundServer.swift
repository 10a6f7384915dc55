import NIOCore
import ServiceKit
import ServiceLifecycle
import Simulation

#if canImport(Glibc)
import Glibc
#endif

/// One of the playground's servers: tells where it listens, and whether it does.
struct PlaygroundServer: Service {
    private let server: SimulationServer
    private let health: HealthComponent
    private let portVariable: String
    private let port: Int
    private let announce: @Sendable (String) -> Void

    init(
        _ server: SimulationServer,
        health: HealthComponent,
        portVariable: String,
        port: Int,
        announce: @escaping @Sendable (_ url: String) -> Void
    ) {
        self.server = server
        self.health = health
        self.portVariable = portVariable
        self.port = port
        self.announce = announce
    }

    func run() async throws {
        health.notReady("does not listen yet")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let url = try await server.baseURL()
                health.ready()
                announce(url)
            }
            do {
                // Clients stay connected for ever, and none of them has anything to finish: a stop cuts them.
                try await server.run()
                group.cancelAll()
            } catch let error as IOError where error.errnoCode == EADDRINUSE {
                group.cancelAll()
                throw ConfigurationError(key: portVariable, expected: "a free port", found: "\(port), which is in use")
            }
        }
    }
}
