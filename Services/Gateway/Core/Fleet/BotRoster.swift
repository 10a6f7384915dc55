import BusContract
import DiscordModel
import Logging
import Postgres
import ServiceKit
import Store
import Synchronization

/// The bots of the process: those of `config/fleet.yaml`, and those that operators add and remove while it runs.
///
/// The table `bots` says which were added. It is read again and again, so that each process of the gateway follows what
/// was asked of another, and what was asked in the moment of a kill -9 is done after it.
final class BotRoster: Sendable {
    private struct Member: Sendable {
        let bot: Bot
        let departure = Wake()
    }

    /// So many bots at most.
    static let capacity = 64
    private static let interval: Duration = .seconds(3)
    /// How long a session may take to end before its bot is taken out all the same.
    private static let patience: Duration = .seconds(10)

    /// Those of `config/fleet.yaml`.
    let fixed: Set<BotID>
    private let parts: BotParts
    private let settings: Settings
    private let logger: Logger
    private let members: Mutex<[Member]>
    private let (arrivals, arrivalSink) = AsyncStream.makeStream(
        of: Member.self,
        bufferingPolicy: .bufferingOldest(capacity)
    )

    init(_ configuration: FleetConfiguration, parts: BotParts, settings: Settings, logger: Logger) {
        fixed = Set(configuration.bots.map(\.id))
        self.parts = parts
        self.settings = settings
        self.logger = logger
        let first = configuration.bots.map { Member(bot: Bot(configuration: $0, parts: parts)) }
        members = Mutex(first)
        for member in first { arrivalSink.yield(member) }
    }

    var bots: [Bot] { members.withLock { $0.map(\.bot) } }

    /// Runs each bot from its arrival to its departure, until cancelled.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await self.follow() }
            for await member in arrivals {
                group.addTask { try await self.run(member) }
            }
        }
    }

    private func run(_ member: Member) async throws {
        let bot = member.bot
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bot.run() }
            group.addTask { await member.departure.wait() }
            defer { group.cancelAll() }
            try await group.next()
        }
        // A process that ends leaves everything as it is for the next one.
        try Task.checkCancellation()
        await parts.cache.removed(bot.id)
        for shard in parts.sharding.plan.own {
            parts.observers.isIn(Partition(bot: bot.id, shard: shard), [])
            parts.observers.sessionBegan(Partition(bot: bot.id, shard: shard), isCapable: false)
        }
        parts.fleet.remove(bot.id)
        parts.health.remove(bot.healthName)
        members.withLock { $0.removeAll { $0.bot === bot } }
        logger.notice("a bot has left", metadata: [LogKey.bot: "\(bot.id)"])
    }

    /// Does what the table says.
    private func follow() async throws {
        while true {
            try await Task.sleep(for: Self.interval)
            do {
                await apply(try await Bots(parts.database).all())
            } catch {
                logger.debug("the table of bots is not read yet", metadata: [LogKey.error: "\(error)"])
            }
        }
    }

    func apply(_ records: [BotRecord]) async {
        let change = RosterChange(present: bots.map(\.id), fixed: fixed, records: records)
        for record in change.joining { join(record) }
        for id in change.leaving { await leave(id) }
    }

    /// Takes in a bot that was added; one that is here stays as it is.
    func join(_ record: BotRecord) {
        let token: Secret?
        do {
            token = try TokenReference(record.tokenReference).map { reference throws(ConfigurationError) in
                try reference.resolve(with: settings)
            }
        } catch {
            token = nil
            logger.error(
                "a bot that was added has no token",
                metadata: [LogKey.bot: "\(record.bot)", LogKey.error: "\(error)"]
            )
        }
        let configuration = FleetConfiguration.Bot(
            id: record.bot,
            isPrimary: false,
            token: token,
            tokenVariable: record.tokenReference,
            isEnabled: record.desired == .running
        )
        let arrival = members.withLock { members -> Member? in
            guard !members.contains(where: { $0.bot.id == record.bot }), members.count < Self.capacity else {
                return nil
            }
            parts.fleet.add(configuration)
            let member = Member(bot: Bot(configuration: configuration, parts: parts))
            members.append(member)
            return member
        }
        guard let arrival else { return }
        arrivalSink.yield(arrival)
        logger.notice("a bot has been added", metadata: [LogKey.bot: "\(record.bot)"])
    }

    /// Ends a bot's session and takes the bot out; returns when it is gone, or when that has taken too long.
    func leave(_ id: BotID) async {
        guard let member = members.withLock({ $0.first { $0.bot.id == id } }) else { return }
        member.bot.stop()
        let deadline = ContinuousClock.now + Self.patience
        while member.bot.hasSession, ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(10))
        }
        member.departure.signal()
        while bots.contains(where: { $0 === member.bot }), ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
