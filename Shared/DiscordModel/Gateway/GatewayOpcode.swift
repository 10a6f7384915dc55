/// What a gateway frame is for. Not a WebSocket opcode: those are another type, so that one can never be sent as the other.
///
/// Source: Discord API reference, "Gateway Opcodes".
package struct GatewayOpcode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package static let dispatch = Self(rawValue: 0)
    package static let heartbeat = Self(rawValue: 1)
    package static let identify = Self(rawValue: 2)
    package static let presenceUpdate = Self(rawValue: 3)
    package static let voiceStateUpdate = Self(rawValue: 4)
    package static let resume = Self(rawValue: 6)
    package static let reconnect = Self(rawValue: 7)
    package static let requestGuildMembers = Self(rawValue: 8)
    package static let invalidSession = Self(rawValue: 9)
    package static let hello = Self(rawValue: 10)
    package static let heartbeatAcknowledged = Self(rawValue: 11)
}
