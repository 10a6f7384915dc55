import BusContract
import CommandKit
import DiscordModel
import MessageBus
import Synchronization

/// Asks the gateway what the choice of a bot, and an answer to a member, needs to know.
final class WorkerScout: Sendable {
    private let bus: BusConnection
    private let preferred: [BotID]
    private let languages = Mutex<[GuildID: Language]>([:])

    /// Guilds whose language is remembered.
    private static let rememberedGuilds = 10_000

    /// - Parameter preferred: the bots' order behind the primary one.
    init(bus: BusConnection, preferred: [BotID]) {
        self.bus = bus
        self.preferred = preferred
    }

    /// The bots in the troupe's order, with what each may do in that channel.
    func workers(in guild: GuildID, channel: ChannelID) async throws(BusError) -> [WorkerPool.Worker] {
        let fleet = try await bus.request(FleetStatus(), timeout: .seconds(2))
        let online = Set(fleet.bots.filter { $0.state == .online || $0.state == .resuming }.map(\.bot))
        let order = WorkerPool.ordered(
            fleet.bots.map(\.bot),
            primary: fleet.bots.first(where: \.primary)?.bot,
            preferred: preferred
        )
        var workers: [WorkerPool.Worker] = []
        for bot in order {
            guard online.contains(bot) else {
                workers.append(.init(bot: bot, isAvailable: false))
                continue
            }
            let facts = try await bus.request(
                QueryPermissions(bot: bot, guild: guild, channel: channel),
                timeout: .seconds(2)
            )
            let missing = WorkerPool.needed.subtracting(facts.permissions)
            workers.append(.init(bot: bot, isAvailable: facts.known, missing: facts.known ? missing : []))
        }
        return workers
    }

    /// The voice channel that a member is in.
    func voiceChannel(of user: UserID, in guild: GuildID) async throws(BusError) -> ChannelID? {
        try await bus.request(QueryMember(guild: guild, user: user), timeout: .seconds(2)).voiceChannel
    }

    /// The voice channels of a guild in which somebody listens who is no bot.
    func listenedChannels(in guild: GuildID) async throws(BusError) -> Set<ChannelID> {
        let states = try await bus.request(QueryVoiceStates(guild: guild), timeout: .seconds(2)).states
        return Set(states.filter { !$0.isBot }.map(\.channel))
    }

    /// The guild's own language, for what nobody asked for in person; English while it cannot be asked.
    func language(of guild: GuildID) async -> Language {
        if let known = languages.withLock({ $0[guild] }) { return known }
        guard let facts = try? await bus.request(QueryGuild(guild: guild), timeout: .seconds(1)), facts.known else {
            return .english
        }
        let language = Language(discordLocale: facts.locale)
        languages.withLock {
            if $0.count >= Self.rememberedGuilds { $0.removeAll() }
            $0[guild] = language
        }
        return language
    }

    /// The bot's name as members see it.
    func name(of bot: BotID) async -> String {
        let fleet = try? await bus.request(FleetStatus(), timeout: .seconds(1))
        let name = fleet?.bots.first { $0.bot == bot }?.username ?? ""
        return name.isEmpty ? bot.rawValue.prefix(1).uppercased() + bot.rawValue.dropFirst() : name
    }
}
