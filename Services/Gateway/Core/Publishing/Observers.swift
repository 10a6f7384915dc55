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
    }

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
        let isNew = state.withLock { state in
            state.members[guild, default: []].insert(bot)
            guard state.observers[guild] == nil, state.capable.contains(bot) else { return false }
            state.observers[guild] = bot
            state.unsaved[guild] = bot
            return true
        }
        if isNew { changeSink.yield() }
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
        let gone = state.withLock { state in
            state.members.filter { $0.value.contains(bot) && !guilds.contains($0.key) }.map(\.key)
        }
        for guild in gone { left(bot, guild) }
    }

    /// Gives guilds without an observer, or with one that cannot observe any more, to the first bot that can.
    ///
    /// - Parameters:
    ///   - usable: the bots that run, in the order of preference.
    /// - Returns: the bots that must begin a new session, because theirs lacks the intents.
    func reassign(usable: [BotID]) -> Set<BotID> {
        state.withLock { state in
            var lacking: Set<BotID> = []
            for (guild, members) in state.members {
                let current = state.observers[guild]
                if let current, usable.contains(current), members.contains(current) {
                    if !state.capable.contains(current) { lacking.insert(current) }
                    continue
                }
                let candidates = usable.filter { members.contains($0) }
                guard let next = candidates.first(where: { state.capable.contains($0) }) ?? candidates.first else {
                    continue
                }
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
