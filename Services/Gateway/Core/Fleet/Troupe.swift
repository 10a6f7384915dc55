import BusContract
import DiscordModel
import DurableEvents
import Logging
import MessageBus
import Postgres
import ServiceKit
import Store

/// All bots of the process.
struct Troupe: Sendable {
    let roster: BotRoster
    let settings: Settings
    let database: PostgresClient
    let observers: Observers
    let sharding: Sharding
    let leases: LeaseKeeper
    let logger: Logger

    var bots: [Bot] { roster.bots }

    func bot(_ id: BotID) -> Bot? {
        bots.first { $0.id == id }
    }

    /// Runs every bot until cancelled; one that fails for good takes no other along.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await roster.run() }
            group.addTask { try await keepObservers() }
            group.addTask { await saveObservers() }
        }
    }

    /// Takes the process's shards, and serves what the gateways ask each other about them, until cancelled.
    ///
    /// - Parameter serve: serves one shard's requests until cancelled.
    func holdShards(_ serve: @escaping @Sendable (Int) async throws -> Void) async throws {
        while true {
            observers.use(sharding.plan)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for shard in sharding.plan.own { group.addTask { try await hold(shard, serve) } }
                group.addTask { for await _ in sharding.changes { return } }
                defer { group.cancelAll() }
                try await group.next()
                for bot in bots { bot.restart() }
            }
        }
    }

    private func hold(_ shard: Int, _ serve: @escaping @Sendable (Int) async throws -> Void) async throws {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(5))
        while true {
            do {
                // As with a session: nobody can take it over while the database is away.
                try await leases.withLease("gateway/shard/\(shard)", whileAway: .holds) { _ in
                    sharding.took(shard)
                    defer {
                        sharding.lost(shard)
                        for bot in bots { bot.restart(shard: shard) }
                    }
                    try await serve(shard)
                }
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.warning(
                    "the right to a shard was lost",
                    metadata: ["shard": "\(shard)", LogKey.error: "\(error)"]
                )
            }
            try await Task.sleep(for: backoff.next())
        }
    }

    /// Decides how many shards there are, before the first session begins.
    func planShards() async throws {
        var recommended: [Int] = []
        if sharding.isAutomatic {
            recommended = await withTaskGroup(of: Int?.self) { group in
                for bot in bots { group.addTask { await bot.recommendedShards() } }
                return await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
            }
        }
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
        while true {
            do {
                let current = try await Streams(database).mostShards()
                sharding.begin(current: current ?? 1, recommended: recommended)
                return
            } catch let error as PostgresError {
                logger.warning("the shards cannot be planned yet", metadata: [LogKey.error: "\(error)"])
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Sees to it that each guild has an observer that can observe, and that the table says so.
    private func keepObservers() async throws {
        var lacking: [Partition: Int] = [:]
        while true {
            try await Task.sleep(for: .seconds(2))
            let usable = bots.sorted { $0.configuration.isPrimary && !$1.configuration.isPrimary }
                .flatMap(\.usableShards)
            let needy = observers.reassign(usable: usable)
            lacking = lacking.filter { needy.contains($0.key) }
            for shard in needy {
                // A session costs one of a day's thousand: only for a want that lasts, and only when it is online.
                lacking[shard, default: 0] += 1
                if lacking[shard] == 5, let session = bot(shard.bot)?.session(of: shard.shard), session.isOnline {
                    lacking[shard] = -25
                    session.identifyAnew("the bot observes a guild now and needs the intents for it")
                }
            }
            do {
                for bot in bots {
                    let status = bot.status.current
                    try await Bots(database).observe(bot.id, state: status.state.rawValue, reason: status.reason)
                    if let user = status.user, let application = status.application {
                        try await Bots(database).identify(
                            bot.id,
                            user: user,
                            application: application,
                            username: status.username,
                            shards: sharding.plan.count
                        )
                    }
                }
            } catch {
                logger.debug("the bots' states are not stored yet", metadata: [LogKey.error: "\(error)"])
            }
        }
    }

    /// Writes down who observes what, at once: one task does it, so that no older choice overwrites a newer one.
    private func saveObservers() async {
        var backoff = Backoff(base: .milliseconds(50), cap: .seconds(2))
        for await _ in observers.updates {
            do {
                try await observers.save(to: database)
                backoff.reset()
            } catch {
                logger.debug("observers are not stored yet", metadata: [LogKey.error: "\(error)"])
                try? await Task.sleep(for: backoff.next())
                observers.nudge()
            }
        }
    }

    // MARK: - Requests

    /// What the gateway serves about its bots.
    var requests: [ShardedRequest] {
        [
            ShardedRequest(all: ControlBot.self) { request, shards in
                try await control(request, of: shards)
            } merge: { parts, silent in
                try BotStatus.merged(parts, silent: silent)
            },
            ShardedRequest(all: FleetStatus.self) { _, shards in
                BusContract.Fleet(bots: bots.map { $0.status(of: shards) })
            } merge: { parts, silent in
                let byBot = Dictionary(grouping: parts.flatMap(\.bots), by: \.bot)
                return BusContract.Fleet(
                    bots: try bots.compactMap { bot in
                        try byBot[bot.id].map { try BotStatus.merged($0, silent: silent) }
                    }
                )
            },
            ShardedRequest(anywhere: AddBot.self) { request, _ in try await add(request) },
            ShardedRequest(anywhere: RemoveBot.self) { request, _ in try await remove(request) },
            ShardedRequest(QueryMembers.self) { request, context in
                try await members(request, within: context.remaining - .milliseconds(50))
            },
            ShardedRequest(UpdateVoiceState.self) { request, _ in
                try updateVoiceState(request)
            },
        ]
    }

    /// - Throws: `RequestFailure` for a bot or an action that is not known.
    private func control(_ request: ControlBot, of shards: Set<Int>) async throws -> BotStatus {
        guard let bot = bot(request.bot) else {
            throw RequestFailure(code: "unknown-bot", message: "there is no bot \(request.bot)")
        }
        switch request.action {
        case .start: try await desire(.running, of: bot) { bot.start() }
        case .stop: try await desire(.stopped, of: bot) { bot.stop() }
        case .restart where shards.isSuperset(of: sharding.plan.own) || !bot.hasSession:
            try await desire(.running, of: bot) { bot.restart() }
        case .restart:
            try await desire(.running, of: bot) { for shard in shards { bot.restart(shard: shard) } }
        default:
            throw RequestFailure(code: "unknown-action", message: "there is no action \(request.action.rawValue)")
        }
        return bot.status(of: shards)
    }

    /// Writes down what an operator wants before it is done, so that a restart does not undo it.
    private func desire(_ state: BotRecord.Desire, of bot: Bot, _ act: () -> Void) async throws {
        do {
            _ = try await Bots(database).setDesired(state, of: bot.id)
        } catch {
            throw RequestFailure(code: "unavailable", message: "the database does not answer: \(error)")
        }
        act()
    }

    /// Asks Discord for members, over the session of the guild's observer, or of another bot in the guild.
    ///
    /// - Throws: `RequestFailure` if it cannot be asked, or does not answer in time.
    func members(_ query: QueryMembers, within limit: Duration) async throws -> MemberList {
        let wanted: MemberRequests.Wanted
        if !query.users.isEmpty {
            guard query.users.count <= 100, query.prefix.isEmpty else {
                throw RequestFailure(code: "invalid", message: "at most 100 users, and no prefix beside them")
            }
            wanted = .users(query.users)
        } else if query.prefix.isEmpty {
            wanted = .everyone
        } else {
            wanted = .prefix(query.prefix, limit: query.limit == 0 ? 100 : min(max(query.limit, 1), 100))
        }
        let known = observers.bots(in: query.guild)
        guard !known.isEmpty else {
            throw RequestFailure(code: "unknown-guild", message: "none of our bots is in guild \(query.guild)")
        }
        let observer = observers.observer(of: query.guild)
        // Discord ends the session for good if it asks for all without the intent for members.
        let candidates = known.filter { wanted != .everyone || observers.isCapable($0, in: query.guild) }
        let session = ([observer].compactMap(\.self).filter(candidates.contains) + candidates).lazy
            .compactMap { self.bot($0)?.session(of: query.guild) }.first(where: \.isOnline)
        guard let session else {
            throw RequestFailure(code: "bot-offline", message: "no bot in guild \(query.guild) is online to ask")
        }
        do {
            let found = try await session.members(of: query.guild, wanted, before: .now + limit)
            return MemberList(found)
        } catch let failure as MemberDesk.Failure {
            throw RequestFailure(failure)
        }
    }

    /// - Throws: `RequestFailure` if the bot is not there to do it.
    func updateVoiceState(_ request: UpdateVoiceState) throws -> Acknowledgement {
        guard let bot = bot(request.bot) else {
            throw RequestFailure(code: "unknown-bot", message: "there is no bot \(request.bot)")
        }
        guard let session = bot.session(of: request.guild), session.isOnline else {
            throw RequestFailure(code: "bot-offline", message: "\(request.bot) is not online")
        }
        session.updateVoiceState(
            guild: request.guild,
            channel: request.channel,
            selfMute: request.selfMute,
            selfDeaf: request.selfDeaf
        )
        return Acknowledgement()
    }
}

extension MemberList {
    /// The most members of one message.
    private static let most = 10_000

    fileprivate init(_ found: MemberRequests.Found) {
        self.init(
            members: found.members.prefix(Self.most).compactMap { member in
                guard let user = member.user else { return nil }
                return ListedMember(
                    user: user.id,
                    name: user.username,
                    displayName: member.displayName,
                    isBot: user.bot,
                    roles: member.roles
                )
            },
            missing: found.missing,
            isCut: found.members.count > Self.most
        )
    }
}

extension BotStatus {
    /// One bot's status from what the processes that run its shards say.
    ///
    /// - Throws: `RequestFailure` when nobody has said anything.
    static func merged(_ parts: [BotStatus], silent: [Int]) throws -> BotStatus {
        // Online with one of them: most of its guilds may have it.
        let order: [BotState] = [.online, .resuming, .connecting, .failed, .stopped]
        let sorted = parts.sorted {
            (order.firstIndex(of: $0.state) ?? order.count) < (order.firstIndex(of: $1.state) ?? order.count)
        }
        guard var status = sorted.first else {
            throw RequestFailure(code: "unavailable", message: "no gateway answers for the bot")
        }
        status.shardsOnline = parts.reduce(0) { $0 + $1.shardsOnline }
        status.guilds = parts.reduce(0) { $0 + $1.guilds }
        status.latencyMilliseconds = parts.map(\.latencyMilliseconds).max() ?? 0
        status.since = parts.map(\.since).max() ?? 0
        status.reason = parts.map(\.reason).first { !$0.isEmpty } ?? ""
        if !silent.isEmpty {
            let shards = silent.map(String.init).joined(separator: ", ")
            status.reason = "no gateway answers for shard \(shards)"
        }
        return status
    }
}

extension RequestFailure {
    fileprivate init(_ failure: MemberDesk.Failure) {
        switch failure {
        case .limited(let seconds):
            self.init(code: "rate-limited", message: "all members may be asked for again in \(seconds) s")
        case .overloaded: self.init(code: "overloaded", message: "too many requests for members are open")
        case .sessionLost: self.init(code: "bot-offline", message: "the bot's session ended before Discord answered")
        case .timedOut: self.init(code: "timeout", message: "Discord did not answer in time")
        }
    }
}
