/// One bot of the troupe, by the short name it has in `config/fleet.yaml` (`rainbow`, `iris`).
///
/// Whatever belongs to one bot (a session, a bucket, a player, karma, a topic) is keyed by this type, so that the
/// compiler refuses to take one bot's state for another's. It is known before the bot has logged in, unlike its
/// Discord user id.
package struct BotID: RawRepresentable, Hashable, Sendable, Comparable {
    package let rawValue: String

    /// Takes 1 to 32 characters of `a-z`, `0-9` and `-`; anything else is nil, for it becomes part of topics and file names.
    package init?(rawValue: String) {
        let utf8 = rawValue.utf8
        guard (1...32).contains(utf8.count),
            utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
        else { return nil }
        self.rawValue = rawValue
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension BotID: LosslessStringConvertible {
    package init?(_ description: String) {
        self.init(rawValue: description)
    }

    package var description: String { rawValue }
}

extension BotID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(rawValue: text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "not a bot's name (1 to 32 of a-z, 0-9, -): \(text)"
            )
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
