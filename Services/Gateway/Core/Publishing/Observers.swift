import BusContract
import DiscordModel
import DurableEvents
import Postgres
import Synchronization

/// Which bot's stream a guild's events are taken from, and which of our bots are in which guild.
///
/// The read loops ask it for every event; it changes seldom. The table `observers` keeps it over restarts, and gets it a
/// moment later, off the read loops. Until it has it, each stream that met the guild under the new choice holds its journal
/// before that event: a kill -9 takes all of them back to where the choice is open, and whoever is chosen then sees all.
/// Otherwise another bot could be chosen, whose stream has passed events because the first one was to supply them.
final class Observers: Sendable {
    private struct State {
        /// How the guilds are spread over the shards of every bot.
        var plan = ShardPlan.single
        var observers: [GuildID: BotID] = [:]
        /// Guilds of which the table may have something else.
        var unsaved: Set<GuildID> = []
        /// What keeps streams before an event that was decided by an unsaved choice.
        var holds: [GuildID: [UInt64: JournalHold]] = [:]
        var members: [GuildID: Set<BotID>] = [:]
        /// Shards whose sessions have the intents of an observer.
        var capable: Set<Partition> = []
        /// Shards that have said, since this process began, which guilds they are in.
        var told: Set<Partition> = []
        /// How often `reassign` has left a guild to a bot that may still come.
        var patience: [GuildID: Int] = [:]

        func partition(_ bot: BotID, _ guild: GuildID) -> Partition {
            Partition(bot: bot, shard: plan.shard(of: guild))
        }

        func isCapable(_ bot: BotID, in guild: GuildID) -> Bool { capable.contains(partition(bot, guild)) }

        /// - Returns: whether the bot observes the guild from now on.
        mutating func join(_ bot: BotID, _ guild: GuildID) -> Bool {
            members[guild, default: []].insert(bot)
            guard observers[guild] == nil, isCapable(bot, in: guild) else { return false }
            choose(bot, guild)
            return true
        }

        mutating func choose(_ bot: BotID?, _ guild: GuildID) {
            observers[guild] = bot
            unsaved.insert(guild)
        }

        /// - Returns: whether the bot observed the guild.
        mutating func leave(_ bot: BotID, _ guild: GuildID) -> Bool {
            members[guild]?.remove(bot)
            if members[guild]?.isEmpty ?? false { members[guild] = nil }
            guard observers[guild] == bot else { return false }
            choose(nil, guild)
            return true
        }
    }

    /// So many calls of `reassign`, half a minute, a guild waits for a bot that can observe.
    static let patience = 15

    private let state = Mutex(State())
    private let (changes, changeSink) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// One element when there is something to save. It has one consumer.
    var updates: AsyncStream<Void> { changes }

    /// Lets whoever saves look again.
    func nudge() { changeSink.yield() }

    /// The bots' shards stand for other guilds from now on: what they have said before counts no more.
    func use(_ plan: ShardPlan) {
        state.withLock { state in
            guard state.plan.count != plan.count else { return }
            state.plan = plan
            state.capable = []
            state.told = []
        }
    }

    func load(_ observers: [GuildID: BotID]) {
        state.withLock { $0.observers = observers }
    }

    func isObserver(_ bot: BotID, of guild: GuildID?) -> Bool {
        guard let guild else { return false }
        return state.withLock { $0.observers[guild] == bot }
    }

    func observer(of guild: GuildID) -> BotID? {
        state.withLock { $0.observers[guild] }
    }

    func bots(in guild: GuildID) -> [BotID] {
        state.withLock { Array($0.members[guild] ?? []).sorted() }
    }

    /// In how many of these shards' guilds the bot is.
    func guildCount(of bot: BotID, on shards: Set<Int>) -> Int {
        state.withLock { state in
            state.members.count { $0.value.contains(bot) && shards.contains(state.plan.shard(of: $0.key)) }
        }
    }

    /// Whether the shard's next session needs the intents of an observer.
    func needsObserverIntents(_ shard: Partition) -> Bool {
        state.withLock { state in
            state.observers.contains { $0.value == shard.bot && state.plan.shard(of: $0.key) == shard.shard }
        }
    }

    /// Whether the shard's session has the intents of an observer.
    func isCapable(_ shard: Partition) -> Bool {
        state.withLock { $0.capable.contains(shard) }
    }

    /// Whether the bot's session for the guild has the intents of an observer.
    func isCapable(_ bot: BotID, in guild: GuildID) -> Bool {
        state.withLock { $0.isCapable(bot, in: guild) }
    }

    /// The shard has a session with, or without, the intents of an observer.
    func sessionBegan(_ shard: Partition, isCapable: Bool) {
        state.withLock { state in
            if isCapable { state.capable.insert(shard) } else { state.capable.remove(shard) }
        }
    }

    /// The bot is in the guild. If nobody observes it and the bot can, the bot does from now on.
    func joined(_ bot: BotID, _ guild: GuildID) {
        if state.withLock({ $0.join(bot, guild) }) { changeSink.yield() }
    }

    /// Takes note of what an event says about its guild, before anything is done with it.
    ///
    /// - Parameters:
    ///   - stream: whose event it is.
    ///   - hold: keeps the stream's journal from going past what was before the event.
    /// - Returns: whether the guild's events are taken from the bot.
    func receives(
        _ event: DiscordEventName,
        _ route: EventRoute,
        by bot: BotID,
        stream: UInt64,
        hold: () -> JournalHold?
    ) -> Bool {
        guard let guild = route.guildID else { return false }
        let isPresent = event == .guildCreate && !route.flags.contains(.unavailable)
        let (isObserver, isNew) = state.withLock { state in
            var isNew = false
            var observer = state.observers[guild]
            // Without an observer any event decides: dropped, it would be lost.
            if isPresent || (observer == nil && event != .guildDelete) {
                isNew = state.join(bot, guild)
                observer = state.observers[guild]
            }
            if !state.unsaved.isEmpty, state.unsaved.contains(guild), state.holds[guild]?[stream] == nil {
                state.holds[guild, default: [:]][stream] = hold()
            }
            return (observer == bot, isNew)
        }
        if isNew { changeSink.yield() }
        return isObserver
    }

    /// The guild's facts came from that bot's stream, so that it observed the guild; the table may not have it yet.
    func restored(_ bot: BotID, of guild: GuildID) {
        let isNew = state.withLock { state in
            guard state.observers[guild] == nil else { return false }
            state.choose(bot, guild)
            return true
        }
        if isNew { changeSink.yield() }
    }

    /// The shard takes up a session of an earlier process, which nothing begins that would name its guilds: it is where it was
    /// last known to be, and in those that the table has it observe. If it has been removed meanwhile, Discord says so.
    func restored(_ shard: Partition, in guilds: some Sequence<GuildID>) {
        let isNew = state.withLock { state in
            state.told.insert(shard)
            let observed = state.observers.filter { state.partition($0.value, $0.key) == shard }.map(\.key)
            var isNew = false
            for guild in observed + Array(guilds) where state.join(shard.bot, guild) { isNew = true }
            return isNew
        }
        if isNew { changeSink.yield() }
    }

    /// The bot is in the guild no more.
    ///
    /// - Parameter hold: keeps the stream before the event that said so, until the table has it.
    func left(_ bot: BotID, _ guild: GuildID, stream: UInt64 = 0, hold: JournalHold? = nil) {
        let isNew = state.withLock { state in
            guard state.leave(bot, guild) else { return false }
            if let hold, state.holds[guild]?[stream] == nil { state.holds[guild, default: [:]][stream] = hold }
            return true
        }
        if isNew { changeSink.yield() }
    }

    /// READY told in which of the shard's guilds the bot is; from the others it has been removed meanwhile.
    func isIn(_ shard: Partition, _ guilds: Set<GuildID>) {
        let isNew = state.withLock { state in
            state.told.insert(shard)
            let bot = shard.bot
            var isNew = false
            for guild in guilds where state.join(bot, guild) { isNew = true }
            let gone =
                (state.members.filter { $0.value.contains(bot) }.map(\.key)
                + state.observers.filter { $0.value == bot }.map(\.key))
                .filter { !guilds.contains($0) && state.plan.shard(of: $0) == shard.shard }
            for guild in gone where state.leave(bot, guild) { isNew = true }
            return isNew
        }
        if isNew { changeSink.yield() }
    }

    /// Gives guilds without an observer, or with one that cannot observe any more, to the first bot whose shard can.
    ///
    /// A bot that lacks the intents sees no message until it has begun a new session: a guild goes to one only when no
    /// other may still come. At a start bots say one after the other where they are.
    ///
    /// - Parameters:
    ///   - usable: the shards that run, in the order of preference of their bots.
    /// - Returns: the shards that must begin a new session, because theirs lacks the intents.
    func reassign(usable: [Partition]) -> Set<Partition> {
        let (lacking, isNew) = state.withLock { state in
            var lacking: Set<Partition> = []
            var isNew = false
            let byShard = Dictionary(grouping: usable, by: \.shard)
            for (guild, members) in state.members {
                let usable = byShard[state.plan.shard(of: guild)] ?? []
                if let current = state.observers[guild].map({ state.partition($0, guild) }), usable.contains(current) {
                    if !state.told.contains(current) { continue }
                    if members.contains(current.bot) {
                        if !state.capable.contains(current) { lacking.insert(current) }
                        continue
                    }
                }
                let candidates = usable.filter { members.contains($0.bot) }
                let able = candidates.first { state.capable.contains($0) }
                if able == nil, state.patience[guild, default: 0] < Self.patience,
                    usable.contains(where: { shard in
                        !members.contains(shard.bot) && (state.capable.contains(shard) || !state.told.contains(shard))
                    })
                {
                    state.patience[guild, default: 0] += 1
                    continue
                }
                guard let next = able ?? candidates.first else { continue }
                state.patience[guild] = nil
                state.choose(next.bot, guild)
                isNew = true
                if !state.capable.contains(next) { lacking.insert(next) }
            }
            return (lacking, isNew)
        }
        if isNew { changeSink.yield() }
        return lacking
    }

    // MARK: - The table

    /// Whether the table has every choice.
    var isSaved: Bool { state.withLock { $0.unsaved.isEmpty } }

    /// What the table lacks; nil: the guild has no observer.
    func changed() -> [GuildID: BotID?] {
        state.withLock { state in
            Dictionary(uniqueKeysWithValues: state.unsaved.map { ($0, state.observers[$0]) })
        }
    }

    /// The table has these choices; those that have changed meanwhile are still to be written.
    func saved(_ changes: [GuildID: BotID?]) {
        let released = state.withLock { state in
            var released: [[UInt64: JournalHold]] = []
            for (guild, bot) in changes where state.observers[guild] == bot {
                state.unsaved.remove(guild)
                if let holds = state.holds.removeValue(forKey: guild) { released.append(holds) }
            }
            return released
        }
        for holds in released { for hold in holds.values { hold.release() } }
    }

    /// Writes what has changed. One task at a time may do it.
    func save(to database: some QueryExecutor) async throws {
        let changes = changed()
        guard !changes.isEmpty else { return }
        let chosen = changes.compactMap { guild, bot in bot.map { (guild.rawValue, $0.rawValue) } }
        let gone = changes.filter { $0.value == nil }.map(\.key.rawValue)
        try await database.query(
            """
            WITH gone AS (DELETE FROM observers WHERE guild = ANY(\(gone)))
            INSERT INTO observers (guild, bot) SELECT * FROM unnest(\(chosen.map(\.0)), \(chosen.map(\.1)))
            ON CONFLICT (guild) DO UPDATE SET bot = excluded.bot, epoch = observers.epoch + 1, since = now()
            WHERE observers.bot <> excluded.bot
            """
        )
        saved(changes)
    }

    /// What the table has.
    static func read(from database: some QueryExecutor) async throws -> [GuildID: BotID] {
        var observers: [GuildID: BotID] = [:]
        for row in try await database.query("SELECT guild, bot FROM observers") {
            let guild: UInt64 = try row["guild"]
            observers[GuildID(guild)] = BotID(rawValue: try row["bot"])
        }
        return observers
    }
}
