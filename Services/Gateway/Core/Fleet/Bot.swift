import BusContract
import DiscordModel
import DiscordREST
import DurableEvents
import FoundationEssentials
import Logging
import MessageBus
import Postgres
import ServiceKit
import Synchronization

/// One bot: started, stopped and restarted without touching the others.
final class Bot: Sendable {
    private struct State {
        var isWanted = true
        var sessions: [Int: ShardSession] = [:]
        /// Counts the operator's commands: a run that began under an older one ends.
        var generation = 0
        /// Discord will have none of the bot's shards: the others end with the first that was told.
        var isRefused = false
    }

    let configuration: FleetConfiguration.Bot
    let status: BotStatusBoard
    /// What the health page calls it.
    let healthName: String
    private let parts: BotParts
    private let logger: Logger
    private let state = Mutex(State())
    /// Signalled when the sessions are to end.
    private let halt = Wake()
    private let (commands, commandSink) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(configuration: FleetConfiguration.Bot, parts: BotParts) {
        self.configuration = configuration
        self.parts = parts
        var logger = parts.logger
        logger[metadataKey: LogKey.bot] = "\(configuration.id)"
        self.logger = logger
        healthName = "bot.\(configuration.id)"
        let (bus, fleet) = (parts.bus, parts.fleet)
        status = BotStatusBoard(
            bot: configuration.id,
            isPrimary: configuration.isPrimary,
            health: parts.health.component(healthName),
            onChange: { status in
                fleet.note(status)
                bus.publish(BotStateChanged(status: status))
            }
        )
        state.withLock { $0.isWanted = configuration.isEnabled }
    }

    /// An operator has stopped it under an earlier process.
    func keepStopped() {
        state.withLock { $0.isWanted = false }
    }

    var id: BotID { configuration.id }

    /// The session that the guild's events come from; nil while it is not up, or when another process has its shard.
    func session(of guild: GuildID) -> ShardSession? {
        let shard = parts.sharding.plan.shard(of: guild)
        return state.withLock { $0.sessions[shard] }
    }

    func session(of shard: Int) -> ShardSession? { state.withLock { $0.sessions[shard] } }

    var hasSession: Bool { state.withLock { !$0.sessions.isEmpty } }

    /// The shards that can observe: they run, and nothing keeps them from coming back.
    var usableShards: [Partition] {
        status.usableShards.map { Partition(bot: id, shard: $0) }
    }

    var currentStatus: BotStatus { status(of: Set(parts.sharding.plan.own)) }

    /// How it is, as far as these shards are concerned.
    func status(of shards: Set<Int>) -> BotStatus {
        var current = status.status(of: shards)
        current.guilds = parts.observers.guildCount(of: id, on: shards)
        let sessions = state.withLock { $0.sessions.filter { shards.contains($0.key) }.values.map { $0 } }
        current.latencyMilliseconds = sessions.compactMap(\.latency).max().map { Int($0 / .milliseconds(1)) } ?? 0
        return current
    }

    // MARK: - Commands

    /// Has it run; what runs already goes on undisturbed.
    func start() {
        state.withLock {
            $0.isWanted = true
            // Its shards belong to the generation that they began in: with a new one none would be taken up again.
            if $0.sessions.isEmpty { $0.generation += 1 }
        }
        commandSink.yield()
    }

    /// Ends its session: it goes offline at once.
    func stop() {
        state.withLock { state in
            state.isWanted = false
            state.generation += 1
        }
        endSessions(forGood: true)
        commandSink.yield()
    }

    func restart() {
        state.withLock { state in
            state.isWanted = true
            state.generation += 1
        }
        endSessions(forGood: false)
        commandSink.yield()
    }

    /// The process ends: the session stays resumable for the next one.
    func shutDown() {
        state.withLock { $0.isWanted = false }
        endSessions(forGood: false)
    }

    /// Whether its shards are to run: nobody has said anything else since.
    private func isCurrent(_ generation: Int) -> Bool {
        state.withLock { $0.isWanted && $0.generation == generation && !$0.isRefused }
    }

    /// Takes one shard's session up anew, or leaves it to the process that now has the right to it.
    func restart(shard: Int) {
        session(of: shard)?.stop(endingSession: false)
    }

    private func endSessions(forGood: Bool) {
        let sessions = state.withLock { $0.sessions.values.map { $0 } }
        for session in sessions { session.stop(endingSession: forGood) }
        halt.signal()
    }

    // MARK: - Life

    /// Works until cancelled.
    func run() async throws {
        var backoff = Backoff(base: .milliseconds(500), cap: .seconds(30))
        while true {
            guard state.withLock({ $0.isWanted }) else {
                status.report(.stopped, "stopped by an operator")
                await nextCommand()
                try Task.checkCancellation()
                continue
            }
            guard let token = configuration.token else {
                // One line, and the others run.
                logger.error("no token: set \(configuration.tokenVariable) to start this bot")
                status.report(.stopped, "\(configuration.tokenVariable) is not set")
                await nextCommand()
                try Task.checkCancellation()
                continue
            }
            let generation = state.withLock { $0.generation }
            do {
                switch try await work(token) {
                case .stopped: backoff.reset()
                case .refused(let reason), .tooFewShards(let reason):
                    logger.error("this bot stays offline until an operator acts", metadata: ["why": "\(reason)"])
                    status.report(.failed, reason)
                    parts.fleet.register(nil, of: id)
                    if state.withLock({ $0.generation }) == generation { await nextCommand() }
                }
            } catch is CancellationError {
                try Task.checkCancellation()
            } catch {
                logger.warning("the bot's session ended, it is taken up again", metadata: [LogKey.error: "\(error)"])
                status.report(.connecting, "\(error)")
                try await Task.sleep(for: backoff.next())
            }
            try Task.checkCancellation()
        }
    }

    private func nextCommand() async {
        for await _ in commands { return }
    }

    /// From the first question to Discord to the end of the sessions.
    private func work(_ token: Secret) async throws -> ShardSession.End {
        let rest = makeREST(token)
        status.report(.connecting, "asking Discord who it is")
        let identity: BotIdentity
        do {
            identity = try await who(rest)
        } catch let error as DiscordRESTError where error.code == .unauthorized {
            return .refused("Discord refuses the token in \(configuration.tokenVariable)")
        }
        status.identify(identity)
        await parts.cache.note(user: identity.user, of: id)
        parts.fleet.note(identity, of: id)
        parts.fleet.register(rest, of: id)

        let plan = parts.sharding.plan
        status.begin(plan)
        let generation = state.withLock { state in
            state.isRefused = false
            return state.generation
        }
        let end = try await withThrowingTaskGroup(of: ShardSession.End?.self) { group in
            for shard in plan.own {
                group.addTask { try await self.keep(shard, of: plan, token, identity, rest, generation) }
            }
            group.addTask {
                try await self.closeLeftOver(plan)
                return nil
            }
            group.addTask {
                while self.isCurrent(generation), !Task.isCancelled { await self.halt.wait(atMost: .seconds(60)) }
                return nil
            }
            defer { group.cancelAll() }
            var running = plan.own.count
            var result = ShardSession.End.stopped
            while running > 0, let end = try await group.next() {
                if let end {
                    running -= 1
                    if end != .stopped, result == .stopped {
                        // What Discord holds against one shard it holds against all.
                        result = end
                        self.state.withLock { $0.isRefused = true }
                        self.endSessions(forGood: false)
                    }
                }
                // Shards that have no session wait for their leases, perhaps another process's, and end with the group.
                if !self.isCurrent(generation), !self.hasSession { break }
            }
            return result
        }
        if end == .stopped, rest.isRefused {
            return .refused("Discord refuses the token in \(configuration.tokenVariable)")
        }
        if case .tooFewShards = end, parts.sharding.isAutomatic {
            let wanted = try await shardsRecommended(by: rest)
            if parts.sharding.refused(plan, recommended: wanted) { return .stopped }
        }
        return end
    }

    /// Runs a shard until it is stopped or refused; when its session fails for another reason, it is taken up again.
    private func keep(
        _ shard: Int,
        of plan: ShardPlan,
        _ token: Secret,
        _ identity: BotIdentity,
        _ rest: BotREST,
        _ generation: Int
    ) async throws -> ShardSession.End {
        let partition = Partition(bot: id, shard: shard)
        let context = parts.shard(
            partition,
            token,
            identity,
            rest,
            status,
            shards: plan.count,
            configuration: configuration,
            logger: logger
        )
        var backoff = Backoff(base: .milliseconds(500), cap: .seconds(30))
        while true {
            context.status.report(.connecting, whyWaiting(for: shard))
            let end = Mutex<ShardSession.End?>(nil)
            do {
                try await parts.sharding.untilHeld(shard)
                context.status.report(.connecting, whyWaiting(for: shard))
                // The database away is no reason to give the session up: nobody else can take it over then.
                try await parts.leases.withLease("shard/\(partition)", whileAway: .holds) { lease in
                    let session = ShardSession(context: context, lease: lease)
                    self.state.withLock { $0.sessions[shard] = session }
                    defer { self.state.withLock { $0.sessions[shard] = nil } }
                    if !self.isCurrent(generation) || !self.parts.sharding.holds(shard) {
                        session.stop(endingSession: false)
                    }
                    let result = try await session.run()
                    end.withLock { $0 = result }
                }
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                context.logger.warning(
                    "the shard's session ended, it is taken up again",
                    metadata: ["shard": "\(shard)", LogKey.error: "\(error)"]
                )
                context.status.report(.connecting, "\(error)")
            }
            guard isCurrent(generation), !rest.isRefused else { return end.withLock { $0 } ?? .stopped }
            switch end.withLock({ $0 }) {
            // Only this shard was stopped.
            case .stopped: continue
            case .refused, .tooFewShards: return end.withLock { $0 } ?? .stopped
            case nil: try await Task.sleep(for: backoff.next())
            }
        }
    }

    private func whyWaiting(for shard: Int) -> String {
        guard parts.database.status.isReachable else { return "the database is away" }
        return parts.sharding.holds(shard) ? "waiting for its lease" : "standing by: another gateway runs the shard"
    }

    /// Closes the streams of shards that the bot has no more.
    private func closeLeftOver(_ plan: ShardPlan) async throws {
        var backoff = Backoff(base: .milliseconds(500), cap: .seconds(30))
        while true {
            do {
                for partition in try await Streams(parts.database).leftOver(of: id, beyond: plan.count) {
                    try await parts.leases.withLease("shard/\(partition)") { [parts, logger] lease in
                        let reason = "the bot has \(plan.count) shards now, and this one no more"
                        try await SessionStore(database: parts.database, partition: partition, lease: lease)
                            .giveUp(because: reason)
                        logger.notice("a shard is given up", metadata: ["shard": "\(partition.shard)"])
                    }
                }
                return
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.debug("shards of before are not closed yet", metadata: [LogKey.error: "\(error)"])
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    private func makeREST(_ token: Secret) -> BotREST {
        BotREST(
            configuration: parts.restConfiguration,
            token: token,
            http: parts.http,
            invalidRequests: parts.invalidRequests,
            metrics: RESTMetrics(registry: parts.metrics, bot: id.rawValue),
            logger: logger,
            onUnauthorized: { [weak self] in
                // Also in the middle of a session: the token was reset.
                self?.endSessions(forGood: true)
            }
        )
    }

    /// How many shards Discord recommends for the bot; nil when it is not to run, or cannot be asked now.
    func recommendedShards() async -> Int? {
        guard let token = configuration.token, state.withLock({ $0.isWanted }) else { return nil }
        do {
            return try await shardsRecommended(by: makeREST(token))
        } catch {
            // Whatever is wrong is said when the bot starts, a moment later.
            logger.debug("Discord cannot be asked for the number of shards", metadata: [LogKey.error: "\(error)"])
            return nil
        }
    }

    private func shardsRecommended(by rest: BotREST) async throws -> Int {
        let response = try await rest.execute(
            DiscordRequest(.get, "/gateway/bot", lane: .interaction, timeout: .seconds(10))
        )
        return try JSONDecoder().decode(GatewayBotInfo.self, from: Data(response.body)).shards
    }

    private struct Application: Decodable {
        var id: ApplicationID
        var verifyKey: String?

        private enum CodingKeys: String, CodingKey {
            case id
            case verifyKey = "verify_key"
        }
    }

    private func who(_ rest: BotREST) async throws -> BotIdentity {
        let user = try JSONDecoder().decode(
            User.self,
            from: Data(
                try await rest.execute(DiscordRequest(.get, "/users/@me", lane: .interaction, timeout: .seconds(15)))
                    .body
            )
        )
        let application = try JSONDecoder().decode(
            Application.self,
            from: Data(
                try await rest.execute(
                    DiscordRequest(.get, "/applications/@me", lane: .interaction, timeout: .seconds(15))
                ).body
            )
        )
        if let key = application.verifyKey.flatMap({ InteractionKey(hex: $0) }) { parts.fleet.note(key, of: id) }
        return BotIdentity(user: user.id, username: user.username, application: application.id)
    }
}
