import BusContract
import DiscordModel
import FoundationEssentials
import Logging
import Postgres
import ServiceKit
import ServiceLifecycle
import Store
import Synchronization

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
    /// Bytes of events that may wait before the read loops do: at the start of a session thousands of guilds come at once.
    private static let roomForBytes = 16 << 20

    struct Change: Sendable {
        let bot: BotID
        let event: String
        let payload: [UInt8]
        let stream: UInt64
        let seq: UInt64
        let isObserver: Bool
    }

    private let database: PostgresClient
    private let logger: Logger
    private nonisolated let dropped: Counter
    private var guilds = GuildShelf()
    private var channelGuilds: [ChannelID: GuildID] = [:]
    private var places: [GuildID: (stream: UInt64, seq: UInt64)] = [:]
    private var dirty: Set<GuildID> = []
    /// Guilds that bots have left, whose snapshots are still stored.
    private var gone: [BotID: Set<GuildID>] = [:]
    private var users: [BotID: UserID] = [:]
    private nonisolated let changes: AsyncStream<Change>
    private nonisolated let sink: AsyncStream<Change>.Continuation
    private nonisolated let waiting = Atomic<Int>(0)

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
        waiting.add(change.payload.count, ordering: .relaxed)
        guard case .enqueued = sink.yield(change) else {
            waiting.subtract(change.payload.count, ordering: .relaxed)
            dropped.increment()
            return
        }
    }

    /// Waits while too much waits to be taken in; for read loops, between what they have read.
    nonisolated func waitForRoom() async {
        while waiting.load(ordering: .relaxed) > Self.roomForBytes, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(2))
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
                for await change in changes {
                    take(change)
                    waiting.subtract(change.payload.count, ordering: .relaxed)
                }
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
        var page = GuildID(0)
        while true {
            let rows = try await snapshots.page(of: bot, after: page, limit: 200)
            for snapshot in rows where !guilds.contains(snapshot.guild) && holds(snapshot.guild) {
                guard let entry = Self.entry(snapshot.state, into: &guilds) else { continue }
                index(entry)
                let place = (stream: UInt64(clamping: snapshot.stream), seq: UInt64(clamping: snapshot.seq))
                places[snapshot.guild] = place
                // A snapshot of an earlier stream is followed by nothing in this one.
                if place.stream == stream { first = min(first ?? place.seq, place.seq) }
            }
            guard let last = rows.last else { break }
            page = last.guild
        }
        // Without a snapshot the stream's own GUILD_CREATEs are read.
        var after = first ?? 0
        while true {
            let rows = try await database.query(
                """
                SELECT seq, event, payload
                FROM journal_page(\(stream), \(after), \(Self.events.sorted()), 1000)
                ORDER BY seq
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

    /// Puts a stored guild onto the shelf; nil if it cannot be read.
    private static func entry(_ state: [UInt8], into guilds: inout GuildShelf) -> GuildEntry? {
        // As JSON it was stored by versions before the packed form.
        guard state.first == UInt8(ascii: "{") else { return guilds.put(packed: state) }
        guard let entry = try? JSONDecoder().decode(GuildEntry.self, from: Data(state)) else { return nil }
        guilds.put(entry)
        return entry
    }

    private func index(_ entry: GuildEntry) {
        for channel in entry.state.channels.keys { channelGuilds[channel] = entry.state.id }
    }

    // MARK: Events

    private func take(_ change: Change) {
        do {
            if change.event == "GUILD_CREATE" {
                let guild =
                    try Guild(plain: change.payload)
                    ?? JSONDecoder().decode(Guild.self, from: Data(change.payload))
                return create(guild, change)
            }
            let reference = try JSONDecoder().decode(GuildReference.self, from: Data(change.payload))
            guard let guild = reference.guild(in: change.event), guilds.contains(guild) else { return }
            if let place = places[guild], place.stream == change.stream, change.seq <= place.seq { return }
            if change.event == "GUILD_DELETE" { return remove(guild, change) }
            let own = users[change.bot]
            try guilds.update(guild) { entry in
                try Self.update(&entry.state, change, own: own)
                guard change.event.hasPrefix("CHANNEL_") || change.event.hasPrefix("THREAD_") else { return }
                index(entry)
            }
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

    /// The bot is one of ours no more: guilds without another one are forgotten.
    func removed(_ bot: BotID) {
        users[bot] = nil
        for guild in guilds.outlines where guild.bots.contains(bot) { leave(guild.id, bot) }
    }

    /// READY told in which guilds the bot is; from the others it was removed while nobody listened.
    func began(_ bot: BotID, in present: Set<GuildID>, where holds: @Sendable (GuildID) -> Bool) {
        for guild in guilds.outlines
        where guild.bots.contains(bot) && holds(guild.id) && !present.contains(guild.id) {
            leave(guild.id, bot)
        }
    }

    private func leave(_ guild: GuildID, _ bot: BotID) {
        guilds.update(guild) { entry in
            entry.bots.remove(bot)
            if entry.observer == bot { entry.observer = nil }
        }
        // It stands as it was in the bot's snapshot, which would come back with the next process.
        gone[bot, default: []].insert(guild)
        guard let entry = guilds.entry(guild), entry.bots.isEmpty else {
            dirty.insert(guild)
            return
        }
        for channel in entry.state.channels.keys where channelGuilds[channel] == guild { channelGuilds[channel] = nil }
        guilds.remove(guild)
        places[guild] = nil
        dirty.remove(guild)
    }

    private func create(_ guild: Guild, _ change: Change) {
        var entry = guilds.entry(guild.id) ?? GuildEntry(state: GuildState(guild), bots: [], observer: nil)
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
        guilds.put(entry)
        index(entry)
        dirty.insert(guild.id)
    }

    private func remove(_ guild: GuildID, _ change: Change) {
        // An outage: Discord says nothing about the guild for a while, and what is known stays true.
        if (try? JSONDecoder().decode(Outage.self, from: Data(change.payload)))?.unavailable == true { return }
        leave(guild, change.bot)
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
        guard !dirty.isEmpty || !gone.isEmpty else { return }
        var saving = dirty
        var removing = gone
        (dirty, gone) = ([], [:])
        do {
            // First: a bot that has come back meanwhile is among those to be saved.
            for (bot, guilds) in removing {
                try await GuildSnapshots(database).remove(guilds.sorted(), of: bot)
                removing[bot] = nil
            }
            while !saving.isEmpty {
                // Some at a time, so that questions are answered in between.
                var batch: [BotID: [GuildSnapshot]] = [:]
                let part = saving.prefix(50)
                for guild in part {
                    guard let bytes = guilds.bytes(of: guild), let outline = GuildPacking.outline(of: bytes),
                        let bot = outline.observer ?? outline.bots.first
                    else { continue }
                    let place = places[guild] ?? (0, 0)
                    let snapshot = GuildSnapshot(
                        guild: guild,
                        stream: Int64(clamping: place.stream),
                        seq: Int64(clamping: place.seq),
                        state: bytes
                    )
                    batch[bot, default: []].append(snapshot)
                }
                for (bot, snapshots) in batch { try await GuildSnapshots(database).save(snapshots, of: bot) }
                saving.subtract(part)
            }
        } catch {
            dirty.formUnion(saving)
            gone.merge(removing) { $0.union($1) }
            logger.debug("guild snapshots not written", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Reading

    func entry(_ guild: GuildID) -> GuildEntry? { guilds.entry(guild) }
    var outlines: [GuildOutline] { guilds.outlines }
    func guild(of channel: ChannelID) -> GuildID? { channelGuilds[channel] }
    func user(of bot: BotID) -> UserID? { users[bot] }
    func bot(of user: UserID) -> BotID? { users.first { $0.value == user }?.key }

    /// Keeps a member that was asked for over REST.
    func note(_ member: Member, in guild: GuildID) {
        guilds.update(guild) { $0.state.note(member) }
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
