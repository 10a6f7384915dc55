package import DiscordModel

/// What an event is published under, and, as a prefix, what a subscriber asks for.
///
/// ZeroMQ matches by prefix of bytes; each level ends in a dot so that `discord.iris.1.` never matches `discord.iris.10.`.
package struct Topic: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// An event that Discord sent to one shard of one bot; `event` is Discord's name, for example `MESSAGE_CREATE`.
    package static func discord(_ partition: Partition, _ event: String) -> Self {
        Self(rawValue: "discord.\(partition.bot.rawValue).\(partition.shard).\(event).")
    }

    /// An event of ours.
    package static func ensemble(_ domain: String, _ event: String) -> Self {
        Self(rawValue: "ensemble.\(domain).\(event).")
    }

    /// The pulse of a partition: see `Head`.
    package static func head(_ partition: Partition) -> Self {
        Self(rawValue: "head.\(partition.bot.rawValue).\(partition.shard).")
    }

    /// The pulses of all partitions.
    package static let allHeads = Self(rawValue: "head.")
}

/// One shard of one bot: the unit in which Discord orders its events, and in which we order ours.
package struct Partition: Hashable, Sendable, Comparable {
    package let bot: BotID
    package let shard: Int

    package init(bot: BotID, shard: Int) {
        self.bot = bot
        self.shard = shard
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.bot, left.shard) < (right.bot, right.shard)
    }
}

extension Partition: LosslessStringConvertible {
    /// Reads `<bot>/<shard>`, as it stands in the database and in logs.
    package init?(_ description: String) {
        let parts = description.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bot = BotID(rawValue: String(parts[0])), let shard = Int(parts[1]), shard >= 0
        else { return nil }
        self.init(bot: bot, shard: shard)
    }

    package var description: String { "\(bot.rawValue)/\(shard)" }
}
