import BusContract
import DiscordModel
import FoundationEssentials
import MessageBus
import Simulation
import Synchronization

/// The gateway's part on the bus, with a Discord that knows nothing but voice: four bots, members, channels.
final class FakeGateway: VoiceAuthority, Sendable {
    struct State: Sendable {
        var members: [UserID: ChannelID] = [:]
        var bots: [BotID: ChannelID] = [:]
        var sessions: [BotID: (session: String, token: String)] = [:]
        var online: Set<BotID> = []
        var forbidden: [BotID: Permissions] = [:]
        var joins: [(BotID, ChannelID?)] = []
        var posts: [ExecuteREST] = []
        var declared: [String] = []
        var number = 0
        var silent = false
    }

    static let guild = GuildID(500)
    static let troupe = ["rainbow", "iris", "aurora", "selene"].compactMap { BotID(rawValue: $0) }

    let state: Mutex<State>
    private let bus: BusConnection

    init(bus: BusConnection) {
        self.bus = bus
        state = Mutex(State(online: Set(Self.troupe)))
    }

    static func user(of bot: BotID) -> UserID {
        UserID(UInt64(9000 + (troupe.firstIndex(of: bot) ?? 99)))
    }

    static func bot(of user: UserID) -> BotID? {
        troupe.first { self.user(of: $0) == user }
    }

    // MARK: - Discord

    func acceptsVoice(bot: UserID, guild: GuildID, sessionID: String, token: String, endpoint: String) -> Bool {
        guard let bot = Self.bot(of: bot) else { return false }
        return state.withLock { state in
            state.sessions[bot].map { $0.session == sessionID && $0.token == token } ?? false
        }
    }

    func setPlaying(_ track: NowPlaying?, bot: UserID, guild: GuildID) {}

    /// A member goes to a voice channel.
    func join(_ user: UInt64, _ channel: UInt64?) {
        state.withLock { $0.members[UserID(user)] = channel.map { ChannelID($0) } }
    }

    /// Moves or disconnects a bot, as a moderator or itself does.
    func move(_ bot: BotID, to channel: ChannelID?) {
        let (session, token, changed) = state.withLock { state -> (String, String, Bool) in
            let changed = state.bots[bot] != channel
            state.number += 1
            if channel == nil {
                let old = state.sessions[bot]?.session ?? ""
                state.bots[bot] = nil
                state.sessions[bot] = nil
                return (old, "", changed)
            }
            let session = state.sessions[bot]?.session ?? "session\(state.number)"
            let token = changed ? "token\(state.number)" : state.sessions[bot]?.token ?? ""
            state.bots[bot] = channel
            state.sessions[bot] = (session, token)
            return (session, token, changed)
        }
        // Discord says nothing to a bot that is where it wants to be.
        guard changed else { return }
        var voice: [String: String?] = [
            "guild_id": "\(Self.guild)", "user_id": "\(Self.user(of: bot))", "session_id": session,
        ]
        voice["channel_id"] = .some(channel?.description)
        publish("VOICE_STATE_UPDATE", of: bot, voice, user: Self.user(of: bot))
        guard channel != nil else { return }
        publish(
            "VOICE_SERVER_UPDATE",
            of: bot,
            ["guild_id": "\(Self.guild)", "token": token, "endpoint": "eu.example"]
        )
    }

    func publish(_ event: String, of bot: BotID, _ body: [String: String?], user: UserID? = nil) {
        var header = Header()
        header.type = event
        header.contentType = .discord
        header.bot = bot
        header.guild = Self.guild
        header.user = user
        let payload = (try? JSONEncoder().encode(body)) ?? Data()
        bus.publish(
            OutgoingEvent(
                topic: .discord(Partition(bot: bot, shard: 0), event),
                header: header,
                payload: Array(payload)
            )
        )
    }

    /// Tells how a bot's gateway session goes.
    func announce(_ bot: BotID, _ states: [BotState]) {
        for state in states { bus.publish(BotStateChanged(status: BotStatus(bot: bot, state: state))) }
    }

    // MARK: - Requests

    func serve() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try await self.bus.serve(FleetStatus.self) { _, _ in
                    let online = self.state.withLock { $0.online }
                    return Fleet(
                        bots: Self.troupe.map {
                            BotStatus(
                                bot: $0,
                                state: online.contains($0) ? .online : .stopped,
                                username: $0.rawValue.prefix(1).uppercased() + $0.rawValue.dropFirst(),
                                user: Self.user(of: $0),
                                primary: $0 == Self.troupe[0]
                            )
                        }
                    )
                }
            }
            group.addTask {
                try await self.bus.serve(QueryMember.self) { query, _ in
                    let channel = self.state.withLock { $0.members[query.user] }
                    return MemberFacts(known: true, user: query.user, voiceChannel: channel)
                }
            }
            group.addTask {
                try await self.bus.serve(QueryPermissions.self) { query, _ in
                    let missing = self.state.withLock { $0.forbidden[query.bot] ?? [] }
                    return PermissionFacts(
                        known: true,
                        permissions: Permissions([.viewChannel, .connect, .speak]).subtracting(missing),
                        highestRolePosition: 1
                    )
                }
            }
            group.addTask {
                try await self.bus.serve(QueryVoiceStates.self) { _, _ in
                    let members = self.state.withLock { $0.members }
                    return VoiceStates(
                        states: members.map { VoiceStateFacts(user: $0.key, channel: $0.value, isBot: false) }
                    )
                }
            }
            group.addTask {
                try await self.bus.serve(QueryGuild.self) { query, _ in
                    GuildFacts(known: true, guild: query.guild, locale: "en-US", bots: Self.troupe)
                }
            }
            group.addTask {
                try await self.bus.serve(UpdateVoiceState.self) { request, _ in
                    let silent = self.state.withLock { state in
                        state.joins.append((request.bot, request.channel))
                        return state.silent
                    }
                    if !silent { self.move(request.bot, to: request.channel) }
                    return Acknowledgement()
                }
            }
            group.addTask {
                try await self.bus.serve(DeclareCommands.self) { request, _ in
                    self.state.withLock { $0.declared = request.commands.map(\.name) }
                    return Acknowledgement()
                }
            }
            group.addTask {
                try await self.bus.serve(ExecuteREST.self) { request, _ in
                    self.state.withLock { $0.posts.append(request) }
                    return RESTOutcome(status: 200, body: #"{"id":"77"}"#)
                }
            }
        }
    }
}
