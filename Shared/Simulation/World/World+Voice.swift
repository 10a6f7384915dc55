package import DiscordModel

/// Voice: who is where, and the credentials with which a bot's voice connection is checked.
extension World {
    /// What a client asks with gateway opcode 4, and a member through the control API.
    package struct VoiceRequest: Sendable {
        package var channel: ChannelID?
        package var selfMute: Bool
        package var selfDeaf: Bool

        package init(channel: ChannelID?, selfMute: Bool = false, selfDeaf: Bool = false) {
            self.channel = channel
            self.selfMute = selfMute
            self.selfDeaf = selfDeaf
        }
    }

    /// Joins, moves or leaves.
    ///
    /// Discord answers a join without CONNECT, or into a full channel, with silence; the caller of the gateway drops
    /// the error, the control API shows it.
    package mutating func updateVoice(
        _ request: VoiceRequest,
        of user: UserID,
        in guildID: GuildID
    ) throws(DiscordError) {
        let guild = try guild(guildID, for: user)
        guard let target = request.channel else { return leaveVoice(user, in: guildID) }
        let channel = try channel(target)
        guard channel.kind.isVoice, channel.guildID == guildID else { throw .wrongChannelType }
        let current = guild.voiceStates[user]
        if current?.channelID != target {
            try require(.connect, of: user, in: channel)
            let occupants = guild.voiceStates.values.count { $0.channelID == target }
            let isFull = channel.userLimit > 0 && occupants >= channel.userLimit
            if isFull, !permissions(of: user, in: channel).contains(.moveMembers) {
                throw DiscordError(status: 400, code: 40_046, message: "The voice channel is full")
            }
        }
        place(user, in: target, of: guildID, selfMute: request.selfMute, selfDeaf: request.selfDeaf)
    }

    private mutating func place(
        _ user: UserID,
        in target: ChannelID,
        of guildID: GuildID,
        selfMute: Bool,
        selfDeaf: Bool
    ) {
        let current = guilds[guildID]?.voiceStates[user]
        var state =
            current ?? VoiceState(userID: user, channelID: target, sessionID: Self.credential(nextID(), salt: 1))
        let moved = current?.channelID != target
        state.channelID = target
        state.selfMute = selfMute
        state.selfDeaf = selfDeaf
        if moved { state.suppress = channels[target]?.kind == .stage }
        let isBot = users[user]?.isBot == true
        if isBot, moved {
            // The token changes with each move, even where the endpoint does not.
            state.token = Self.credential(nextID(), salt: 2)
            state.endpoint = "us-west-\(target.rawValue >> 22 % 90 + 10).discord.media:443"
        }
        guilds[guildID]?.voiceStates[user] = state
        emitVoiceState(of: user, in: guildID)
        if isBot, moved {
            emit(
                "VOICE_SERVER_UPDATE",
                to: .users([user], guild: guildID),
                intents: [],
                ["guild_id": .id(guildID), "token": .text(state.token), "endpoint": .text(state.endpoint)]
            )
        }
    }

    /// New credentials for a bot that stays where it is, as when a voice server goes away.
    package mutating func renewVoiceServer(of user: UserID, in guildID: GuildID) {
        guard var state = guilds[guildID]?.voiceStates[user], users[user]?.isBot == true else { return }
        state.token = Self.credential(nextID(), salt: 2)
        guilds[guildID]?.voiceStates[user] = state
        emit(
            "VOICE_SERVER_UPDATE",
            to: .users([user], guild: guildID),
            intents: [],
            ["guild_id": .id(guildID), "token": .text(state.token), "endpoint": .text(state.endpoint)]
        )
    }

    package mutating func leaveVoice(_ user: UserID, in guildID: GuildID) {
        guard let state = guilds[guildID]?.voiceStates.removeValue(forKey: user) else { return }
        playing[guildID]?[user] = nil
        let payload = voiceStateJSON(user: user, nil, sessionID: state.sessionID, of: guilds[guildID])
        emit("VOICE_STATE_UPDATE", to: .guild(guildID), intents: .guildVoiceStates, payload, alsoFor: [user])
        announce("voice", voiceSummary())
    }

    mutating func emitVoiceState(of user: UserID, in guildID: GuildID) {
        guard let guild = guilds[guildID], let state = guild.voiceStates[user] else { return }
        emit(
            "VOICE_STATE_UPDATE",
            to: .guild(guildID),
            intents: .guildVoiceStates,
            voiceStateJSON(state, of: guild),
            alsoFor: [user]
        )
        announce("voice", voiceSummary())
    }

    /// A moderator moves somebody, or disconnects them with nil.
    mutating func moveMember(
        _ target: UserID,
        in guild: Guild,
        to channelID: ChannelID?,
        by actor: UserID,
        reason: String?
    ) throws(DiscordError) {
        guard let state = guild.voiceStates[target] else { throw .notInVoice }
        try require(.moveMembers, of: actor, in: guild.id)
        guard let channelID else {
            leaveVoice(target, in: guild.id)
            recordAudit(27, by: actor, target: nil, reason: reason, in: guild.id, options: ["count": "1"])
            return
        }
        let channel = try channel(channelID)
        guard channel.kind.isVoice, channel.guildID == guild.id else { throw .wrongChannelType }
        try require([.connect, .moveMembers], of: actor, in: channel)
        place(target, in: channelID, of: guild.id, selfMute: state.selfMute, selfDeaf: state.selfDeaf)
        recordAudit(
            26,
            by: actor,
            target: nil,
            reason: reason,
            in: guild.id,
            options: ["channel_id": .id(channelID), "count": "1"]
        )
    }

    /// PATCH of a voice state: stage channels only.
    package mutating func editVoiceState(
        of target: UserID,
        in guildID: GuildID,
        _ body: JSONValue,
        by actor: UserID
    ) throws(DiscordError) {
        let guild = try guild(guildID, for: actor)
        guard var state = guild.voiceStates[target] else { throw .unknownVoiceState }
        let channel = try channel(state.channelID)
        guard channel.kind == .stage else { throw .wrongChannelType }
        if let suppress = body["suppress"]?.boolValue {
            if target != actor || !suppress { try require(.muteMembers, of: actor, in: channel) }
            state.suppress = suppress
        }
        if let request = body["request_to_speak_timestamp"] {
            state.requestToSpeakAt = request.stringValue.flatMap(DiscordTimestamp.parse)
        }
        guilds[guildID]?.voiceStates[target] = state
        emitVoiceState(of: target, in: guildID)
    }

    // MARK: - For the doubles that play

    /// Whether a voice connection's credentials are the ones that Discord gave this bot for this guild last.
    package func acceptsVoice(
        bot: UserID,
        guild: GuildID,
        sessionID: String,
        token: String,
        endpoint: String
    ) -> Bool {
        guard let state = guilds[guild]?.voiceStates[bot] else { return false }
        return state.sessionID == sessionID && state.token == token && state.endpoint == endpoint
    }

    /// Tells what a bot plays in a guild; nil when it plays nothing.
    package mutating func setPlaying(_ track: NowPlaying?, bot: UserID, guild: GuildID) {
        guard playing[guild]?[bot] != track else { return }
        playing[guild, default: [:]][bot] = track
        announce("voice", voiceSummary())
    }

    /// 32 hexadecimal digits that follow from a number: no secret, but of a secret's shape.
    static func credential(_ number: UInt64, salt: UInt64) -> String {
        var state = number ^ (salt &* 0x9E37_79B9_7F4A_7C15)
        var text = ""
        for _ in 0..<2 {
            // SplitMix64.
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            mixed ^= mixed >> 31
            let digits = String(mixed, radix: 16)
            text += String(repeating: "0", count: 16 - digits.count) + digits
        }
        return text
    }
}
