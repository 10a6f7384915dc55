/// The groups of events that a session asks for.
///
/// Source: Discord API reference, "Gateway Intents".
package struct GatewayIntents: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static let guilds = Self(rawValue: 1 << 0)
    /// Privileged.
    package static let guildMembers = Self(rawValue: 1 << 1)
    package static let guildModeration = Self(rawValue: 1 << 2)
    package static let guildExpressions = Self(rawValue: 1 << 3)
    package static let guildIntegrations = Self(rawValue: 1 << 4)
    package static let guildWebhooks = Self(rawValue: 1 << 5)
    package static let guildInvites = Self(rawValue: 1 << 6)
    package static let guildVoiceStates = Self(rawValue: 1 << 7)
    /// Privileged.
    package static let guildPresences = Self(rawValue: 1 << 8)
    package static let guildMessages = Self(rawValue: 1 << 9)
    package static let guildMessageReactions = Self(rawValue: 1 << 10)
    package static let guildMessageTyping = Self(rawValue: 1 << 11)
    package static let directMessages = Self(rawValue: 1 << 12)
    package static let directMessageReactions = Self(rawValue: 1 << 13)
    package static let directMessageTyping = Self(rawValue: 1 << 14)
    /// Privileged; it adds content to message events rather than events.
    package static let messageContent = Self(rawValue: 1 << 15)
    package static let guildScheduledEvents = Self(rawValue: 1 << 16)
    package static let autoModerationConfiguration = Self(rawValue: 1 << 20)
    package static let autoModerationExecution = Self(rawValue: 1 << 21)
    package static let guildMessagePolls = Self(rawValue: 1 << 24)
    package static let directMessagePolls = Self(rawValue: 1 << 25)

    /// Those that Discord grants only when they are switched on in the developer portal.
    package static let privileged: Self = [.guildMembers, .guildPresences, .messageContent]

    /// What a bot asks for that observes a guild for all services: messages with content, members, moderation, voice.
    package static let observer: Self = [
        .guilds, .guildMembers, .guildModeration, .guildVoiceStates, .guildMessages, .guildMessageReactions,
        .directMessages, .messageContent, .autoModerationExecution,
    ]

    /// What a bot asks for that observes no guild: its own voice, its guilds' facts, direct messages, and the mentions
    /// of itself (whose content arrives without the privileged intent).
    package static let companion: Self = [.guilds, .guildVoiceStates, .directMessages]
}
