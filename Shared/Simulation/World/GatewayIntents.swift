/// The events that a gateway session asks for. Source: gateway documentation, "Gateway Intents".
package struct GatewayIntents: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static let guilds = Self(rawValue: 1 << 0)
    package static let guildMembers = Self(rawValue: 1 << 1)
    package static let guildModeration = Self(rawValue: 1 << 2)
    package static let guildExpressions = Self(rawValue: 1 << 3)
    package static let guildIntegrations = Self(rawValue: 1 << 4)
    package static let guildWebhooks = Self(rawValue: 1 << 5)
    package static let guildInvites = Self(rawValue: 1 << 6)
    package static let guildVoiceStates = Self(rawValue: 1 << 7)
    package static let guildPresences = Self(rawValue: 1 << 8)
    package static let guildMessages = Self(rawValue: 1 << 9)
    package static let guildMessageReactions = Self(rawValue: 1 << 10)
    package static let guildMessageTyping = Self(rawValue: 1 << 11)
    package static let directMessages = Self(rawValue: 1 << 12)
    package static let directMessageReactions = Self(rawValue: 1 << 13)
    package static let directMessageTyping = Self(rawValue: 1 << 14)
    package static let messageContent = Self(rawValue: 1 << 15)

    package static let privileged: Self = [.guildMembers, .guildPresences, .messageContent]

    /// Every bit that Discord gives a meaning; an IDENTIFY with another one is closed with 4013.
    package static let known = Self(rawValue: 0b11_0011_0001_1111_1111_1111_1111)
}
