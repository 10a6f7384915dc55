// The gateway: the one process that speaks with Discord, for all bots.
//
// It alone holds the tokens. It owns the sessions (`Session/`), puts what they receive on the bus and into the journal
// (`Publishing/`), keeps the facts about guilds (`Facts/`), hands interactions to their services, answers Discord in time
// and registers commands (`Interactions/`), carries out REST calls (`Requests/`), and starts and stops bots (`Fleet/`). A new
// question of the services is a method of `FactsService`; a new kind of event needs nothing, unless the cache is to
// follow it.

import AsyncHTTPClient
import BusContract
import DiscordModel
import DiscordREST
import DurableEvents
import Logging
import MessageBus
import NIOCore
import Postgres
package import ServiceHost
package import ServiceKit
import ServiceLifecycle
import Store
import WebSocketClient

/// The gateway as a service.
package struct GatewayService: HostedService {
    package static let name = ServiceName.gateway

    private let host: Host
    private let fleet: FleetConfiguration
    private let restConfiguration: RESTConfiguration
    private let compression: GatewayCompression
    private let logger: Logger

    /// - Throws: `ConfigurationError` if `config/fleet.yaml` or a setting is not as it should be.
    package init(host: Host) async throws {
        self.host = host
        logger = host.logger
        fleet = try FleetConfiguration.load("\(host.settings.configFolder)/fleet.yaml", settings: host.settings)
        var rest = RESTConfiguration()
        rest.baseURL = host.settings.string("DISCORD_API_URL", default: rest.baseURL)
        while rest.baseURL.hasSuffix("/") { rest.baseURL.removeLast() }
        rest.limits.globalRate = try host.settings.int("DISCORD_GLOBAL_RATE", default: 50, in: 1...100_000)
        restConfiguration = rest
        compression = try host.settings.choice("DISCORD_GATEWAY_COMPRESSION", default: .automatic)
    }

    package func run() async throws {
        var http = HTTPClient.Configuration()
        http.timeout.connect = .seconds(10)
        http.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: http)
        do {
            try await run(client)
            try await client.shutdown()
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private func run(_ http: HTTPClient) async throws {
        let observers = Observers()
        let directory = FleetDirectory(fleet)
        let cache = GuildCache(database: host.database, logger: host.logger("cache"), metrics: host.metrics)
        let manifests = ManifestStore(database: host.database, logger: host.logger("commands"))
        let interactions = InteractionDesk(
            fleet: directory,
            bus: host.bus,
            database: host.database,
            manifests: manifests,
            logger: host.logger("interactions"),
            metrics: host.metrics
        )
        let registrar = CommandRegistrar(
            fleet: directory,
            bus: host.bus,
            database: host.database,
            manifests: manifests,
            logger: host.logger("commands")
        )
        let facts = FactsService(cache: cache, fleet: directory, bus: host.bus)
        let rest = RESTDesk(fleet: directory, cache: cache)
        var sockets = WebSocketConfiguration()
        // Discord ends a session that is closed with 1000.
        sockets.closeCode = WebSocketCloseCode(rawValue: 4900)
        let parts = BotParts(
            bus: host.bus,
            database: host.database,
            leases: host.spine.leaseKeeper,
            http: http,
            sockets: WebSocketClient(configuration: sockets),
            restConfiguration: restConfiguration,
            compression: compression,
            invalidRequests: InvalidRequestGuard(),
            observers: observers,
            cache: cache,
            fleet: directory,
            interactions: interactions,
            metrics: host.metrics,
            health: host.health,
            logger: host.logger("session")
        )
        let stopped = try await cancelWhenGracefulShutdown { try await restore(observers, directory) }
        let troupe = Troupe(
            bots: fleet.bots.map { Bot(configuration: $0, parts: parts, isStopped: stopped.contains($0.id)) },
            database: host.database,
            observers: observers,
            logger: host.logger("fleet")
        )
        do {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { try await serve(troupe, rest) }
                group.addTask { try await facts.run() }
                group.addTask { try await cache.run() }
                group.addTask { try await interactions.run() }
                group.addTask { try await registrar.run() }
                group.addTask { try await keepJournal() }
                group.addTask { try await troupe.run() }
                group.addTask {
                    try? await gracefulShutdown()
                    for bot in troupe.bots { bot.shutDown() }
                    let deadline = ContinuousClock.now + .seconds(5)
                    while troupe.bots.contains(where: { $0.session != nil }), ContinuousClock.now < deadline {
                        try? await Task.sleep(for: .milliseconds(10))
                    }
                    throw Stopped()
                }
            }
        } catch is Stopped {
            return
        }
    }

    /// Ends the task group after an orderly stop.
    private struct Stopped: Error {}

    /// Reads what an earlier process left. Without the database there is no session: the bots stay offline until it is there.
    ///
    /// - Returns: the bots that an operator has stopped.
    private func restore(_ observers: Observers, _ directory: FleetDirectory) async throws -> Set<BotID> {
        let health = host.health.component("sessions")
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
        while true {
            do {
                let bots = Bots(host.database)
                for bot in fleet.bots {
                    try await bots.declare(bot.id, tokenReference: bot.tokenVariable, isPrimary: bot.isPrimary)
                }
                observers.load(try await Observers.read(from: host.database))
                let records = try await bots.all()
                for record in records {
                    guard let user = record.user, let application = record.application else { continue }
                    directory.note(
                        BotIdentity(user: user, username: record.username, application: application),
                        of: record.bot
                    )
                }
                health.ready()
                return Set(records.filter { $0.desired == .stopped }.map(\.bot))
            } catch let error as PostgresError {
                health.notReady("the bots stay offline until the database is there: \(error)")
                logger.error("the bots stay offline until the database is there", metadata: [LogKey.error: "\(error)"])
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Drops the journal's old partitions; new ones are made by its writers.
    private func keepJournal() async throws {
        while true {
            do {
                try await host.database.query("SELECT drop_journal_partitions(now() - interval '48 hours')")
            } catch {
                logger.debug("old journal partitions are not dropped yet", metadata: [LogKey.error: "\(error)"])
            }
            try await Task.sleep(for: .seconds(600))
        }
    }

    private func serve(_ troupe: Troupe, _ rest: RESTDesk) async throws {
        let bus = host.bus
        try await withThrowingDiscardingTaskGroup { group in
            // Calls that wait for Discord's limits hold their place: there must be more than all lanes can queue.
            group.addTask {
                try await bus.serve(ExecuteREST.self, capacity: 2048) { await rest.execute($0, context: $1) }
            }
            group.addTask { try await bus.serve(ControlBot.self) { request, _ in try await troupe.control(request) } }
            group.addTask { try await bus.serve(FleetStatus.self) { _, _ in troupe.status() } }
            group.addTask {
                try await bus.serve(UpdateVoiceState.self) { request, _ in try troupe.updateVoiceState(request) }
            }
        }
    }
}
