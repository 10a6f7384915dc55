import AsyncHTTPClient
import BusContract
import DiscordModel
import DiscordREST
import DurableEvents
import Logging
import MessageBus
import Postgres
import ServiceKit
import WebSocketClient

/// What all bots of the process share.
struct BotParts: Sendable {
    let bus: BusConnection
    let database: PostgresClient
    let leases: LeaseKeeper
    let http: HTTPClient
    let sockets: WebSocketClient
    let restConfiguration: RESTConfiguration
    let compression: GatewayCompression
    let bufferLimit: Int
    let sharding: Sharding
    let invalidRequests: InvalidRequestGuard
    let alarms: BudgetAlarms
    let observers: Observers
    let cache: GuildCache
    let fleet: FleetDirectory
    let interactions: InteractionDesk
    let metrics: MetricsRegistry
    let health: HealthRegistry
    let logger: Logger

    func shard(
        _ partition: Partition,
        _ token: Secret,
        _ identity: BotIdentity,
        _ rest: BotREST,
        _ status: BotStatusBoard,
        shards: Int,
        configuration: FleetConfiguration.Bot,
        logger: Logger
    ) -> ShardContext {
        ShardContext(
            partition: partition,
            shards: shards,
            token: token,
            identity: identity,
            rest: rest,
            sockets: sockets,
            bus: bus,
            database: database,
            observers: observers,
            cache: cache,
            interactions: interactions,
            status: ShardStatus(board: status, shard: partition.shard),
            compression: compression,
            metrics: SessionMetrics(registry: metrics, shard: partition),
            logger: logger,
            isPrimary: configuration.isPrimary,
            bufferLimit: bufferLimit,
            presence: configuration.presence,
            members: MemberDesk(logger: logger),
            alarms: alarms
        )
    }
}
