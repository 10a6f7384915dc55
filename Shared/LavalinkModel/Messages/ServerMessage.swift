package import DiscordModel

/// What a node says on its WebSocket. A client never sends anything there but pings.
package enum ServerMessage: Hashable, Sendable {
    /// The first message of a connection.
    case ready(sessionId: LavalinkSessionID, resumed: Bool)
    case stats(NodeStats)
    case playerUpdate(guildId: GuildID, state: PlayerState)
    case event(PlayerEvent)
    /// An operation that we do not know; plugins may add some, and it is never an error.
    case unknown(op: String)
}

extension ServerMessage: Codable {
    private enum CodingKeys: String, CodingKey {
        case op, sessionId, resumed, guildId, state
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .op) {
        case "ready":
            self = .ready(
                sessionId: try container.decode(LavalinkSessionID.self, forKey: .sessionId),
                resumed: container.lenientBool(.resumed) ?? false
            )
        case "stats":
            self = .stats(try NodeStats(from: decoder))
        case "playerUpdate":
            self = .playerUpdate(
                guildId: try container.decode(GuildID.self, forKey: .guildId),
                state: container.lenient(PlayerState.self, .state) ?? PlayerState()
            )
        case "event":
            self = .event(try PlayerEvent(from: decoder))
        case let op:
            self = .unknown(op: op)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .ready(let sessionId, let resumed):
            try container.encode("ready", forKey: .op)
            try container.encode(sessionId, forKey: .sessionId)
            try container.encode(resumed, forKey: .resumed)
        case .stats(let stats):
            try container.encode("stats", forKey: .op)
            try stats.encode(to: encoder)
        case .playerUpdate(let guildId, let state):
            try container.encode("playerUpdate", forKey: .op)
            try container.encode(guildId, forKey: .guildId)
            try container.encode(state, forKey: .state)
        case .event(let event):
            try container.encode("event", forKey: .op)
            try event.encode(to: encoder)
        case .unknown(let op):
            try container.encode(op, forKey: .op)
        }
    }
}
