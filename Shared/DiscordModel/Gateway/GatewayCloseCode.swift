/// Why a gateway connection was closed, and what that asks of the client.
///
/// Source: Discord API reference, "Gateway Close Event Codes"; WebSocket codes from RFC 6455.
package struct GatewayCloseCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let normal = Self(rawValue: 1000)
    package static let goingAway = Self(rawValue: 1001)
    package static let unknownError = Self(rawValue: 4000)
    package static let unknownOpcode = Self(rawValue: 4001)
    package static let decodeError = Self(rawValue: 4002)
    package static let notAuthenticated = Self(rawValue: 4003)
    package static let authenticationFailed = Self(rawValue: 4004)
    package static let alreadyAuthenticated = Self(rawValue: 4005)
    package static let invalidSequence = Self(rawValue: 4007)
    package static let rateLimited = Self(rawValue: 4008)
    package static let sessionTimedOut = Self(rawValue: 4009)
    package static let invalidShard = Self(rawValue: 4010)
    package static let shardingRequired = Self(rawValue: 4011)
    package static let invalidVersion = Self(rawValue: 4012)
    package static let invalidIntents = Self(rawValue: 4013)
    package static let disallowedIntents = Self(rawValue: 4014)

    /// What the client does after the server closed with a code.
    package enum Action: Equatable, Sendable {
        /// Reconnect and take the session up again.
        case resume
        /// Wait out the send window, then resume.
        case resumeAfterBackOff
        /// Reconnect with a new session; the old one is gone.
        case identify
        /// Never try again until the operator has changed something.
        case stop
    }

    /// What the code asks for. A code that is not known, and none at all, ask to resume: a session that Discord has ended
    /// is refused by INVALID_SESSION, which costs nothing, whereas a new one costs an IDENTIFY.
    package var action: Action {
        switch self {
        case .authenticationFailed, .invalidShard, .shardingRequired, .invalidVersion, .invalidIntents,
            .disallowedIntents:
            return .stop
        case .notAuthenticated, .invalidSequence, .sessionTimedOut:
            return .identify
        case .rateLimited:
            return .resumeAfterBackOff
        default:
            return .resume
        }
    }

    /// Whether closing with this code from our side keeps the session: 1000 and 1001 end it at once.
    package var keepsSession: Bool {
        self != .normal && self != .goingAway
    }

    /// One plain sentence for the log.
    package var explanation: String {
        switch self {
        case .normal: return "closed normally"
        case .goingAway: return "the server is going away"
        case .unknownError: return "Discord had an unknown error"
        case .unknownOpcode: return "Discord did not know an opcode that we sent"
        case .decodeError: return "Discord could not decode a payload that we sent"
        case .notAuthenticated: return "we sent something before identifying, or the session was invalidated"
        case .authenticationFailed: return "the token is wrong"
        case .alreadyAuthenticated: return "we identified twice"
        case .invalidSequence: return "the sequence to resume from was invalid"
        case .rateLimited: return "we sent payloads too fast"
        case .sessionTimedOut: return "the session timed out"
        case .invalidShard: return "the shard number is invalid"
        case .shardingRequired: return "the bot is in too many guilds for one shard"
        case .invalidVersion: return "the API version is invalid"
        case .invalidIntents: return "the intents are invalid"
        case .disallowedIntents:
            return "a privileged intent is not enabled for this bot in Discord's developer portal"
        default: return "closed with code \(rawValue)"
        }
    }
}
