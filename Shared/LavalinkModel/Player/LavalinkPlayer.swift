package import DiscordModel

/// A player as a node reports it: `GET …/players`, and the answer to an update.
///
/// It holds the voice token, so it is never logged whole.
package struct LavalinkPlayer: Hashable, Sendable {
    package var guildId: GuildID
    /// Nil when nothing plays.
    package var track: LavalinkTrack?
    /// 0 to 1000; 100 is the source's own loudness.
    package var volume: Int
    package var paused: Bool
    package var state: PlayerState
    package var voice: VoiceCredentials
    package var filters: OpaqueJSON

    package init(
        guildId: GuildID,
        track: LavalinkTrack? = nil,
        volume: Int = 100,
        paused: Bool = false,
        state: PlayerState = PlayerState(),
        voice: VoiceCredentials = VoiceCredentials(token: "", endpoint: "", sessionId: "", channelId: nil),
        filters: OpaqueJSON = [:]
    ) {
        self.guildId = guildId
        self.track = track
        self.volume = volume
        self.paused = paused
        self.state = state
        self.voice = voice
        self.filters = filters
    }
}

extension LavalinkPlayer: Codable {
    private enum CodingKeys: String, CodingKey {
        case guildId, track, volume, paused, state, voice, filters
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guildId = try container.decode(GuildID.self, forKey: .guildId)
        track = container.lenient(LavalinkTrack.self, .track)
        volume = container.lenientInt(.volume) ?? 100
        paused = container.lenientBool(.paused) ?? false
        state = container.lenient(PlayerState.self, .state) ?? PlayerState()
        voice =
            container.lenient(VoiceCredentials.self, .voice)
            ?? VoiceCredentials(token: "", endpoint: "", sessionId: "", channelId: nil)
        filters = container.lenient(OpaqueJSON.self, .filters) ?? [:]
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(guildId, forKey: .guildId)
        // A node writes `"track": null`, and clients tell that from a missing field.
        try container.encode(track, forKey: .track)
        try container.encode(volume, forKey: .volume)
        try container.encode(paused, forKey: .paused)
        try container.encode(state, forKey: .state)
        try container.encode(voice, forKey: .voice)
        try container.encode(filters, forKey: .filters)
    }
}
