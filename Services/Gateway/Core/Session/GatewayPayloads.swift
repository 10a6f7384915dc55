import DiscordModel
import FoundationEssentials

/// What a client sends on the gateway, as JSON text. Source: Discord API reference, "Send Events".
enum GatewayPayloads {
    static func heartbeat(_ sequence: UInt64?) -> String {
        "{\"op\":1,\"d\":\(sequence.map(String.init) ?? "null")}"
    }

    static func identify(token: String, intents: GatewayIntents, shard: Int, shards: Int) -> String {
        encode(
            Frame(
                op: GatewayOpcode.identify.rawValue,
                d: Identify(
                    token: token,
                    intents: intents.rawValue,
                    properties: ["os": "linux", "browser": "ensemble", "device": "ensemble"],
                    largeThreshold: 250,
                    shard: [shard, shards]
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

        enum CodingKeys: String, CodingKey {
            case token, intents, properties, shard
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
