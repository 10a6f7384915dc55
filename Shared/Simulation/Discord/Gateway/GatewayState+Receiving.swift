import DiscordModel

/// What clients send.
extension GatewayState {
    /// The largest payload that Discord takes from a client.
    private static let payloadLimit = 4096
    private static let minute: EpochMilliseconds = 60_000
    private static let memberRequestInterval: EpochMilliseconds = 30_000

    /// A message from a client.
    package mutating func receive(_ bytes: [UInt8], on id: ConnectionID, world: inout World) -> [Action] {
        guard let connection = connections[id], !connection.isClosing else { return [] }
        now = world.now
        var sent = connection.sent.filter { $0 + Self.minute > now }
        sent.append(now)
        connections[id]?.sent = sent
        guard sent.count <= settings.sendLimit else { return [close(id, .rateLimited)] }
        guard bytes.count <= Self.payloadLimit, let message = JSONValue(parsing: bytes), message.objectValue != nil,
            let op = message["op"]?.integerValue
        else { return [close(id, .decodeError)] }
        let data = message["d"] ?? .null
        switch op {
        case 1:
            connections[id]?.lastHeartbeat = now
            return heartbeat(id)
        case 2:
            return identify(data, on: id, world: &world)
        case 6:
            return resume(data, on: id, world: &world)
        case 3, 4, 8, 31, 43:
            guard let session = connection.session.flatMap({ sessions[$0]?.identity }) else {
                return [close(id, .notAuthenticated)]
            }
            guard data.objectValue != nil else { return [close(id, .decodeError)] }
            return command(op, data, of: session, on: id, world: &world)
        default:
            return [close(id, .unknownOpcode)]
        }
    }

    private mutating func heartbeat(_ id: ConnectionID) -> [Action] {
        let bot = connections[id]?.session.flatMap { sessions[$0]?.identity.bot }
        if faults.take([.missedAck], bot: bot, at: now, "heartbeat on connection \(id)") != nil { return [] }
        return [.send(id, Self.control(11, nil))]
    }

    // MARK: - Logging in

    private mutating func identify(_ data: JSONValue, on id: ConnectionID, world: inout World) -> [Action] {
        guard connections[id]?.session == nil else { return [close(id, .alreadyAuthenticated)] }
        guard let token = data["token"]?.stringValue, data["properties"]?.objectValue != nil else {
            return [close(id, .decodeError)]
        }
        guard let application = world.application(token: Self.bare(token)) else {
            return [close(id, .authenticationFailed)]
        }
        guard let bits = data["intents"]?.integerValue, let raw = UInt32(exactly: bits),
            GatewayIntents.known.isSuperset(of: GatewayIntents(rawValue: raw))
        else { return [close(id, .invalidIntents)] }
        let intents = GatewayIntents(rawValue: raw)
        let privileged = intents.intersection(.privileged)
        guard application.grantedPrivilegedIntents.isSuperset(of: privileged) else {
            return [close(id, .disallowedIntents)]
        }
        let shard = (data["shard"]?.arrayValue ?? [0, 1]).compactMap(\.integerValue).map { Int(clamping: $0) }
        guard shard.count == 2, shard[1] > 0, (0..<shard[1]).contains(shard[0]) else {
            return [close(id, .invalidShard)]
        }
        guard shard[1] >= settings.fewestShards else { return [close(id, .shardingRequired)] }
        guard admitIdentify(application.id, shard: shard[0], at: world.now) else {
            return [.send(id, Self.control(9, false))]
        }

        let session = GatewayIdentity(
            id: World.credential(world.now &* 4096 &+ nextSession, salt: 5),
            application: application.id,
            intents: intents,
            shard: shard[0],
            shardCount: shard[1]
        )
        nextSession += 1
        sessions[session.id] = GatewaySession(identity: session, connection: id)
        connections[id]?.session = session.id
        connections[id]?.lastHeartbeat = world.now
        var actions = emit("READY", readyJSON(session, application, world), to: session.id)
        if intents.contains(.guilds) {
            let guilds = world.guilds.values.filter { $0.members[session.bot] != nil && session.covers($0.id) }
            for guild in guilds.sorted(by: { $0.id < $1.id }) {
                let payload = world.guildCreateJSON(
                    guild,
                    for: session.bot,
                    allMembers: intents.contains(.guildPresences)
                )
                actions += emit("GUILD_CREATE", payload, to: session.id)
            }
        }
        world.presences[session.bot] = nil
        // Clients fill it in many ways here, and Discord passes over what it does not know.
        if let presence = data["presence"], !presence.isNull { _ = world.setPresence(session.bot, presence) }
        world.setOnline(session.bot, true)
        return actions
    }

    /// Counts an IDENTIFY against its bucket and the day; false when it comes too early.
    private mutating func admitIdentify(_ application: ApplicationID, shard: Int, at now: EpochMilliseconds) -> Bool {
        let bucket = IdentifyBucket(application: application, index: shard % max(settings.maxConcurrency, 1))
        if let last = lastIdentify[bucket], last + settings.identifyInterval > now { return false }
        let recent = (identifies[application] ?? []).filter { $0 + 86_400_000 > now }
        guard recent.count < settings.identifiesPerDay else { return false }
        identifies[application] = recent + [now]
        lastIdentify[bucket] = now
        return true
    }

    private func readyJSON(_ session: GatewayIdentity, _ application: SimulatedApplication, _ world: World) -> JSONValue
    {
        let guilds = world.guilds.values.filter { $0.members[session.bot] != nil && session.covers($0.id) }
        return [
            "v": 10, "user": world.ownUserJSON(session.bot), "session_id": .string(session.id),
            "resume_gateway_url": .string(resumeURL), "session_type": "normal",
            "guilds": .array(guilds.sorted { $0.id < $1.id }.map { ["id": .id($0.id), "unavailable": true] }),
            "shard": [.int(session.shard), .int(session.shardCount)],
            "application": ["id": .id(application.id), "flags": world.applicationJSON(application)["flags"] ?? 0],
            "private_channels": [], "relationships": [], "presences": [], "guild_join_requests": [],
            "user_settings": [:], "user_settings_proto": "", "geo_ordered_rtc_regions": ["us-west"], "auth": [:],
            "_trace": ["[\"simulation\",{\"micros\":0}]"],
        ]
    }

    private mutating func resume(_ data: JSONValue, on id: ConnectionID, world: inout World) -> [Action] {
        guard connections[id]?.session == nil else { return [close(id, .alreadyAuthenticated)] }
        guard let token = data["token"]?.stringValue, let wanted = data["session_id"]?.stringValue,
            let sequence = data["seq"]?.integerValue.map({ Int($0) })
        else { return [close(id, .decodeError)] }
        guard let application = world.application(token: Self.bare(token)) else {
            return [close(id, .authenticationFailed)]
        }
        if faults.take([.refuseResume], bot: application.userID, at: now, "RESUME from \(sequence)") != nil {
            end(wanted, world: &world)
            return [.send(id, Self.control(9, false))]
        }
        guard let session = sessions[wanted]?.identity, session.application == application.id else {
            return [.send(id, Self.control(9, false))]
        }
        guard let latest = sessions[wanted]?.sequence, (0...latest).contains(sequence) else {
            return [close(id, .invalidSequence)]
        }
        let overlaps = faults.take([.overlap], bot: application.userID, at: now, "RESUME from \(sequence)") != nil
        let repeated = overlaps ? sessions[wanted]?.frames(after: max(sequence - Self.overlap, 0)) : nil
        guard let missed = repeated ?? sessions[wanted]?.frames(after: sequence) else {
            end(wanted, world: &world)
            return [.send(id, Self.control(9, false))]
        }
        var actions: [Action] = []
        if let old = sessions[wanted]?.connection, old != id {
            connections[old]?.session = nil
            actions.append(close(old, .unknownError))
        }
        sessions[wanted]?.connection = id
        sessions[wanted]?.detachedAt = nil
        connections[id]?.session = wanted
        connections[id]?.lastHeartbeat = world.now
        for frame in missed { actions += deliver(frame, "replay", of: session.bot, on: id) }
        actions += emit("RESUMED", ["_trace": ["[\"simulation\",{\"micros\":0}]"]], to: wanted)
        world.setOnline(session.bot, true)
        return actions
    }

    private static func bare(_ token: String) -> Substring {
        token.hasPrefix("Bot ") ? token.dropFirst(4) : Substring(token)
    }

    // MARK: - Commands of a session

    private mutating func command(
        _ op: Int64,
        _ data: JSONValue,
        of session: GatewayIdentity,
        on id: ConnectionID,
        world: inout World
    ) -> [Action] {
        switch op {
        case 3:
            return world.setPresence(session.bot, data) ? [] : [close(id, .decodeError)]
        case 4:
            guard let guild = data["guild_id"]?.snowflake(GuildID.self) else { return [close(id, .decodeError)] }
            let request = World.VoiceRequest(
                channel: data["channel_id"]?.snowflake(ChannelID.self),
                selfMute: data["self_mute"]?.boolValue ?? false,
                selfDeaf: data["self_deaf"]?.boolValue ?? false
            )
            // A join that is not permitted is answered with silence.
            try? world.updateVoice(request, of: session.bot, in: guild)
            return []
        case 8:
            return requestMembers(data, of: session, on: id, world)
        case 43:
            return channelInfo(data, of: session, world)
        default:
            // There are no soundboards.
            return []
        }
    }

    private mutating func requestMembers(
        _ data: JSONValue,
        of session: GatewayIdentity,
        on id: ConnectionID,
        _ world: World
    ) -> [Action] {
        guard
            let guildID = data["guild_id"]?.snowflake(GuildID.self)
                ?? data["guild_id"]?.arrayValue?.first?.snowflake(GuildID.self)
        else { return [close(id, .decodeError)] }
        guard let guild = world.guilds[guildID], guild.members[session.bot] != nil else { return [] }
        let nonce = data["nonce"]?.stringValue.flatMap { $0.utf8.count <= 32 ? $0 : nil }
        let members = guild.members.values.sorted { $0.userID < $1.userID }
        var found: [Member]
        var missing: [JSONValue] = []
        if let wanted = data["user_ids"], !wanted.isNull {
            let ids = (wanted.arrayValue ?? [wanted]).prefix(100).compactMap { $0.snowflake(UserID.self) }
            found = members.filter { ids.contains($0.userID) }
            missing = ids.filter { guild.members[$0] == nil }.map { .id($0) }
        } else {
            let query = (data["query"]?.stringValue ?? "").lowercased()
            let limit = Int(data["limit"]?.integerValue ?? 0)
            if query.isEmpty, limit == 0 {
                guard session.intents.contains(.guildMembers) else { return [close(id, .disallowedIntents)] }
                if let last = sessions[session.id]?.lastMemberRequest[guildID],
                    last + Self.memberRequestInterval > world.now
                {
                    let wait = Double(last + Self.memberRequestInterval - world.now) / 1000
                    var meta: [String: JSONValue] = ["guild_id": .id(guildID)]
                    if let nonce { meta["nonce"] = .string(nonce) }
                    return emit(
                        "RATE_LIMITED",
                        ["opcode": 8, "retry_after": .number(wait), "meta": .object(meta)],
                        to: session.id
                    )
                }
                sessions[session.id]?.lastMemberRequest[guildID] = world.now
                found = members
            } else {
                found = members.filter { member in
                    let names = [world.users[member.userID]?.name, world.users[member.userID]?.globalName, member.nick]
                    return names.contains { $0?.lowercased().hasPrefix(query) == true }
                }
                found = Array(found.prefix(min(max(limit, 1), 100)))
            }
        }
        let withPresences = data["presences"]?.boolValue == true && session.intents.contains(.guildPresences)
        let chunks = stride(from: 0, to: max(found.count, 1), by: 1000).map { found[$0..<min($0 + 1000, found.count)] }
        return chunks.enumerated().flatMap { index, chunk in
            var payload: [String: JSONValue] = [
                "guild_id": .id(guildID), "members": .array(chunk.map { world.memberJSON($0) }),
                "chunk_index": .int(index), "chunk_count": .int(chunks.count), "not_found": .array(missing),
            ]
            if let nonce { payload["nonce"] = .string(nonce) }
            if withPresences { payload["presences"] = .array(chunk.map { world.presenceJSON($0.userID, of: nil) }) }
            return emit("GUILD_MEMBERS_CHUNK", .object(payload), to: session.id)
        }
    }

    private mutating func channelInfo(_ data: JSONValue, of session: GatewayIdentity, _ world: World) -> [Action] {
        guard let guildID = data["guild_id"]?.snowflake(GuildID.self), let guild = world.guilds[guildID],
            guild.members[session.bot] != nil
        else { return [] }
        let fields = (data["fields"]?.arrayValue ?? []).compactMap(\.stringValue)
        let voice = world.channels(of: guild).filter { $0.kind == .voice }
        let channels = voice.map { channel in
            var members: [String: JSONValue] = ["id": .id(channel.id)]
            if fields.contains("status") { members["status"] = .text(channel.status) }
            if fields.contains("voice_start_time") { members["voice_start_time"] = nil }
            return JSONValue.object(members)
        }
        return emit("CHANNEL_INFO", ["guild_id": .id(guildID), "channels": .array(channels)], to: session.id)
    }
}
