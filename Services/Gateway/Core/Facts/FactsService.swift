import BusContract
import DiscordModel
import FoundationEssentials
import MessageBus

/// Answers what services ask about guilds, out of the cache; a member who is not cached is asked of Discord.
struct FactsService: Sendable {
    let cache: GuildCache
    let sharding: Sharding
    /// Calls Discord as a bot, wherever its REST calls are budgeted.
    let rest: @Sendable (ExecuteREST) async throws -> RESTOutcome

    /// What the gateway serves about guilds.
    var requests: [ShardedRequest] {
        [
            ShardedRequest(QueryGuild.self) { query, _ in await guild(query) },
            ShardedRequest(QueryMember.self) { query, _ in await member(query) },
            ShardedRequest(QueryVoiceStates.self) { query, _ in
                await voiceStates(query)
            },
            ShardedRequest(QueryPermissions.self) { query, _ in
                await permissions(query)
            },
            // A channel's id does not tell its guild.
            ShardedRequest(all: QueryChannel.self) { query, _ in
                await channel(query)
            } merge: { parts, _ in
                parts.first(where: \.known) ?? parts[0]
            },
            ShardedRequest(all: ListGuilds.self) { _, shards in
                await guilds(of: shards)
            } merge: { parts, _ in
                GuildList(guilds: parts.flatMap(\.guilds).sorted { $0.guild < $1.guild })
            },
        ]
    }

    private func guild(_ query: QueryGuild) async -> GuildFacts {
        guard let entry = await cache.entry(query.guild) else { return GuildFacts(known: false, guild: query.guild) }
        let state = entry.state
        return GuildFacts(
            known: true,
            guild: state.id,
            name: state.name,
            owner: state.ownerID,
            locale: state.locale,
            memberCount: state.memberCount,
            bots: entry.bots.sorted(),
            observer: entry.observer,
            roles: state.roles.values.sorted { ($0.position, $0.id) < ($1.position, $1.id) }.map {
                RoleFacts(
                    id: $0.id,
                    name: $0.name,
                    position: $0.position,
                    permissions: $0.permissions,
                    managed: $0.managed
                )
            },
            channels: state.channels.values.sorted { ($0.position, $0.id) < ($1.position, $1.id) }.map {
                ChannelFacts($0, guild: state.id)
            }
        )
    }

    private func channel(_ query: QueryChannel) async -> ChannelFacts {
        guard let guild = await cache.guild(of: query.channel), let entry = await cache.entry(guild),
            let channel = entry.state.channels[query.channel]
        else { return ChannelFacts(known: false, id: query.channel) }
        return ChannelFacts(channel, guild: guild)
    }

    private func guilds(of shards: Set<Int>) async -> GuildList {
        let plan = sharding.plan
        return GuildList(
            guilds: await cache.outlines.filter { shards.contains(plan.shard(of: $0.id)) }.map {
                GuildSummary(
                    guild: $0.id,
                    name: $0.name,
                    memberCount: $0.memberCount,
                    bots: $0.bots,
                    observer: $0.observer
                )
            }
        )
    }

    private func voiceStates(_ query: QueryVoiceStates) async -> VoiceStates {
        guard let entry = await cache.entry(query.guild) else { return VoiceStates(states: []) }
        var states: [VoiceStateFacts] = []
        for voice in entry.state.voiceStates.values.sorted(by: { $0.userID < $1.userID }) {
            guard let channel = voice.channelID, query.channel == nil || query.channel == channel else { continue }
            let bot = await cache.bot(of: voice.userID)
            states.append(
                VoiceStateFacts(
                    user: voice.userID,
                    channel: channel,
                    isBot: bot != nil || (voice.member ?? entry.state.members[voice.userID])?.user?.bot == true,
                    bot: bot,
                    selfMute: voice.selfMute,
                    selfDeaf: voice.selfDeaf,
                    mute: voice.mute,
                    deaf: voice.deaf
                )
            )
        }
        return VoiceStates(states: states)
    }

    private func member(_ query: QueryMember) async -> MemberFacts {
        guard let entry = await cache.entry(query.guild) else { return MemberFacts(known: false, user: query.user) }
        var found = entry.state.members[query.user]
        if found == nil { found = await ask(query, entry) }
        guard let member = found, let user = member.user else { return MemberFacts(known: false, user: query.user) }
        let rights = entry.state.rights
        let subject = GuildRights.Subject(
            userID: query.user,
            roles: member.roles,
            timedOutUntil: member.communicationDisabledUntil
        )
        return MemberFacts(
            known: true,
            user: query.user,
            name: user.username,
            displayName: member.displayName,
            isBot: user.bot,
            isOwner: entry.state.ownerID == query.user,
            roles: member.roles,
            permissions: rights.base(of: subject, now: .current),
            highestRolePosition: rights.highestRole(of: subject)?.position ?? 0,
            voiceChannel: entry.state.voiceStates[query.user]?.channelID
        )
    }

    private func ask(_ query: QueryMember, _ entry: GuildEntry) async -> Member? {
        guard let bot = entry.observer ?? entry.bots.min() else { return nil }
        let call = ExecuteREST(
            bot: bot,
            method: "GET",
            path: "/guilds/\(query.guild)/members/\(query.user)",
            lane: .moderation,
            safety: .idempotent
        )
        guard let outcome = try? await rest(call), outcome.failure == nil,
            let member = try? JSONDecoder().decode(Member.self, from: Data(outcome.body.utf8))
        else { return nil }
        await cache.note(member, in: query.guild)
        return member
    }

    private func permissions(_ query: QueryPermissions) async -> PermissionFacts {
        let unknown = PermissionFacts(known: false, permissions: [], highestRolePosition: 0)
        guard let entry = await cache.entry(query.guild), let user = await cache.user(of: query.bot),
            let subject = entry.state.subject(user)
        else { return unknown }
        let rights = entry.state.rights
        var permissions = rights.base(of: subject, now: .current)
        if let id = query.channel {
            guard let channel = entry.state.channels[id] else { return unknown }
            let parent = channel.parentID.flatMap { entry.state.channels[$0] }
            permissions = rights.permissions(of: subject, in: channel, parent: parent, now: .current)
        }
        return PermissionFacts(
            known: true,
            permissions: permissions,
            highestRolePosition: rights.highestRole(of: subject)?.position ?? 0
        )
    }
}

extension ChannelFacts {
    fileprivate init(_ channel: Channel, guild: GuildID) {
        self.init(
            known: true,
            id: channel.id,
            guild: guild,
            type: channel.type.rawValue,
            name: channel.name ?? "",
            topic: channel.topic ?? "",
            parent: channel.parentID,
            userLimit: channel.userLimit
        )
    }
}

extension Timestamp {
    /// The wall clock's time.
    fileprivate static var current: Timestamp {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    }
}
