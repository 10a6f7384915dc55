/// Discord's object ids, typed by what they name, so that a channel's id can never be passed for a guild's.
///
/// A snowflake is an unsigned 64-bit number; JSON carries it as a decimal string because JavaScript's numbers end at
/// 2^53. Decoding accepts a JSON number too: `GUILD_MEMBERS_CHUNK.not_found` is known to send integers.
/// Source: Discord API reference, "Snowflakes".
package struct Snowflake<Kind>: RawRepresentable, Hashable, Sendable, Comparable {
    package let rawValue: UInt64

    @inlinable
    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    @inlinable
    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Milliseconds since the Unix epoch at which Discord made the object.
    package var millisecondsSinceEpoch: UInt64 {
        (rawValue >> 22) + snowflakeEpochMilliseconds
    }

    /// The smallest id that an object made at that instant can have: a bound for time ranges.
    ///
    /// An instant before Discord's epoch gives 0.
    package static func lowerBound(millisecondsSinceEpoch: UInt64) -> Self {
        guard millisecondsSinceEpoch > snowflakeEpochMilliseconds else { return Self(0) }
        return Self((millisecondsSinceEpoch - snowflakeEpochMilliseconds) << 22)
    }

    @inlinable
    package static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The first millisecond of 2015, from which Discord counts.
private let snowflakeEpochMilliseconds: UInt64 = 1_420_070_400_000

extension Snowflake: LosslessStringConvertible {
    /// Reads decimal digits; anything else, and a number above 2^64 - 1, is nil.
    package init?(_ description: String) {
        guard description.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = UInt64(description) else {
            return nil
        }
        self.init(value)
    }

    package var description: String {
        String(rawValue)
    }
}

extension Snowflake: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            guard let value = Self(text) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a snowflake: \(text)")
            }
            self = value
        } else {
            self.init(try container.decode(UInt64.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Snowflake: CodingKeyRepresentable {
    package var codingKey: any CodingKey {
        SnowflakeCodingKey(stringValue: description)
    }

    package init?<Key: CodingKey>(codingKey: Key) {
        self.init(codingKey.stringValue)
    }
}

private struct SnowflakeCodingKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        nil
    }
}

/// The kinds that an id can name. They have no values; they only keep ids apart.
package enum SnowflakeKind {
    package enum Application {}
    package enum Attachment {}
    package enum Channel {}
    package enum Command {}
    package enum Guild {}
    package enum Interaction {}
    package enum Message {}
    package enum Role {}
    package enum User {}
}

package typealias ApplicationID = Snowflake<SnowflakeKind.Application>
package typealias AttachmentID = Snowflake<SnowflakeKind.Attachment>
package typealias ChannelID = Snowflake<SnowflakeKind.Channel>
package typealias CommandID = Snowflake<SnowflakeKind.Command>
package typealias GuildID = Snowflake<SnowflakeKind.Guild>
package typealias InteractionID = Snowflake<SnowflakeKind.Interaction>
package typealias MessageID = Snowflake<SnowflakeKind.Message>
package typealias RoleID = Snowflake<SnowflakeKind.Role>
package typealias UserID = Snowflake<SnowflakeKind.User>

extension GuildID {
    /// The role `@everyone`, which has its guild's id.
    package var everyoneRole: RoleID {
        RoleID(rawValue)
    }

    /// The shard that receives this guild's events: `(guild_id >> 22) % shards` (gateway documentation, "Sharding").
    package func shard(of count: Int) -> Int {
        Int((rawValue >> 22) % UInt64(max(count, 1)))
    }
}
