// Persona: the bots' voices.
//
// Takes in messages that speak to a bot (`Intake/`), keeps them as turns in the table `turns`, which only this service
// writes, and lets workers carry them out (`Turns/`): read the channel, build a prompt (`Prompt/`) from a personality
// (`Personas/`), stream a model's answer into Discord messages (`Answer/`, `Discord/`). Decisions are values without
// I/O; whatever dies in between, another worker finishes the same messages. A new thing to tell a member goes to
// `TextKey` and the files in `Texts/`; a new provider of models to the module LLM.

import AsyncHTTPClient
import BusContract
import DurableEvents
import LLM
import Logging
import Postgres
import Routing
package import ServiceHost
package import ServiceKit
import ServiceLifecycle
import Store

/// The persona service.
package struct PersonaService: HostedService {
    package static let name = ServiceName.persona

    private let host: Host
    private let configuration: PersonaConfiguration
    private let personas: PersonaCatalogue
    private let model: ModelSettings
    private let rules: RoutingRules

    package init(host: Host) async throws {
        self.host = host
        configuration = try PersonaConfiguration(host.settings)
        let folder = host.settings.string("ENSEMBLE_CONFIG", default: "config")
        personas = try PersonaCatalogue(folder: folder, settings: host.settings, logger: host.logger("personas"))
        model = try ModelSettings(host.settings)
        rules = RoutingRules(plan: try RoutingPlan.load(settings: host.settings))
    }

    package func run() async throws {
        // Made no earlier than it is sure to be shut down: a client that is not ends the process.
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: ModelTransport.configuration(
                limits: configuration.limits,
                connections: configuration.concurrency
            )
        )
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(
                try await run(
                    ModelTransport(client: client, limits: configuration.limits, logger: host.logger("model"))
                )
            )
        } catch {
            outcome = .failure(error)
        }
        try? await client.shutdown()
        try outcome.get()
    }

    private func run(_ transport: ModelTransport) async throws {
        let models = ModelDirectory(model, transport: transport)
        let fleet = FleetDirectory(bus: host.bus, logger: host.logger("fleet"))
        let runner = try TurnRunner(
            configuration: configuration,
            database: host.database,
            bus: host.bus,
            personas: personas,
            fleet: fleet,
            models: models,
            metrics: host.metrics,
            logger: host.logger("turns")
        )
        let directory = InstanceDirectory(rules: rules, database: host.database, logger: host.logger("routing"))
        let routing = TurnRouting(
            directory: directory,
            names: ChannelNames(bus: host.bus),
            instance: host.instance.id,
            profile: host.profile,
            logger: host.logger("routing")
        )
        let pool = TurnPool(
            runner: runner,
            database: host.database,
            worker: host.instance.description,
            routing: routing
        )
        host.health.work(capacity: configuration.concurrency) { pool.runningCount }
        let consumer = DurableConsumer(
            name: "persona",
            events: [.addressedMessage],
            spine: host.spine,
            bus: host.bus,
            handler: TurnIntake(
                fleet: fleet,
                taken: runner.metrics.queued,
                maximumAge: configuration.maximumAge,
                routing: routing
            ),
            logger: host.logger("consumer"),
            metrics: host.metrics
        )
        let housekeeping = TurnHousekeeping(
            turns: Turns(host.database),
            retention: configuration.retention,
            metrics: host.metrics,
            logger: host.logger("turns")
        )
        host.health.component("model").ready(models.name)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await personas.run() }
            group.addTask { try await fleet.run() }
            group.addTask { try await directory.run() }
            group.addTask { try await consumer.run() }
            group.addTask { try await pool.run() }
            group.addTask { try await housekeeping.run() }
        }
    }
}
