package import DiscordModel

/// The pulse of a partition, published every 250 ms: the last `seq` of each durable topic.
///
/// It shows a subscriber that the tail of a topic is missing, and that a new subscription is open.
package struct Head: BusMessage {
    package static let typeName = "ensemble.bus.v1.Head"

    package var bot: BotID
    package var shard: Int
    /// The stream that is open now.
    package var stream: UInt64
    /// Last sequence number published of each durable kind in this stream.
    package var topics: [TopicHead]
    /// The highest sequence number that is safely in the journal.
    package var journalled: UInt64

    package init(partition: Partition, stream: UInt64, topics: [TopicHead], journalled: UInt64) {
        bot = partition.bot
        shard = partition.shard
        self.stream = stream
        self.topics = topics
        self.journalled = journalled
    }

    package var partition: Partition { Partition(bot: bot, shard: shard) }
}

package struct TopicHead: Codable, Hashable, Sendable {
    /// The kind: ``EventKind``.
    package var event: String
    package var seq: UInt64

    package init(event: String, seq: UInt64) {
        self.event = event
        self.seq = seq
    }
}
