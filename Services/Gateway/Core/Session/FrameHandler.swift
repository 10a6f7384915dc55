import BusContract
import DiscordModel
import ServiceKit

/// Takes one shard's frames in order: what is for the bus goes there with the next `flush`, what is for the session is
/// handed back.
struct FrameHandler {
    /// What the read loop has to do about a frame.
    enum Outcome {
        case handled
        /// The frame is none; it is counted and passed over.
        case malformed(MalformedJSON)
        /// A frame of the session: everything but an event.
        case control(GatewayFrame, data: [UInt8])
        case ready(sequence: UInt64, data: [UInt8])
        case resumed(sequence: UInt64)
        /// What Discord says to a request for members.
        case members(DiscordEventName, data: [UInt8])
        /// The journal takes no more: the session has to be closed so that Discord holds this event and what follows.
        case journalFull
    }

    private let bot: BotID
    private let receiver: UserID
    private let scanner: FrameScanner
    private let observers: Observers
    private let cache: GuildCache
    private let interactions: InteractionDesk
    private let metrics: SessionMetrics
    /// Nil until the stream is open: no event can come before READY or RESUMED's replay.
    var publisher: EventPublisher?
    /// The last event handled.
    private(set) var sequence: UInt64
    /// The last event that was published, or needed not to be.
    private var flushed: UInt64
    /// An event was refused by the journal: what follows on this connection is left to Discord too, or the numbers would
    /// step over the refused one.
    private var isFull = false

    init(
        bot: BotID,
        receiver: UserID,
        sequence: UInt64,
        publisher: EventPublisher?,
        observers: Observers,
        cache: GuildCache,
        interactions: InteractionDesk,
        metrics: SessionMetrics
    ) {
        self.bot = bot
        self.receiver = receiver
        self.sequence = sequence
        flushed = sequence
        self.publisher = publisher
        self.observers = observers
        self.cache = cache
        self.interactions = interactions
        self.metrics = metrics
        scanner = FrameScanner(watched: [receiver])
    }

    /// Handles one frame.
    ///
    /// - Parameter now: microseconds since the Unix epoch.
    mutating func handle(_ bytes: UnsafeRawBufferPointer, now: UInt64) -> Outcome {
        let frame: GatewayFrame
        do {
            frame = try scanner.scan(bytes)
        } catch {
            metrics.malformed.increment()
            return .malformed(error)
        }
        let data = UnsafeRawBufferPointer(rebasing: bytes[frame.data])
        guard frame.opcode == .dispatch, let event = frame.event, let number = frame.sequence else {
            return .control(frame, data: [UInt8](data))
        }
        switch event {
        case .ready: return .ready(sequence: number, data: [UInt8](data))
        case .resumed where !isFull:
            advance(to: number)
            return .resumed(sequence: number)
        default: break
        }
        // Discord may deliver an event more than once after RESUME.
        guard !isFull else { return .handled }
        guard number > sequence, publisher != nil else {
            metrics.repeated.increment()
            return .handled
        }
        if event == .guildMembersChunk || event == .rateLimited {
            advance(to: number)
            return .members(event, data: [UInt8](data))
        }
        return dispatch(event, number, frame.route, data, now: now)
    }

    /// Publishes the events that were handled since the last time.
    mutating func flush() -> Outcome {
        guard publisher?.flush() == false else {
            flushed = sequence
            return .handled
        }
        sequence = flushed
        isFull = true
        return .journalFull
    }

    /// READY has begun a new stream.
    mutating func began(_ publisher: EventPublisher, sequence: UInt64) {
        self.publisher = publisher
        self.sequence = sequence
        flushed = sequence
    }

    private mutating func dispatch(
        _ event: DiscordEventName,
        _ number: UInt64,
        _ route: EventRoute,
        _ data: UnsafeRawBufferPointer,
        now: UInt64
    ) -> Outcome {
        let stream = publisher?.stream ?? 0
        let isObserver = observers.receives(event, route, by: bot, stream: stream) { publisher?.hold(number - 1) }
        let isLeaving = event == .guildDelete && !route.flags.contains(.unavailable)
        let leaving = isLeaving ? publisher?.hold(number - 1) : nil
        let handling = EventHandling.decide(event, route, receiver: receiver, isObserver: isObserver)
        metrics.received.increment()
        if handling.contains(.publish) || handling.contains(.announce) {
            let isAnnouncement = handling.contains(.announce)
            let isTaken = publisher?.add(
                event,
                number,
                route,
                data: data,
                isAnnouncement: isAnnouncement,
                now: now
            )
            guard isTaken == true else {
                isFull = true
                return .journalFull
            }
            metrics.published.increment()
        }
        if handling.contains(.cache) {
            cache.apply(
                bot: bot,
                event: event.rawValue,
                payload: [UInt8](data),
                stream: stream,
                seq: number,
                isObserver: isObserver
            )
        }
        if handling.contains(.interaction) {
            interactions.received(bot: bot, payload: [UInt8](data), hold: publisher?.hold(number))
        }
        if isLeaving, let guild = route.guildID { observers.left(bot, guild, stream: stream, hold: leaving) }
        advance(to: number)
        return .handled
    }

    private mutating func advance(to number: UInt64) {
        sequence = max(sequence, number)
    }
}
