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
        var session: ShardSession?
        /// Counts the operator's commands: a run that began under an older one ends.
        var generation = 0
    }

    let configuration: FleetConfiguration.Bot
    let status: BotStatusBoard
    let members: MemberDesk
    private let parts: BotParts
    private let logger: Logger
    private let state = Mutex(State())
    private let (commands, commandSink) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(configuration: FleetConfiguration.Bot, parts: BotParts) {
        self.configuration = configuration
        self.parts = parts
        var logger = parts.logger
        logger[metadataKey: LogKey.bot] = "\(configuration.id)"
        self.logger = logger
        members = MemberDesk(logger: logger)
        let (bus, fleet) = (parts.bus, parts.fleet)
        status = BotStatusBoard(
            bot: configuration.id,
            isPrimary: configuration.isPrimary,
            health: parts.health.component("bot.\(configuration.id)"),
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

    var session: ShardSession? { state.withLock { $0.session } }

    /// Whether it can observe: it runs, and nothing keeps it from coming back.
    var isUsable: Bool {
        let state = status.current.state
        return state == .online || state == .resuming || state == .connecting
    }

    var currentStatus: BotStatus {
        var current = status.current
        current.guilds = parts.observers.guildCount(of: id)
        current.latencyMilliseconds = session?.latency.map { Int($0 / .milliseconds(1)) } ?? 0
        return current
    }

    // MARK: - Commands

    func start() {
        state.withLock {
            $0.isWanted = true
            $0.generation += 1
        }
        commandSink.yield()
    }

    /// Ends its session: it goes offline at once.
    func stop() {
        let session = state.withLock { state in
            state.isWanted = false
            state.generation += 1
            return state.session
        }
        session?.stop(endingSession: true)
        commandSink.yield()
    }

    func restart() {
        let session = state.withLock { state in
            state.isWanted = true
            state.generation += 1
            return state.session
        }
        session?.stop(endingSession: false)
        commandSink.yield()
    }

    /// The process ends: the session stays resumable for the next one.
    func shutDown() {
        let session = state.withLock { state in
            state.isWanted = false
            return state.session
        }
        session?.stop(endingSession: false)
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
                case .refused(let reason):
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

    /// From the first question to Discord to the end of the session.
    private func work(_ token: Secret) async throws -> ShardSession.End {
        let rest = BotREST(
            configuration: parts.restConfiguration,
            token: token,
            http: parts.http,
            invalidRequests: parts.invalidRequests,
            metrics: RESTMetrics(registry: parts.metrics, bot: id.rawValue),
            logger: logger,
            onUnauthorized: { [weak self] in
                // Also in the middle of a session: the token was reset.
                self?.session?.stop(endingSession: true)
            }
        )
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

        status.report(.connecting, parts.database.status.isReachable ? "waiting for its lease" : "the database is away")
        let end = Mutex<ShardSession.End?>(nil)
        let partition = Partition(bot: id, shard: 0)
        let context = parts.shard(
            partition,
            token,
            identity,
            rest,
            status,
            configuration: configuration,
            members: members,
            logger: logger
        )
        // The database away is no reason to give the session up: nobody else can take it over then.
        try await parts.leases.withLease("shard/\(partition)", whileAway: .holds) { lease in
            let session = ShardSession(context: context, lease: lease)
            let isWanted = self.state.withLock { state in
                state.session = session
                return state.isWanted
            }
            defer { self.state.withLock { $0.session = nil } }
            if !isWanted { session.stop(endingSession: false) }
            let result = try await session.run()
            end.withLock { $0 = result }
        }
        if case .stopped? = end.withLock({ $0 }), rest.isRefused {
            return .refused("Discord refuses the token in \(configuration.tokenVariable)")
        }
        return end.withLock { $0 } ?? .stopped
    }

    private struct Application: Decodable {
        var id: ApplicationID
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
        return BotIdentity(user: user.id, username: user.username, application: application.id)
    }
}
