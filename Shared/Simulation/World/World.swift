import DequeModule
package import DiscordModel

/// The local Discord itself: all state and all rules, without I/O and without a clock.
///
/// Every operation takes who acts, checks what Discord would check, changes the state and appends to ``events`` what
/// gateway sessions hear and to ``changes`` what the page hears; the shell around it drains both. Time is told to it by
/// ``advance(to:)``. Rules live in one extension a topic (`World+Messages.swift` …), shapes of JSON in `World+…JSON.swift`.
package struct World: Sendable {
    /// Bounds, so that a playground that runs for weeks stays small.
    static let messagesPerChannel = 2000
    static let auditLimit = 500
    static let interactionLimit = 4096
    static let nonceLimit = 8192
    static let eventLimit = 65_536
    static let applicationLimit = 64

    package private(set) var now: EpochMilliseconds
    package internal(set) var users: [UserID: User] = [:]
    package internal(set) var applications: [ApplicationID: SimulatedApplication] = [:]
    package internal(set) var guilds: [GuildID: Guild] = [:]
    package internal(set) var channels: [ChannelID: DiscordChannel] = [:]
    package internal(set) var history: [ChannelID: ChannelHistory] = [:]
    package internal(set) var interactions: [InteractionID: Interaction] = [:]
    package internal(set) var commands = CommandTable()
    package internal(set) var webhooks: [UInt64: Webhook] = [:]
    /// What each bot plays in each guild: set by the Lavalink double, shown by the control API.
    package internal(set) var playing: [GuildID: [UserID: NowPlaying]] = [:]
    /// Bots that have a gateway session now: shown as online.
    package internal(set) var onlineBots: Set<UserID> = []
    /// What bots have said of themselves; without it they are just online.
    var presences: [UserID: Presence] = [:]

    /// The guild that members of the playground live in.
    package let home: GuildID

    package internal(set) var events: [WorldEvent] = []
    package internal(set) var changes: [WorldChange] = []
    /// Interactions that are on their way to their application's endpoint.
    var deliveries: [EndpointDelivery] = []

    var interactionOrder: Deque<InteractionID> = []
    /// Not yet seen to be answered or late.
    var waitingInteractions: Deque<InteractionID> = []
    var nonces: [NonceKey: MessageID] = [:]
    var nonceOrder: Deque<(key: NonceKey, at: EpochMilliseconds)> = []
    var lastMessageAt: [SlowModeKey: EpochMilliseconds] = [:]
    private var lastID: UInt64 = 0

    struct NonceKey: Hashable {
        let author: UserID
        let channel: ChannelID
        let nonce: JSONValue
    }

    struct SlowModeKey: Hashable {
        let author: UserID
        let channel: ChannelID
    }

    /// An empty world but for the playground's guild; see `World+Harbour.swift`.
    package init(now: EpochMilliseconds) {
        self.now = now
        home = Self.homeID
        seedHarbour()
    }

    // MARK: - Time and ids

    /// Moves the clock; never backwards.
    package mutating func advance(to instant: EpochMilliseconds) {
        now = max(now, instant)
    }

    /// A new snowflake of the current millisecond; always larger than the one before.
    mutating func nextID() -> UInt64 {
        lastID = max(lastID + 1, Snowflake<SnowflakeKind.Message>.lowerBound(millisecondsSinceEpoch: now).rawValue)
        return lastID
    }

    // MARK: - Telling others

    mutating func emit(
        _ name: String,
        to audience: WorldEvent.Audience,
        intents: GatewayIntents,
        _ payload: JSONValue,
        alsoFor: Set<UserID> = [],
        contentVisibleTo: Set<UserID>? = nil
    ) {
        // The shell drains after each operation; the bound is for a caller that uses the world alone.
        guard events.count < Self.eventLimit else { return }
        events.append(
            WorldEvent(
                name: name,
                audience: audience,
                intents: intents,
                payload: payload,
                alsoFor: alsoFor,
                contentVisibleTo: contentVisibleTo
            )
        )
    }

    mutating func announce(_ kind: String, _ payload: JSONValue) {
        guard changes.count < Self.eventLimit else { return }
        changes.append(WorldChange(kind: kind, payload: payload))
    }

    /// Takes what has happened since the last call.
    package mutating func drain() -> (events: [WorldEvent], changes: [WorldChange]) {
        defer {
            events.removeAll(keepingCapacity: true)
            changes.removeAll(keepingCapacity: true)
        }
        return (events, changes)
    }

    // MARK: - Looking up

    package func guild(_ id: GuildID) throws(DiscordError) -> Guild {
        guard let guild = guilds[id] else { throw .unknownGuild }
        return guild
    }

    package func channel(_ id: ChannelID) throws(DiscordError) -> DiscordChannel {
        guard let channel = channels[id] else { throw .unknownChannel }
        return channel
    }

    package func user(_ id: UserID) throws(DiscordError) -> User {
        guard let user = users[id] else { throw .unknownUser }
        return user
    }

    package func member(_ id: UserID, of guild: GuildID) throws(DiscordError) -> Member {
        guard let member = try self.guild(guild).members[id] else { throw .unknownMember }
        return member
    }

    /// The guild, if the actor is in it: others are told that they have no access, as Discord tells bots.
    func guild(_ id: GuildID, for actor: UserID) throws(DiscordError) -> Guild {
        let guild = try guild(id)
        guard guild.members[actor] != nil else { throw .missingAccess }
        return guild
    }
}
