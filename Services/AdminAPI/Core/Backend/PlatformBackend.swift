import BusContract
import DiscordModel
import MessageBus
import Postgres
import Routing
import ServiceHost
import ServiceKit
import Store

/// The real platform: the gateway over the bus, everything else from the database.
struct PlatformBackend: AdminBackend {
    /// How long the gateway may take to answer a question.
    static let patience = Duration.seconds(3)
    /// How long a bot may take to stop and start.
    static let controlPatience = Duration.seconds(20)
    /// Events that wait for a slow reader of the live feed; more are dropped and counted.
    static let liveCapacity = 1000

    /// How long the database may take where there is an answer without it.
    static let databasePatience = Duration.seconds(2)

    let host: Host
    let rules: RoutingRules
    private let book = InstanceBook()

    init(host: Host, rules: RoutingRules) {
        self.host = host
        self.rules = rules
    }

    func database() -> DatabaseAnswer {
        let status = host.database.status
        guard !status.isReachable else { return DatabaseAnswer(state: .up) }
        let away = status.unreachableSince.map { ContinuousClock.now - $0 }
        return DatabaseAnswer(
            state: .down,
            reason: status.failure ?? "connecting",
            since: away.map { WallClock.milliseconds() - Int64($0 / .milliseconds(1)) }
        )
    }

    func instances() async throws -> [InstanceRecord] {
        do {
            let records = try await quickly { try await Instances($0).all() }
            book.note(records)
            return records
        } catch let error as PostgresError {
            guard let records = await book.ask() else { throw error }
            return records
        }
    }

    /// Reads without waiting for a database that is away.
    private func quickly<Value: Sendable>(
        _ read: @escaping @Sendable (PostgresClient) async throws -> Value
    ) async throws -> Value {
        let database = host.database
        guard database.status.isReachable else {
            throw PostgresError(.unavailable, database.status.failure ?? "connecting")
        }
        do {
            return try await withDeadline(Self.databasePatience) { try await read(database) }
        } catch is DeadlineExceeded {
            throw PostgresError(.timeout, "no answer within \(Self.databasePatience)")
        }
    }

    func bots() async throws -> [BotStatus] {
        try await host.bus.request(FleetStatus(), timeout: Self.patience).bots
    }

    func gaps() async throws -> [Gap] {
        try await quickly { try await Gaps($0).recent() }
    }

    func control(_ bot: BotID, _ action: BotAction, by key: String) async throws -> BotStatus {
        try await record(action.rawValue, bot, by: key)
        return try await host.bus.request(ControlBot(bot: bot, action: action), timeout: Self.controlPatience)
    }

    func add(_ bot: BotID, _ token: TokenReference, by key: String) async throws -> BotStatus {
        try await record("add", bot, by: key)
        return try await host.bus.request(
            AddBot(bot: bot, tokenReference: token.text),
            timeout: Self.controlPatience
        )
    }

    func remove(_ bot: BotID, by key: String) async throws -> BotStatus {
        try await record("remove", bot, by: key)
        return try await host.bus.request(RemoveBot(bot: bot), timeout: Self.controlPatience)
    }

    /// Comes first: a change that nobody can find again is worse than a record of one that failed.
    private func record(_ action: String, _ bot: BotID, by key: String) async throws {
        try await AuditLog(host.database).append(
            AuditEntry(
                guild: nil,
                actor: "api-key:\(key)",
                action: "bot.\(action)",
                subject: "bot:\(bot.rawValue)"
            )
        )
    }

    func guilds() async throws -> [GuildSummary] {
        try await host.bus.request(ListGuilds(), timeout: Self.patience).guilds
    }

    func guild(_ id: GuildID) async throws -> GuildFacts {
        try await host.bus.request(QueryGuild(guild: id), timeout: Self.patience)
    }

    func cases(guild: GuildID?, user: UserID?, after: CaseCursor?, limit: Int) async throws -> [Case] {
        try await Cases(host.database).list(guild: guild, user: user, after: after, limit: limit)
    }

    func players() async throws -> [PlayerAnswer] {
        let observed = Dictionary(
            try await ObservedPlayers(host.database).all().map { ($0.key, $0) },
            uniquingKeysWith: { _, last in last }
        )
        var players: [PlayerAnswer] = []
        for desired in try await DesiredPlayers(host.database).all() {
            let entries = try await QueueEntries(host.database).open(desired.key)
            let seen = observed[desired.key]
            players.append(
                PlayerAnswer(
                    bot: desired.key.bot.rawValue,
                    guild: String(desired.key.guild.rawValue),
                    channel: String(desired.channel.rawValue),
                    state: entries.playing == nil ? "idle" : desired.paused ? "paused" : "playing",
                    title: entries.playing?.track.title,
                    position: seen?.position(at: WallClock.milliseconds()) ?? 0,
                    queued: entries.queued.count,
                    node: seen.flatMap { $0.node.isEmpty ? nil : $0.node }
                )
            )
        }
        return players
    }

    func follow(_ sink: @escaping @Sendable (LiveEvent) async throws -> Void) async throws {
        let topics = MessageCatalogue.events.map { TopicFilter($0.topic) }
        try await host.bus.withSubscription(topics, capacity: Self.liveCapacity, name: "live") { subscription in
            for await batch in subscription {
                for event in batch {
                    try await sink(
                        LiveEvent(
                            name: Self.name(of: event.topic),
                            data: String(decoding: event.payload, as: UTF8.self)
                        )
                    )
                }
            }
        }
    }

    /// `ensemble.music.player-changed.` gives `player-changed`.
    static func name(of topic: some Collection<UInt8>) -> String {
        let parts = topic.split(separator: UInt8(ascii: "."))
        return parts.last.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
