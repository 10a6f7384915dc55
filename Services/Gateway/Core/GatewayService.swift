// The gateway: the one process that speaks with Discord, for all bots.
//
// It alone holds the tokens. It owns the sessions (`Session/`), puts what they receive on the bus and into the journal
// (`Publishing/`), keeps the facts about guilds (`Facts/`), hands interactions to their services, answers Discord in time
// and registers commands (`Interactions/`), carries out REST calls (`Requests/`), starts and stops bots (`Fleet/`), and
// raises an alarm before what Discord allows is used up (`Budgets/`). A new question of the services is a method of
// `FactsService`; a new kind of event needs nothing, unless the cache is to follow it.

import AsyncHTTPClient
import BusContract
import DiscordModel
import DiscordREST
import DurableEvents
import Hummingbird
import Logging
import MessageBus
import NIOCore
import Postgres
import Routing
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
    private let bufferLimit: Int
    private let sharding: ShardingSetting
    private let rules: RoutingRules
    /// Where the interactions endpoint listens; nil: there is none.
    private let interactionsPort: Int?
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
        let shards = host.settings.string("GATEWAY_SHARDS", default: "auto")
        guard let sharding = ShardingSetting(shards) else {
            throw ConfigurationError(key: "GATEWAY_SHARDS", expected: ShardingSetting.form, found: "\"\(shards)\"")
        }
        self.sharding = sharding
        rules = RoutingRules(plan: try RoutingPlan.load(settings: host.settings))
        bufferLimit = try host.settings.int("GATEWAY_BUFFER_EVENTS", default: 20_000, in: 1...1_000_000)
        interactionsPort =
            host.settings.has("GATEWAY_INTERACTIONS_PORT")
            ? try host.settings.int("GATEWAY_INTERACTIONS_PORT", default: 0, in: 0...65_535) : nil
    }

    package func run() async throws {
        var http = HTTPClient.Configuration()
        http.timeout.connect = .seconds(10)
        // Nobody collects its spans, and describing a request for one takes longer than sending it.
        http.tracing.tracer = nil
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
        let instances = InstanceDirectory(
            rules: rules,
            database: host.database,
            asksForUnseen: true,
            logger: host.logger("routing")
        )
        let interactions = InteractionDesk(
            fleet: directory,
            bus: host.bus,
            database: host.database,
            manifests: manifests,
            routing: InteractionRouting(
                directory: instances,
                names: ChannelNames(bus: host.bus),
                logger: host.logger("routing")
            ),
            holder: host.instance.id,
            leases: host.spine.leaseKeeper,
            logger: host.logger("interactions"),
            metrics: host.metrics
        )
        let sharding = Sharding(sharding)
        let router = ShardRouter(sharding: sharding, bus: host.bus, database: host.database)
        let registrar = CommandRegistrar(
            fleet: directory,
            sharding: sharding,
            database: host.database,
            manifests: manifests,
            logger: host.logger("commands")
        )
        let rest = RESTDesk(fleet: directory, cache: cache)
        let facts = FactsService(cache: cache, sharding: sharding) { [bus = host.bus] call in
            let limit = Duration.seconds(3)
            if router.isHere(RESTDesk.shard) { return await rest.execute(call, within: limit) }
            return try await bus.request(call, to: ExecuteREST.address(ofShard: RESTDesk.shard), timeout: limit)
        }
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
            bufferLimit: bufferLimit,
            sharding: sharding,
            invalidRequests: InvalidRequestGuard(),
            alarms: BudgetAlarms(
                bus: host.bus,
                health: host.health,
                metrics: host.metrics,
                logger: host.logger("budgets")
            ),
            observers: observers,
            cache: cache,
            fleet: directory,
            interactions: interactions,
            metrics: host.metrics,
            health: host.health,
            logger: host.logger("session")
        )
        let budgets = InvalidRequestKeeper(
            guardian: parts.invalidRequests,
            alarms: parts.alarms,
            database: host.database,
            logger: host.logger("budgets")
        )
        let troupe = Troupe(
            roster: BotRoster(fleet, parts: parts, settings: host.settings, logger: host.logger("fleet")),
            settings: host.settings,
            database: host.database,
            observers: observers,
            sharding: sharding,
            leases: host.spine.leaseKeeper,
            logger: host.logger("fleet")
        )
        let requests = troupe.requests + facts.requests + registrar.requests + [restRequest(rest)]
        do {
            try await withThrowingDiscardingTaskGroup { group in
                for request in requests { group.addTask { try await request.serve(router) } }
                group.addTask { try await cache.run() }
                group.addTask { try await interactions.run() }
                group.addTask { try await instances.run() }
                if let interactionsPort {
                    group.addTask { try await serveInteractions(on: interactionsPort, directory, interactions) }
                }
                group.addTask { try await registrar.run() }
                group.addTask { try await keepJournal() }
                group.addTask { try await budgets.run() }
                group.addTask {
                    // Questions are answered before, so that everybody learns why the bots are offline.
                    do {
                        try await cancelWhenGracefulShutdown {
                            try await restore(troupe, directory, budgets)
                        }
                    } catch is CancellationError {
                        return
                    }
                    try await troupe.planShards()
                    try await withThrowingDiscardingTaskGroup { group in
                        group.addTask { try await troupe.run() }
                        group.addTask {
                            try await troupe.holdShards { shard in
                                try await serve(shard, requests, router, registrar)
                            }
                        }
                    }
                }
                group.addTask {
                    try? await gracefulShutdown()
                    for bot in troupe.bots { bot.shutDown() }
                    let deadline = ContinuousClock.now + .seconds(5)
                    while troupe.bots.contains(where: \.hasSession), ContinuousClock.now < deadline {
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
    private func restore(
        _ troupe: Troupe,
        _ directory: FleetDirectory,
        _ budgets: InvalidRequestKeeper
    ) async throws {
        let health = host.health.component("sessions")
        for bot in troupe.bots { bot.status.report(.connecting, "offline until the database is there") }
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
        while true {
            do {
                let bots = Bots(host.database)
                for bot in fleet.bots {
                    try await bots.declare(bot.id, tokenReference: bot.tokenVariable, isPrimary: bot.isPrimary)
                }
                troupe.observers.load(try await Observers.read(from: host.database))
                let records = try await bots.all()
                await troupe.roster.apply(records)
                for record in records {
                    guard let user = record.user, let application = record.application else { continue }
                    directory.note(
                        BotIdentity(user: user, username: record.username, application: application),
                        of: record.bot
                    )
                }
                try await budgets.restore()
                for record in records where record.desired == .stopped { troupe.bot(record.bot)?.keepStopped() }
                health.ready()
                return
            } catch let error as PostgresError {
                let reason = "offline until the database is there: \(error)"
                health.notReady(reason)
                for bot in troupe.bots { bot.status.report(.connecting, reason) }
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

    /// Takes interactions by HTTP, for the applications whose interactions endpoint URL leads here.
    private func serveInteractions(on port: Int, _ fleet: FleetDirectory, _ desk: InteractionDesk) async throws {
        let logger = host.logger("interactions")
        let endpoint = InteractionEndpoint(fleet: fleet, desk: desk, logger: logger, metrics: host.metrics)
        try await HTTPService(
            responder: endpoint.router().buildResponder(),
            host: host.settings.string("HTTP_HOST", default: "127.0.0.1"),
            port: port,
            variable: "GATEWAY_INTERACTIONS_PORT",
            address: BoundAddress { port in
                logger.notice("interactions are taken at /interactions/<bot>", metadata: ["port": "\(port)"])
            },
            logger: logger
        ).run()
    }

    private func restRequest(_ desk: RESTDesk) -> ShardedRequest {
        // Calls that wait for Discord's limits hold their place: there must be more than all lanes can queue.
        ShardedRequest(ExecuteREST.self, onShard: RESTDesk.shard, capacity: 2048, on: host.bus.tasks) {
            await desk.execute($0, within: $1.remaining)
        }
    }

    /// Serves what other gateways pass on to the one that runs a shard, until cancelled.
    private func serve(
        _ shard: Int,
        _ requests: [ShardedRequest],
        _ router: ShardRouter,
        _ registrar: CommandRegistrar
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for request in requests { group.addTask { try await request.serveShard(router, shard) } }
            group.addTask {
                // The gateway that had the shard may have heard of commands that this one has not.
                await registrar.load()
                // An orderly stop ends the serving before the sessions: the right to the shard stays until they are over.
                while true { try await Task.sleep(for: .seconds(3600)) }
            }
        }
    }
}
