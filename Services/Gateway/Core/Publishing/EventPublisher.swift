import BusContract
import DiscordModel
import DurableEvents
import MessageBus

/// Puts one shard's events on the bus and into the journal, in the order in which they come; used by the read loop alone.
struct EventPublisher {
    private let bot: BotID
    private let partition: Partition
    let stream: UInt64
    private let bus: BusConnection
    private let ledger: StreamLedger
    private let writer: JournalWriter
    /// A few kinds come again and again: looking through them in turn takes less than hashing their names.
    private var kinds: [Kind]
    /// Events between RESUME and RESUMED may have been delivered before.
    var isReplaying = false

    private struct Kind {
        let event: DiscordEventName
        let topic: Topic
        /// The sequence number of its last event, if it is durable.
        var previous: UInt64
    }

    init(
        partition: Partition,
        stream: UInt64,
        heads: [DiscordEventName: UInt64],
        bus: BusConnection,
        ledger: StreamLedger,
        writer: JournalWriter
    ) {
        bot = partition.bot
        self.partition = partition
        self.stream = stream
        self.bus = bus
        self.ledger = ledger
        self.writer = writer
        kinds = heads.map { event, sequence in
            Kind(event: event, topic: Topic.discord(partition, event.rawValue), previous: sequence)
        }
    }

    /// Publishes an event.
    ///
    /// - Parameters:
    ///   - data: the bytes of `d`; of an event that is only announced they go to the journal, from which a restarted
    ///     gateway learns the guild, and not to the bus.
    ///   - now: microseconds since the Unix epoch.
    /// - Returns: false if the journal is full: the event is not published either, and the session must be closed so that
    ///   Discord holds it.
    mutating func publish(
        _ event: DiscordEventName,
        _ sequence: UInt64,
        _ route: EventRoute,
        data: UnsafeRawBufferPointer,
        isAnnouncement: Bool,
        now: UInt64
    ) -> Bool {
        let kind = index(of: event)
        var header = Header()
        header.type = event.rawValue
        header.stream = stream
        header.seq = sequence
        header.prev = kinds[kind].previous
        header.bot = bot
        header.guild = route.guildID
        header.channel = route.channelID
        header.user = route.userID
        header.flags = flags(of: route)
        header.sentAt = now
        header.contentType = isAnnouncement ? .none : .discord
        // The same event has the same trace wherever it turns up, also when it is replayed.
        header.trace = TraceContext(traceHigh: stream, traceLow: sequence, span: sequence)

        let isDurable = event.isDurable
        if isDurable {
            let entry = JournalEntry(
                seq: sequence,
                event: event.rawValue,
                header: header.encoded,
                payload: [UInt8](data)
            )
            guard writer.append(entry) else { return false }
        }
        let payload = isAnnouncement ? UnsafeRawBufferPointer(start: nil, count: 0) : data
        bus.publish(topic: kinds[kind].topic, header: header, payload: payload)
        if isDurable {
            kinds[kind].previous = sequence
            ledger.published(event, sequence)
        }
        return true
    }

    /// Keeps the journal from going past an event, until what belongs to it is written down elsewhere.
    func hold(_ sequence: UInt64) -> JournalHold {
        writer.hold(sequence)
    }

    private mutating func index(of event: DiscordEventName) -> Int {
        if let index = kinds.firstIndex(where: { $0.event == event }) { return index }
        kinds.append(Kind(event: event, topic: Topic.discord(partition, event.rawValue), previous: 0))
        return kinds.count - 1
    }

    private func flags(of route: EventRoute) -> EventFlags {
        // For each event: literals of several flags would be put together anew each time.
        var flags = EventFlags(rawValue: 0)
        if route.flags.contains(.fromBot) || route.flags.contains(.fromWebhook) { flags.insert(.fromBot) }
        if route.guildID == nil, route.channelID != nil { flags.insert(.directMessage) }
        if route.flags.contains(.mentionsUsers) { flags.insert(.mentionsUser) }
        // The receiver is the one user that its scanner watches.
        if route.mentioned | route.repliedTo != 0 { flags.insert(.mentionsReceiver) }
        if route.flags.contains(.isReply) { flags.insert(.reply) }
        if isReplaying { flags.insert(.replayed) }
        return flags
    }
}
