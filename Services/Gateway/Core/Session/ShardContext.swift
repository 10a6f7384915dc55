import BusContract
import DiscordModel
import DiscordREST
import Logging
import MessageBus
import Postgres
import ServiceKit
import WebSocketClient

/// Who a bot is on Discord.
struct BotIdentity: Hashable, Sendable {
    var user: UserID
    var username: String
    var application: ApplicationID
}

/// What one shard works with.
struct ShardContext: Sendable {
    let partition: Partition
    /// How many shards the bot has.
    let shards: Int
    let token: Secret
    let identity: BotIdentity
    let rest: BotREST
    let sockets: WebSocketClient
    let bus: BusConnection
    let database: PostgresClient
    let observers: Observers
    let cache: GuildCache
    let interactions: InteractionDesk
    let status: ShardStatus
    let compression: GatewayCompression
    let metrics: SessionMetrics
    let logger: Logger
    let isPrimary: Bool
    /// How many events may wait in memory while the database is away.
    let bufferLimit: Int
    let presence: BotPresence?
    let members: MemberDesk
    let alarms: BudgetAlarms

    var bot: BotID { partition.bot }

    /// The primary bot observes by default, others once a guild was given to them.
    func wantsObserverIntents() -> Bool {
        isPrimary || observers.needsObserverIntents(partition)
    }

    /// Whether Discord sends the guild's events to this shard.
    func holds(_ guild: GuildID) -> Bool {
        ShardPlan(count: shards).shard(of: guild) == partition.shard
    }
}
