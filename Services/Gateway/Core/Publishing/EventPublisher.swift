import BusContract
import DiscordModel
import DurableEvents
import MessageBus

/// Puts one shard's events on the bus and into the journal, in the order in which they come; used by the read loop alone.
///
/// Events that came in one go leave in one go, with `flush`.
final class EventPublisher {
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

    /// What waits for `flush`.
    private var bundle = EventBundle()
    private var journalled = JournalBundle()

    private struct Kind {
        let kind: EventKind
        let topic: [UInt8]
        /// The sequence number of its last event, if it is durable.
        var previous: UInt64
        /// Whether `previous` waits for `flush`.
        var hasMoved = false

        init(_ kind: EventKind, of partition: Partition, previous: UInt64 = 0) {
            self.kind = kind
            topic = Array(Topic.discord(partition, kind.rawValue).rawValue.utf8)
            self.previous = previous
        }
    }

    /// Events for the journal, in one block of memory.
    private struct JournalBundle {
        private var content: [UInt8] = []
        private var events: [(seq: UInt64, kind: EventKind, headerCount: Int, end: Int)] = []
        private var room: JournalRoom?
        private var lastSize = 0

        /// False when the journal has no room for it.
        mutating func append(
            _ seq: UInt64,
            _ kind: EventKind,
            header: [UInt8],
            payload: UnsafeRawBufferPointer,
            room currentRoom: @autoclosure () -> JournalRoom
        ) -> Bool {
            var room = room ?? currentRoom()
            guard room.take(header.count + payload.count) else { return false }
            self.room = room
            // As much as last time, or more would be copied again and again.
            if content.isEmpty { content.reserveCapacity(max(lastSize, header.count + payload.count)) }
            content.append(contentsOf: header)
            content.append(contentsOf: payload)
            events.append((seq, kind, header.count, content.count))
            return true
        }

        /// Takes out everything.
        mutating func take() -> [JournalEntry] {
            var start = 0
            let entries = events.map { event in
                defer { start = event.end }
                return JournalEntry(
                    seq: event.seq,
                    event: event.kind.rawValue,
                    content: content[start..<event.end],
                    headerCount: event.headerCount
                )
            }
            lastSize = content.count
            // The entries keep it.
            content = []
            events.removeAll(keepingCapacity: true)
            room = nil
            return entries
        }
    }

    init(
        partition: Partition,
        stream: UInt64,
        heads: [EventKind: UInt64],
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
        kinds = heads.map { Kind($0, of: partition, previous: $1) }
    }

    /// Takes an event, to be published with the next `flush`.
    ///
    /// - Parameters:
    ///   - data: the bytes of `d`; of an event that is only announced they go to the journal, from which a restarted
    ///     gateway learns the guild, and not to the bus.
    ///   - now: microseconds since the Unix epoch.
    /// - Returns: false if the journal is full: the event is not published either, and the session must be closed so that
    ///   Discord holds it.
    func add(
        _ event: DiscordEventName,
        _ sequence: UInt64,
        _ route: EventRoute,
        data: UnsafeRawBufferPointer,
        isAnnouncement: Bool,
        now: UInt64
    ) -> Bool {
        let flags = flags(of: route)
        let index = index(of: event, flags)
        var header = Header()
        header.type = event.rawValue
        header.stream = stream
        header.seq = sequence
        header.prev = kinds[index].previous
        header.bot = bot
        header.guild = route.guildID
        header.channel = route.channelID
        header.user = route.userID
        header.flags = flags
        header.source = bus.source
        header.sentAt = now
        header.contentType = isAnnouncement ? .none : .discord
        // The same event has the same trace wherever it turns up, also when it is replayed.
        header.trace = TraceContext(traceHigh: stream, traceLow: sequence, span: sequence)
        let encoded = header.encoded

        if event.isDurable {
            guard
                journalled.append(
                    sequence,
                    kinds[index].kind,
                    header: encoded,
                    payload: data,
                    room: writer.room
                )
            else { return false }
            kinds[index].previous = sequence
            kinds[index].hasMoved = true
        }
        let payload = isAnnouncement ? UnsafeRawBufferPointer(start: nil, count: 0) : data
        bundle.append(topic: kinds[index].topic, header: encoded, payload: payload)
        return true
    }

    /// Publishes what was added.
    ///
    /// - Returns: false if the journal did not take it: nothing is published, and the session must be closed.
    func flush() -> Bool {
        guard !bundle.isEmpty else { return true }
        let entries = journalled.take()
        guard entries.isEmpty || writer.append(entries) else {
            bundle = EventBundle()
            return false
        }
        bus.publish(&bundle)
        // After the events: a pulse that tells of them must not overtake them.
        for index in kinds.indices where kinds[index].hasMoved {
            kinds[index].hasMoved = false
            ledger.published(kinds[index].kind, kinds[index].previous)
        }
        return true
    }

    /// Keeps the journal from going past an event, until what belongs to it is written down elsewhere.
    func hold(_ sequence: UInt64) -> JournalHold {
        writer.hold(sequence)
    }

    private func index(of event: DiscordEventName, _ flags: EventFlags) -> Int {
        let kind =
            event == .messageCreate && EventKind.isAddressed(flags)
            ? EventKind.addressedMessage : EventKind(rawValue: event.rawValue)
        if let index = kinds.firstIndex(where: { $0.kind == kind }) { return index }
        kinds.append(Kind(kind, of: partition))
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
