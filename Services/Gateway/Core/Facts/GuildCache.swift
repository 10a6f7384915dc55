import BusContract
import DiscordModel
import FoundationEssentials
import Logging
import Postgres
import ServiceKit
import ServiceLifecycle
import Store

/// What the gateway knows of guilds, channels, roles, members and voice, for every service to ask.
///
/// It is fed by the sessions' events, and kept in `guild_snapshots` behind them: after a RESUME there is no GUILD_CREATE,
/// so that a restarted gateway reads the snapshot and then what the journal has since.
actor GuildCache: Service {
    /// The events that change it.
    static let events: Set<String> = [
        "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE", "GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE",
        "CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE", "THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE",
        "GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE", "VOICE_STATE_UPDATE",
    ]
    private static let bound = 50_000

    struct Change: Sendable {
        let bot: BotID
        let event: String
        let payload: [UInt8]
        let stream: UInt64
        let seq: UInt64
        let isObserver: Bool
    }

    /// One guild as it is kept and stored.
    struct Entry: Codable, Sendable {
        var state: GuildState
        /// Our bots that are members.
        var bots: Set<BotID>
        var observer: BotID?
    }

    private let database: PostgresClient
    private let logger: Logger
    private nonisolated let dropped: Counter
    private var guilds: [GuildID: Entry] = [:]
    private var channelGuilds: [ChannelID: GuildID] = [:]
    private var places: [GuildID: (stream: UInt64, seq: UInt64)] = [:]
    private var dirty: Set<GuildID> = []
    private var users: [BotID: UserID] = [:]
    private nonisolated let changes: AsyncStream<Change>
    private nonisolated let sink: AsyncStream<Change>.Continuation

    init(database: PostgresClient, logger: Logger, metrics: MetricsRegistry) {
        self.database = database
        self.logger = logger
        dropped = metrics.counter("guild_cache_dropped_total", help: "Events that the guild cache had no room for.")
        (changes, sink) = AsyncStream.makeStream(of: Change.self, bufferingPolicy: .bufferingOldest(Self.bound))
    }

    /// Takes an event from a read loop, without waiting. Events that change nothing here are not copied.
    ///
    /// - Parameter isObserver: whether the guild's events are taken from this bot.
    nonisolated func apply(
        bot: BotID,
        event: String,
        payload: @autoclosure () -> [UInt8],
        stream: UInt64,
        seq: UInt64,
        isObserver: Bool
    ) {
        guard Self.events.contains(event) else { return }
        let change = Change(
            bot: bot,
            event: event,
            payload: payload(),
            stream: stream,
            seq: seq,
            isObserver: isObserver
        )
        guard case .enqueued = sink.yield(change) else {
            dropped.increment()
            return
        }
    }

    /// Learns a bot's own user id, at each login.
    func note(user: UserID, of bot: BotID) {
        users[bot] = user
    }

    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try? await cancelWhenGracefulShutdown { try await self.saveForever() } }
            await withTaskCancellationOrGracefulShutdownHandler {
                for await change in changes { take(change) }
            } onCancelOrGracefulShutdown: {
                self.sink.finish()
            }
            await save()
        }
    }

    // MARK: Restoring

    /// Reads what an earlier process knew of a bot's guilds, and what the journal has of the stream since. Call it
    /// before a session is resumed.
    func restore(
        bot: BotID,
        user: UserID?,
        stream: UInt64,
        isObserver: Bool,
        where holds: @Sendable (GuildID) -> Bool = { _ in true }
    ) async throws {
        if let user { users[bot] = user }
        let snapshots = GuildSnapshots(database)
        var first: UInt64?
        for guild in try await snapshots.guilds(of: bot) where guilds[guild] == nil && holds(guild) {
            guard let snapshot = try await snapshots.find(bot: bot, guild: guild),
                let entry = try? JSONDecoder().decode(Entry.self, from: Data(snapshot.state))
            else { continue }
            install(entry)
            let seq = UInt64(clamping: snapshot.seq)
            let place = (stream: UInt64(clamping: snapshot.stream), seq: seq)
            places[guild] = place
            // A snapshot of an earlier stream is followed by nothing in this one.
            if place.stream == stream { first = min(first ?? seq, seq) }
        }
        // Without a snapshot the stream's own GUILD_CREATEs are read.
        var after = first ?? 0
        while true {
            let rows = try await database.query(
                """
                SELECT seq, event, payload FROM journal
                WHERE stream = \(stream) AND seq > \(after) AND event = ANY(\(Self.events.sorted()))
                ORDER BY seq LIMIT 1000
                """
            )
            for row in rows {
                after = try row["seq"]
                take(
                    Change(
                        bot: bot,
                        event: try row["event"],
                        payload: try row["payload"],
                        stream: stream,
                        seq: after,
                        isObserver: isObserver
                    )
                )
            }
            if rows.count < 1_000 { return }
        }
    }

    private func install(_ entry: Entry) {
        guilds[entry.state.id] = entry
        for channel in entry.state.channels.keys { channelGuilds[channel] = entry.state.id }
    }

    // MARK: Events

    private func take(_ change: Change) {
        do {
            let data = Data(change.payload)
            if change.event == "GUILD_CREATE" {
                return create(try JSONDecoder().decode(Guild.self, from: data), change)
            }
            let guild = try JSONDecoder().decode(GuildReference.self, from: data).guild(in: change.event)
            guard let guild, var entry = guilds[guild] else { return }
            if let place = places[guild], place.stream == change.stream, change.seq <= place.seq { return }
            if change.event == "GUILD_DELETE" { return remove(guild, entry, change) }
            try Self.update(&entry.state, change, own: users[change.bot])
            if change.event.hasPrefix("CHANNEL_") || change.event.hasPrefix("THREAD_") {
                for channel in entry.state.channels.keys { channelGuilds[channel] = guild }
            }
            guilds[guild] = entry
            if change.isObserver { places[guild] = (change.stream, change.seq) }
            dirty.insert(guild)
        } catch {
            logger.warning(
                "an event could not be taken into the guild cache",
                metadata: [
                    "event": "\(change.event)", "bot": "\(change.bot)", "seq": "\(change.seq)", "error": "\(error)",
                ]
            )
        }
    }

    private func create(_ guild: Guild, _ change: Change) {
        var entry = guilds[guild.id] ?? Entry(state: GuildState(guild), bots: [], observer: nil)
        entry.bots.insert(change.bot)
        if change.isObserver || entry.observer == nil {
            // Members that were known are kept: GUILD_CREATE of a large guild lists only those in voice.
            let known = entry.state.members
            entry.state = GuildState(guild)
            for (user, member) in known where entry.state.members[user] == nil { entry.state.note(member) }
            places[guild.id] = (change.stream, change.seq)
        }
        if change.isObserver { entry.observer = change.bot }
        for member in guild.members where member.user?.bot == true { entry.state.note(member) }
        install(entry)
        dirty.insert(guild.id)
    }

    private func remove(_ guild: GuildID, _ entry: Entry, _ change: Change) {
        // An outage: Discord says nothing about the guild for a while, and what is known stays true.
        if (try? JSONDecoder().decode(Outage.self, from: Data(change.payload)))?.unavailable == true { return }
        var entry = entry
        entry.bots.remove(change.bot)
        if entry.observer == change.bot { entry.observer = nil }
        guilds[guild] = entry.bots.isEmpty ? nil : entry
        dirty.insert(guild)
    }

    private static func update(_ state: inout GuildState, _ change: Change, own: UserID?) throws {
        let data = Data(change.payload)
        let decoder = JSONDecoder()
        if change.event == "VOICE_STATE_UPDATE" {
            let voice = try decoder.decode(VoiceState.self, from: data)
            if change.isObserver || voice.userID == own { state.note(voice) }
            return
        }
        guard change.isObserver else { return }
        switch change.event {
        case "GUILD_UPDATE":
            state.update(try decoder.decode(Guild.self, from: data))
        case "GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE":
            let role = try decoder.decode(RoleChange.self, from: data).role
            state.roles[role.id] = role
        case "GUILD_ROLE_DELETE":
            state.roles[try decoder.decode(RoleRemoval.self, from: data).role] = nil
        case "CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE":
            state.note(try decoder.decode(Channel.self, from: data))
        case "CHANNEL_DELETE", "THREAD_DELETE":
            state.channels[try decoder.decode(ChannelRemoval.self, from: data).id] = nil
        case "GUILD_MEMBER_ADD":
            state.note(try decoder.decode(Member.self, from: data))
            state.memberCount += 1
        case "GUILD_MEMBER_UPDATE":
            state.note(try decoder.decode(Member.self, from: data))
        case "GUILD_MEMBER_REMOVE":
            let user = try decoder.decode(MemberRemoval.self, from: data).user.id
            state.members[user] = nil
            state.voiceStates[user] = nil
            state.memberCount = max(0, state.memberCount - 1)
        default:
            break
        }
    }

    // MARK: Snapshots

    private func saveForever() async throws {
        while true {
            try await Task.sleep(for: .milliseconds(500))
            await save()
        }
    }

    private func save() async {
        guard !dirty.isEmpty else { return }
        let saving = dirty
        dirty = []
        do {
            for guild in saving {
                guard let entry = guilds[guild] else { continue }
                let place = places[guild] ?? (0, 0)
                let snapshot = GuildSnapshot(
                    guild: guild,
                    stream: Int64(clamping: place.stream),
                    seq: Int64(clamping: place.seq),
                    state: Array(try JSONEncoder().encode(entry))
                )
                guard let bot = entry.observer ?? entry.bots.min() else { continue }
                try await GuildSnapshots(database).save([snapshot], of: bot)
            }
        } catch {
            dirty.formUnion(saving)
            logger.debug("guild snapshots not written", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Reading

    func entry(_ guild: GuildID) -> Entry? { guilds[guild] }
    var all: [Entry] { guilds.values.sorted { $0.state.id < $1.state.id } }
    func guild(of channel: ChannelID) -> GuildID? { channelGuilds[channel] }
    func user(of bot: BotID) -> UserID? { users[bot] }
    func bot(of user: UserID) -> BotID? { users.first { $0.value == user }?.key }

    /// Keeps a member that was asked for over REST.
    func note(_ member: Member, in guild: GuildID) {
        guilds[guild]?.state.note(member)
        dirty.insert(guild)
    }
}

private struct GuildReference: Decodable {
    let id: GuildID?
    let guildID: GuildID?

    enum CodingKeys: String, CodingKey {
        case id
        case guildID = "guild_id"
    }

    /// GUILD_* events of the guild itself carry its id as `id`.
    func guild(in event: String) -> GuildID? {
        event == "GUILD_UPDATE" || event == "GUILD_DELETE" ? id : guildID
    }
}

private struct Outage: Decodable {
    let unavailable: Bool?
}

private struct RoleChange: Decodable {
    let role: Role
}

private struct RoleRemoval: Decodable {
    let role: RoleID

    enum CodingKeys: String, CodingKey {
        case role = "role_id"
    }
}

private struct ChannelRemoval: Decodable {
    let id: ChannelID
}

private struct MemberRemoval: Decodable {
    struct Reference: Decodable {
        let id: UserID
    }

    let user: Reference
}
