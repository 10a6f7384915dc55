import BusContract
import Logging
import MessageBus
import ServiceHost
package import ServiceKit
import ServiceLifecycle
import ZeroMQ

/// The executable `bus`: the switchboard with settings, log, metrics and health, and without bus or database.
package struct BusService: StandaloneService {
    package static let name = ServiceName.bus

    private let switchboard: Switchboard
    private let health: HealthComponent

    package init(context: RuntimeContext) async throws {
        let configuration = try SwitchboardConfiguration(settings: context.settings)
        switchboard = try Switchboard(
            configuration: configuration,
            logger: context.logs.logger("switchboard"),
            metrics: context.metrics
        )
        health = context.health.component("switchboard")
        health.notReady("binding its sockets")
        if let keys = configuration.keys {
            let services = keys.clients.keys.map(\.rawValue).sorted().joined(separator: " ")
            context.logger.info(
                "log-ins are by key",
                metadata: ["public_key": "\(keys.own.publicKey)", "services": "\(services)"]
            )
        } else if configuration.secrets == nil {
            context.logger.info("no BUS_SECRETS are set: the permissions of the sockets' folder are the only guard")
        }
    }

    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await switchboard.run() }
            await switchboard.waitUntilOpen()
            health.ready()
            try await group.waitForAll()
        }
    }
}
