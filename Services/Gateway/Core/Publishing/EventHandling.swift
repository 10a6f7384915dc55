import DiscordModel

/// What the gateway does with an event of one bot's stream.
///
/// A guild with four of our bots sees each event four times; the services take it from the observer's stream alone. The
/// other bots supply what only they can: their own voice, their direct messages and their interactions.
struct EventHandling: OptionSet, Sendable {
    let rawValue: UInt8

    /// Onto the bus, and into the journal if its kind is durable.
    static let publish = Self(rawValue: 1 << 0)
    /// Onto the bus without its data: consumers ask for the facts.
    static let announce = Self(rawValue: 1 << 1)
    /// Into the cache of guilds.
    static let cache = Self(rawValue: 1 << 2)
    /// To the service that owns the command or component.
    static let interaction = Self(rawValue: 1 << 3)
    /// The session itself: READY, RESUMED, answers to what it has asked.
    static let session = Self(rawValue: 1 << 4)

    /// Decides by the event's route.
    ///
    /// - Parameters:
    ///   - receiver: the bot's own user.
    ///   - isObserver: whether the bot observes the event's guild.
    static func decide(
        _ event: DiscordEventName,
        _ route: EventRoute,
        receiver: UserID,
        isObserver: Bool
    ) -> EventHandling {
        switch event {
        case .messageCreate where isObserver: return .publish
        case .ready, .resumed, .guildMembersChunk, .rateLimited: return .session
        case .interactionCreate: return .interaction
        case .guildCreate: return isObserver ? [.cache, .announce] : .cache
        case .guildDelete: return isObserver ? [.cache, .publish] : .cache
        default: break
        }
        let cached: EventHandling = event.changesGuildFacts ? .cache : []
        if route.guildID == nil { return .publish }
        if isObserver { return cached.union(.publish) }
        switch event {
        case .voiceServerUpdate: return .publish
        case .voiceStateUpdate where route.userID == receiver: return [.publish, .cache]
        case .guildMemberUpdate where route.userID == receiver: return .cache
        default: return []
        }
    }
}

extension DiscordEventName {
    /// Whether the cache of guilds follows it.
    var changesGuildFacts: Bool {
        GuildCache.events.contains(rawValue)
    }
}
