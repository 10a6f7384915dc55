// Persona: the bots' voices.
//
// Takes in messages that speak to a bot (`Intake/`), keeps them as turns in the table `turns`, which only this service
// writes, and lets workers carry them out (`Turns/`): read the channel, build a prompt (`Prompt/`) from a personality
// (`Personas/`), stream a model's answer into Discord messages (`Answer/`, `Discord/`). Decisions are values without
// I/O; whatever dies in between, another worker finishes the same messages. A new thing to tell a member goes to
// `TextKey` and the files in `Texts/`; a new provider of models to the module LLM.

import AsyncHTTPClient
import DurableEvents
import LLM
import Logging
import Postgres
package import ServiceHost
package import ServiceKit
import ServiceLifecycle
import Store

/// The persona service.
package struct PersonaService: HostedService {
    package static let name = ServiceName.persona

    private let personas: PersonaCatalogue
    private let fleet: FleetDirectory
    private let pool: TurnPool
    private let consumer: DurableConsumer<TurnIntake>
    private let client: HTTPClient
    private let housekeeping: TurnHousekeeping

    package init(host: Host) async throws {
        let configuration = try PersonaConfiguration(host.settings)
        let folder = host.settings.string("ENSEMBLE_CONFIG", default: "config")
        personas = try PersonaCatalogue(folder: folder, settings: host.settings, logger: host.logger("personas"))
        // Read before there is a client that would have to be shut down.
        let chosen = try ModelSettings(host.settings)
        client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: ModelTransport.configuration(
                limits: configuration.limits,
                connections: configuration.concurrency
            )
        )
        let models = ModelDirectory(
            chosen,
            transport: ModelTransport(client: client, limits: configuration.limits, logger: host.logger("model"))
        )
        let fleet = FleetDirectory(bus: host.bus, logger: host.logger("fleet"))
        self.fleet = fleet
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
        pool = TurnPool(runner: runner, database: host.database, worker: host.instance.description)
        consumer = DurableConsumer(
            name: "persona",
            events: ["MESSAGE_CREATE"],
            spine: host.spine,
            bus: host.bus,
            handler: TurnIntake(fleet: fleet, taken: runner.metrics.queued, maximumAge: configuration.maximumAge),
            logger: host.logger("consumer"),
            metrics: host.metrics
        )
        housekeeping = TurnHousekeeping(
            turns: Turns(host.database),
            retention: configuration.retention,
            metrics: host.metrics,
            logger: host.logger("turns")
        )
        host.health.component("model").ready(models.name)
    }

    package func run() async throws {
        do {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { try await personas.run() }
                group.addTask { try await fleet.run() }
                group.addTask { try await consumer.run() }
                group.addTask { try await pool.run() }
                group.addTask { try await housekeeping.run() }
            }
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }
}
