/// Why the gateway closes a connection. Source: API documentation, "Gateway Close Event Codes".
package struct GatewayCloseCode: RawRepresentable, Hashable, Sendable {
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

    package let rawValue: UInt16

    /// Any code: faults close with codes that Discord does not have, too.
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The text that goes with it; empty for codes that are not Discord's.
    package var reason: String {
        switch self {
        case .unknownError: "Unknown error."
        case .unknownOpcode: "Unknown opcode."
        case .decodeError: "Error while decoding payload."
        case .notAuthenticated: "Not authenticated."
        case .authenticationFailed: "Authentication failed."
        case .alreadyAuthenticated: "Already authenticated."
        case .invalidSequence: "Invalid seq."
        case .rateLimited: "Rate limited."
        case .sessionTimedOut: "Session timed out."
        case .invalidShard: "Invalid shard."
        case .shardingRequired: "Sharding required."
        case .invalidVersion: "Invalid API version."
        case .invalidIntents: "Invalid intent(s)."
        case .disallowedIntents: "Disallowed intent(s)."
        default: ""
        }
    }
}
