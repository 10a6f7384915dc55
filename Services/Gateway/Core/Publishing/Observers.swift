import DiscordModel
import Postgres
import Synchronization

/// Which bot's stream a guild's events are taken from, and which of our bots are in which guild.
///
/// The read loops ask it for every event; it changes seldom. The table `observers` keeps it over restarts.
final class Observers: Sendable {
    private struct State {
        var observers: [GuildID: BotID] = [:]
        /// Changes that the table does not have yet.
        var unsaved: [GuildID: BotID?] = [:]
        var members: [GuildID: Set<BotID>] = [:]
        /// Bots whose sessions have the intents of an observer.
        var capable: Set<BotID> = []
        /// Bots that have said, since this process began, which guilds they are in.
        var told: Set<BotID> = []
        /// How often `reassign` has left a guild to a bot that may still come.
        var patience: [GuildID: Int] = [:]

        /// - Returns: whether the bot observes the guild from now on.
        mutating func join(_ bot: BotID, _ guild: GuildID) -> Bool {
            members[guild, default: []].insert(bot)
            guard observers[guild] == nil, capable.contains(bot) else { return false }
            observers[guild] = bot
            unsaved[guild] = bot
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

    /// How many guilds the bot is in.
    func guildCount(of bot: BotID) -> Int {
        state.withLock { state in state.members.values.count { $0.contains(bot) } }
    }

    /// Whether the bot's next session needs the intents of an observer.
    func needsObserverIntents(_ bot: BotID) -> Bool {
        state.withLock { state in state.observers.values.contains(bot) }
    }

    /// Whether the bot's session has the intents of an observer.
    func isCapable(_ bot: BotID) -> Bool {
        state.withLock { $0.capable.contains(bot) }
    }

    /// The bot has a session with, or without, the intents of an observer.
    func sessionBegan(_ bot: BotID, isCapable: Bool) {
        state.withLock { state in
            if isCapable { state.capable.insert(bot) } else { state.capable.remove(bot) }
        }
    }

    /// The bot is in the guild. If nobody observes it and the bot can, the bot does from now on.
    ///
    /// The table learns of it a moment later, off the read loop. A kill -9 before that loses nothing: what the observer's
    /// stream had journalled names it (`restored`), and what it had not is replayed, with which it decides again.
    func joined(_ bot: BotID, _ guild: GuildID) {
        if state.withLock({ $0.join(bot, guild) }) { changeSink.yield() }
    }

    /// The guild's facts came from that bot's stream, so that it observed the guild; the table may not have it yet.
    func restored(_ bot: BotID, of guild: GuildID) {
        let isNew = state.withLock { state in
            guard state.observers[guild] == nil else { return false }
            state.observers[guild] = bot
            state.unsaved[guild] = bot
            return true
        }
        if isNew { changeSink.yield() }
    }

    /// The bot takes up a session of an earlier process, which nothing begins that would name its guilds: it is where it was
    /// last known to be, and in those that the table has it observe. If it has been removed meanwhile, Discord says so.
    func restored(_ bot: BotID, in guilds: some Sequence<GuildID>) {
        let isNew = state.withLock { state in
            state.told.insert(bot)
            let observed = state.observers.filter { $0.value == bot }.map(\.key)
            var isNew = false
            for guild in observed + Array(guilds) where state.join(bot, guild) { isNew = true }
            return isNew
        }
        if isNew { changeSink.yield() }
    }

    /// The bot is in the guild no more.
    func left(_ bot: BotID, _ guild: GuildID) {
        state.withLock { state in
            state.members[guild]?.remove(bot)
            if state.members[guild]?.isEmpty ?? false { state.members[guild] = nil }
            if state.observers[guild] == bot {
                state.observers[guild] = nil
                state.unsaved[guild] = .some(nil)
            }
        }
    }

    /// READY told which guilds the bot is in; from the others it has been removed meanwhile.
    func isIn(_ bot: BotID, _ guilds: Set<GuildID>) {
        let (isNew, gone) = state.withLock { state in
            state.told.insert(bot)
            var isNew = false
            for guild in guilds where state.join(bot, guild) { isNew = true }
            let gone =
                state.members.filter { $0.value.contains(bot) && !guilds.contains($0.key) }.map(\.key)
                + state.observers.filter { $0.value == bot && !guilds.contains($0.key) }.map(\.key)
            return (isNew, gone)
        }
        if isNew { changeSink.yield() }
        for guild in Set(gone) { left(bot, guild) }
    }

    /// Gives guilds without an observer, or with one that cannot observe any more, to the first bot that can.
    ///
    /// A bot that lacks the intents sees no message until it has begun a new session: a guild goes to one only when no
    /// other may still come. At a start bots say one after the other where they are.
    ///
    /// - Parameters:
    ///   - usable: the bots that run, in the order of preference.
    /// - Returns: the bots that must begin a new session, because theirs lacks the intents.
    func reassign(usable: [BotID]) -> Set<BotID> {
        state.withLock { state in
            var lacking: Set<BotID> = []
            for (guild, members) in state.members {
                let current = state.observers[guild]
                if let current, usable.contains(current) {
                    if !state.told.contains(current) { continue }
                    if members.contains(current) {
                        if !state.capable.contains(current) { lacking.insert(current) }
                        continue
                    }
                }
                let candidates = usable.filter { members.contains($0) }
                let able = candidates.first { state.capable.contains($0) }
                if able == nil, state.patience[guild, default: 0] < Self.patience,
                    usable.contains(where: { bot in
                        !members.contains(bot) && (state.capable.contains(bot) || !state.told.contains(bot))
                    })
                {
                    state.patience[guild, default: 0] += 1
                    continue
                }
                guard let next = able ?? candidates.first else { continue }
                state.patience[guild] = nil
                state.observers[guild] = next
                state.unsaved[guild] = next
                if !state.capable.contains(next) { lacking.insert(next) }
            }
            return lacking
        }
    }

    // MARK: - The table

    /// Writes what has changed.
    func save(to database: some QueryExecutor) async throws {
        let changes = state.withLock { state in
            defer { state.unsaved = [:] }
            return state.unsaved
        }
        do {
            for (guild, bot) in changes {
                if let bot {
                    try await database.query(
                        """
                        INSERT INTO observers (guild, bot) VALUES (\(guild.rawValue), \(bot.rawValue))
                        ON CONFLICT (guild) DO UPDATE SET bot = excluded.bot, epoch = observers.epoch + 1, since = now()
                        WHERE observers.bot <> excluded.bot
                        """
                    )
                } else {
                    try await database.query("DELETE FROM observers WHERE guild = \(guild.rawValue)")
                }
            }
        } catch {
            // Newer changes win over those that could not be written.
            state.withLock { $0.unsaved.merge(changes) { newer, _ in newer } }
            throw error
        }
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
