import DiscordModel
import FoundationEssentials

/// What a client sends on the gateway, as JSON text. Source: Discord API reference, "Send Events".
enum GatewayPayloads {
    static func heartbeat(_ sequence: UInt64?) -> String {
        "{\"op\":1,\"d\":\(sequence.map(String.init) ?? "null")}"
    }

    static func identify(
        token: String,
        intents: GatewayIntents,
        shard: Int,
        shards: Int,
        presence: BotPresence? = nil
    ) -> String {
        encode(
            Frame(
                op: GatewayOpcode.identify.rawValue,
                d: Identify(
                    token: token,
                    intents: intents.rawValue,
                    properties: ["os": "linux", "browser": "ensemble", "device": "ensemble"],
                    largeThreshold: 250,
                    shard: [shard, shards],
                    presence: presence.map(Presence.init)
                )
            )
        )
    }

    static func resume(token: String, session: SessionMachine.Resumable) -> String {
        encode(
            Frame(
                op: GatewayOpcode.resume.rawValue,
                d: Resume(token: token, sessionID: session.sessionID, seq: session.sequence)
            )
        )
    }

    /// Joins, moves to or leaves (nil) a voice channel.
    static func voiceState(guild: GuildID, channel: ChannelID?, selfMute: Bool, selfDeaf: Bool) -> String {
        // The channel must be there and null to leave: an optional would be left out.
        "{\"op\":4,\"d\":{\"guild_id\":\"\(guild)\",\"channel_id\":\(channel.map { "\"\($0)\"" } ?? "null"),"
            + "\"self_mute\":\(selfMute),\"self_deaf\":\(selfDeaf)}}"
    }

    /// How a bot shows itself.
    static func presence(_ presence: BotPresence) -> String {
        encode(Frame(op: GatewayOpcode.presenceUpdate.rawValue, d: Presence(presence)))
    }

    /// Asks for members of a guild; the answers carry the nonce.
    static func members(of guild: GuildID, _ wanted: MemberRequests.Wanted, nonce: String) -> String {
        let request =
            switch wanted {
            case .users(let users): Members(guildID: guild, userIDs: users, nonce: nonce)
            case .prefix(let prefix, let limit): Members(guildID: guild, query: prefix, limit: limit, nonce: nonce)
            case .everyone: Members(guildID: guild, query: "", limit: 0, nonce: nonce)
            }
        return encode(Frame(op: GatewayOpcode.requestGuildMembers.rawValue, d: request))
    }

    private struct Presence: Encodable {
        struct Activity: Encodable {
            var name: String
            var type: Int
            /// What a custom status says.
            var state: String?
        }

        var activities: [Activity]
        var status: String
        var afk = false

        init(_ presence: BotPresence) {
            status = presence.status.rawValue
            activities =
                presence.activity.map { activity in
                    let isCustom = activity.kind == .custom
                    return [
                        Activity(
                            name: isCustom ? "Custom Status" : activity.name,
                            type: activity.kind.number,
                            state: isCustom ? activity.name : nil
                        )
                    ]
                } ?? []
        }

        enum CodingKeys: String, CodingKey {
            case since, activities, status, afk
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            // It must be there, and null unless the bot is idle.
            try container.encodeNil(forKey: .since)
            try container.encode(activities, forKey: .activities)
            try container.encode(status, forKey: .status)
            try container.encode(afk, forKey: .afk)
        }
    }

    private struct Members: Encodable {
        var guildID: GuildID
        var query: String?
        var limit: Int?
        var userIDs: [UserID]?
        var nonce: String

        init(guildID: GuildID, query: String? = nil, limit: Int? = nil, userIDs: [UserID]? = nil, nonce: String) {
            self.guildID = guildID
            self.query = query
            self.limit = limit
            self.userIDs = userIDs
            self.nonce = nonce
        }

        enum CodingKeys: String, CodingKey {
            case query, limit, nonce
            case guildID = "guild_id"
            case userIDs = "user_ids"
        }
    }

    private struct Frame<Data: Encodable>: Encodable {
        var op: UInt64
        var d: Data
    }

    private struct Identify: Encodable {
        var token: String
        var intents: UInt32
        var properties: [String: String]
        var largeThreshold: Int
        var shard: [Int]
        var presence: Presence?

        enum CodingKeys: String, CodingKey {
            case token, intents, properties, shard, presence
            case largeThreshold = "large_threshold"
        }
    }

    private struct Resume: Encodable {
        var token: String
        var sessionID: String
        var seq: UInt64

        enum CodingKeys: String, CodingKey {
            case token, seq
            case sessionID = "session_id"
        }
    }

    private static func encode(_ frame: some Encodable) -> String {
        // Strings and numbers only: encoding them cannot fail.
        guard let data = try? JSONEncoder().encode(frame) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }
}
