package import DiscordModel

/// Something that happened to one guild's player.
package struct PlayerEvent: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The track plays; it, and not the head of some queue, is what plays now.
        case trackStart(LavalinkTrack)
        case trackEnd(LavalinkTrack, TrackEndReason)
        /// A `TrackEndEvent` follows by itself: nothing advances here.
        case trackException(LavalinkTrack, LavalinkException)
        /// No `TrackEndEvent` follows: the client must go on by itself. Milliseconds without sound.
        case trackStuck(LavalinkTrack, thresholdMs: Int64)
        /// The voice connection to Discord closed.
        case webSocketClosed(code: Int, reason: String, byRemote: Bool)
        /// An event of a plugin or of a later node.
        case unknown(type: String)
    }

    package var guildId: GuildID
    package var kind: Kind

    package init(guildId: GuildID, kind: Kind) {
        self.guildId = guildId
        self.kind = kind
    }

    /// The track that the event is about; nil for events about none.
    package var track: LavalinkTrack? {
        switch kind {
        case .trackStart(let track), .trackEnd(let track, _), .trackException(let track, _), .trackStuck(let track, _):
            track
        case .webSocketClosed, .unknown: nil
        }
    }
}

extension PlayerEvent: Codable {
    private enum CodingKeys: String, CodingKey {
        case type, guildId, track, reason, exception, thresholdMs, code, byRemote
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guildId = try container.decode(GuildID.self, forKey: .guildId)
        switch try container.decode(String.self, forKey: .type) {
        case "TrackStartEvent":
            kind = .trackStart(try container.decode(LavalinkTrack.self, forKey: .track))
        case "TrackEndEvent":
            kind = .trackEnd(
                try container.decode(LavalinkTrack.self, forKey: .track),
                try container.decode(TrackEndReason.self, forKey: .reason)
            )
        case "TrackExceptionEvent":
            kind = .trackException(
                try container.decode(LavalinkTrack.self, forKey: .track),
                container.lenient(LavalinkException.self, .exception)
                    ?? LavalinkException(message: nil, severity: .fault, cause: "unknown")
            )
        case "TrackStuckEvent":
            kind = .trackStuck(
                try container.decode(LavalinkTrack.self, forKey: .track),
                thresholdMs: container.lenientInt64(.thresholdMs) ?? 0
            )
        case "WebSocketClosedEvent":
            kind = .webSocketClosed(
                code: container.lenientInt(.code) ?? 0,
                reason: container.lenientString(.reason) ?? "",
                byRemote: container.lenientBool(.byRemote) ?? true
            )
        case let type:
            kind = .unknown(type: type)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(guildId, forKey: .guildId)
        switch kind {
        case .trackStart(let track):
            try container.encode("TrackStartEvent", forKey: .type)
            try container.encode(track, forKey: .track)
        case .trackEnd(let track, let reason):
            try container.encode("TrackEndEvent", forKey: .type)
            try container.encode(track, forKey: .track)
            try container.encode(reason, forKey: .reason)
        case .trackException(let track, let exception):
            try container.encode("TrackExceptionEvent", forKey: .type)
            try container.encode(track, forKey: .track)
            try container.encode(exception, forKey: .exception)
        case .trackStuck(let track, let thresholdMs):
            try container.encode("TrackStuckEvent", forKey: .type)
            try container.encode(track, forKey: .track)
            try container.encode(thresholdMs, forKey: .thresholdMs)
        case .webSocketClosed(let code, let reason, let byRemote):
            try container.encode("WebSocketClosedEvent", forKey: .type)
            try container.encode(code, forKey: .code)
            try container.encode(reason, forKey: .reason)
            try container.encode(byRemote, forKey: .byRemote)
        case .unknown(let type):
            try container.encode(type, forKey: .type)
        }
    }
}
