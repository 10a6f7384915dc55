import DiscordModel

/// REQUEST_GUILD_MEMBERS of one bot: which are open, and what of their answers has come. Pure.
///
/// Source: gateway documentation, "Request Guild Members": one guild a request; at most 100 user ids, or a beginning of
/// names with a limit; all members at most once in 30 s for each guild and bot, or RATE_LIMITED comes instead of chunks.
struct MemberRequests: Sendable {
    enum Wanted: Hashable, Sendable {
        /// At most 100.
        case users([UserID])
        /// 1 to 100 members whose names begin so.
        case prefix(String, limit: Int)
        case everyone
    }

    enum Decision: Equatable {
        /// Send it under this nonce.
        case send(nonce: String)
        /// The same has been asked already: its answer serves both.
        case join(nonce: String)
        /// Discord would refuse it before.
        case wait(until: ContinuousClock.Instant)
        /// Too many are open.
        case refuse
    }

    /// What was found.
    struct Found: Sendable {
        var members: [Member]
        var missing: [UserID]
    }

    private struct Key: Hashable {
        let guild: GuildID
        let wanted: Wanted
    }

    private struct Open {
        let key: Key
        var members: [Member] = []
        var missing: [UserID] = []
        /// A chunk may be delivered again after a RESUME.
        var seen: Set<Int> = []
    }

    private static let bound = 64
    private static let interval = Duration.seconds(30)

    private var open: [String: Open] = [:]
    private var everyoneNotBefore: [GuildID: ContinuousClock.Instant] = [:]

    /// Somebody wants members.
    ///
    /// - Parameter nonce: at most 32 bytes, never used before.
    mutating func ask(
        _ guild: GuildID,
        _ wanted: Wanted,
        nonce: String,
        _ now: ContinuousClock.Instant
    ) -> Decision {
        let key = Key(guild: guild, wanted: wanted)
        if let running = open.first(where: { $0.value.key == key })?.key { return .join(nonce: running) }
        guard open.count < Self.bound else { return .refuse }
        if wanted == .everyone {
            everyoneNotBefore = everyoneNotBefore.filter { $0.value > now }
            if let until = everyoneNotBefore[guild] { return .wait(until: until) }
            everyoneNotBefore[guild] = now + Self.interval
        }
        open[nonce] = Open(key: key)
        return .send(nonce: nonce)
    }

    /// A part of an answer has come.
    ///
    /// - Returns: the whole, when it was the last one.
    mutating func received(_ chunk: GuildMembersChunk) -> (nonce: String, found: Found)? {
        guard let nonce = chunk.nonce, var request = open[nonce], request.key.guild == chunk.guildID,
            chunk.count >= 1, (0..<chunk.count).contains(chunk.index)
        else { return nil }
        guard request.seen.insert(chunk.index).inserted else { return nil }
        request.members += chunk.members
        request.missing += chunk.notFound
        guard request.seen.count < chunk.count else {
            open[nonce] = nil
            return (nonce, Found(members: request.members, missing: request.missing))
        }
        open[nonce] = request
        return nil
    }

    /// Discord refused a request for all members of a guild for so long.
    ///
    /// - Returns: the request that was refused.
    mutating func limited(
        _ guild: GuildID,
        nonce: String?,
        retryAfter: Duration,
        _ now: ContinuousClock.Instant
    ) -> String? {
        everyoneNotBefore[guild] = now + retryAfter
        let refused = nonce ?? open.first { $0.value.key == Key(guild: guild, wanted: .everyone) }?.key
        guard let refused, open.removeValue(forKey: refused) != nil else { return nil }
        return refused
    }

    /// Nobody waits for it any more.
    mutating func forget(_ nonce: String) {
        open[nonce] = nil
    }
}

/// GUILD_MEMBERS_CHUNK.
struct GuildMembersChunk: Decodable, Sendable {
    let guildID: GuildID
    let members: [Member]
    let index: Int
    let count: Int
    let notFound: [UserID]
    let nonce: String?

    enum CodingKeys: String, CodingKey {
        case members, nonce
        case guildID = "guild_id"
        case index = "chunk_index"
        case count = "chunk_count"
        case notFound = "not_found"
    }

    init(
        guildID: GuildID,
        members: [Member],
        index: Int,
        count: Int,
        notFound: [UserID] = [],
        nonce: String?
    ) {
        self.guildID = guildID
        self.members = members
        self.index = index
        self.count = count
        self.notFound = notFound
        self.nonce = nonce
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guildID = try container.decode(GuildID.self, forKey: .guildID)
        members = try container.decode([Member].self, forKey: .members)
        index = try container.decode(Int.self, forKey: .index)
        count = try container.decode(Int.self, forKey: .count)
        // Ids that are none come back as they were sent, numbers among them.
        notFound = (try? container.decodeIfPresent([UserID].self, forKey: .notFound)) ?? []
        nonce = try container.decodeIfPresent(String.self, forKey: .nonce)
    }
}

/// RATE_LIMITED: a request over the gateway was refused.
struct GatewayRateLimited: Decodable, Sendable {
    struct Meta: Decodable, Sendable {
        let guildID: GuildID?
        let nonce: String?

        enum CodingKeys: String, CodingKey {
            case nonce
            case guildID = "guild_id"
        }
    }

    let opcode: UInt64
    let retryAfter: Double
    let meta: Meta?

    enum CodingKeys: String, CodingKey {
        case opcode, meta
        case retryAfter = "retry_after"
    }
}
