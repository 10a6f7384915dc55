import BusContract
import Logging
import MessageBus
import Postgres
import ServiceKit

/// Consumes one partition: journal first, then live, and the journal again whenever something is missing.
///
/// It decides on the thread on which events arrive: waking another one would take longer than nearly all decisions. What
/// is written, and what is read back, is put together elsewhere.
actor PartitionConsumer<Handler: DurableHandler> {
    nonisolated var unownedExecutor: UnownedSerialExecutor { bus.executor }

    private let partition: Partition
    private let name: String
    private let spine: Spine
    private let bus: BusConnection
    private let handler: Handler
    private let logger: Logger
    private let metrics: ConsumerMetrics
    private let events: [String]
    /// The topic of each.
    private let topics: [[UInt8]]
    /// How far events have been decided about.
    private var tracker: PositionTracker
    /// How far what was decided has been written; behind `tracker` while something waits for its transaction.
    private var committed: PositionTracker
    /// What the table `positions` has.
    private var saved: [String: PositionTracker.Place] = [:]
    private var lastSave = ContinuousClock.now
    /// What was decided and is still to be written, in order.
    private var decided: [Decided] = []
    private var isCommitting = false
    private let decisions = Wake()
    private let commits = Wake()

    /// Work that waits for its transaction.
    private struct Decided {
        let event: DurableEvent
        let work: Handler.Work
        /// The position to save with it.
        let reached: PositionTracker
    }

    init(
        partition: Partition,
        name: String,
        events: [String],
        spine: Spine,
        bus: BusConnection,
        handler: Handler,
        logger: Logger,
        metrics: ConsumerMetrics
    ) {
        self.partition = partition
        self.name = name
        self.events = events
        topics = events.map { Array(Topic.discord(partition, $0).rawValue.utf8) }
        self.spine = spine
        self.bus = bus
        self.handler = handler
        self.metrics = metrics
        var logger = logger
        logger[metadataKey: "partition"] = "\(partition)"
        logger[metadataKey: "consumer"] = "\(name)"
        self.logger = logger
        tracker = PositionTracker(events: events, places: [:])
        committed = tracker
    }

    /// Consumes until cancelled; whatever goes wrong is logged, waited for and tried again from the saved position.
    func runForever() async throws {
        var backoff = Backoff(base: .milliseconds(50), cap: .seconds(5))
        while !Task.isCancelled {
            let started = ContinuousClock.now
            do {
                try await spine.leaseKeeper.withLease("consumer/\(name)/\(partition)") { lease in
                    try await self.consume(lease)
                }
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                if ContinuousClock.now - started > .seconds(30) { backoff.reset() }
                logger.warning("consuming stopped, going on from the saved position", metadata: ["error": "\(error)"])
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    private func consume(_ lease: Lease) async throws {
        tracker = PositionTracker(
            events: events,
            places: try await Positions(executor: spine.database).load(consumer: name, partition: partition)
        )
        committed = tracker
        saved = tracker.allPlaces
        decided = []
        isCommitting = false
        // The pulse comes last on the same socket: when it arrives, so does everything before it.
        let filters = events.map { TopicFilter(Topic.discord(partition, $0)) } + [TopicFilter(Topic.head(partition))]
        try await bus.withSubscription(filters, name: "\(name) \(partition)") { subscription in
            await subscription.waitUntilOpen(timeout: .seconds(2))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.commitForever(lease) }
                group.addTask(executorPreference: bus.tasks) { try await self.follow(subscription, lease) }
                // Only following has an end.
                try await group.next()
                group.cancelAll()
            }
        }
    }

    private func follow(_ subscription: EventSubscription, _ lease: Lease) async throws {
        try await readJournal(lease)
        try await savePosition(lease)
        for await batch in subscription {
            try await handleLive(batch, lease)
            try await savePositionWhenDue(lease)
        }
        try await settle(to: 0)
        try await savePosition(lease)
    }

    // MARK: Live

    private func handleLive(_ batch: [IncomingEvent], _ lease: Lease) async throws {
        var next: [DurableEvent] = []
        for incoming in batch {
            guard let event = read(incoming) else {
                if let head = try? incoming.decode(Head.self) {
                    try await handle(next, lease)
                    next = []
                    try await check(head, lease)
                } else {
                    metrics.malformed.increment()
                }
                continue
            }
            switch judge(event, behind: next) {
            case .deliver:
                next.append(event)
            case .duplicate:
                metrics.duplicates.increment()
            case .gap(let place):
                try await handle(next, lease)
                next = []
                metrics.gaps.increment()
                try await readJournal(lease, until: (event.name, place))
                switch tracker.judge(
                    event.name,
                    stream: event.place.stream,
                    seq: event.place.seq,
                    prev: event.header.prev
                )
                {
                case .deliver: next.append(event)
                // The journal had it already.
                case .duplicate, .gap: metrics.duplicates.increment()
                }
            }
        }
        try await handle(next, lease)
    }

    /// Judges an event as if those that wait in `pending` had been handled.
    private func judge(_ event: DurableEvent, behind pending: [DurableEvent]) -> PositionTracker.Verdict {
        guard let last = pending.last(where: { $0.name == event.name }) else {
            return tracker.judge(
                event.name,
                stream: event.place.stream,
                seq: event.place.seq,
                prev: event.header.prev
            )
        }
        if event.place <= last.place { return .duplicate }
        guard event.place.stream == last.place.stream, event.header.prev <= last.place.seq else {
            return .gap(upTo: PositionTracker.Place(stream: event.place.stream, seq: event.header.prev))
        }
        return .deliver
    }

    private func read(_ incoming: IncomingEvent) -> DurableEvent? {
        guard let index = topics.firstIndex(where: incoming.hasTopic), let header = try? incoming.outline else {
            return nil
        }
        return DurableEvent(
            name: events[index],
            bot: partition.bot,
            header: header,
            payload: incoming.payload,
            isFromJournal: false
        )
    }

    private func check(_ head: Head, _ lease: Lease) async throws {
        guard let missing = tracker.missing(in: head) else { return }
        metrics.gaps.increment()
        try await readJournal(lease, until: missing)
    }

    // MARK: Journal

    /// Reads the journal to its end, and on until it has the place that is wanted: live publishing does not wait for
    /// the journal, so that the journal can be some milliseconds behind.
    private func readJournal(
        _ lease: Lease,
        until target: (event: String, place: PositionTracker.Place)? = nil
    ) async throws {
        var backoff = Backoff(base: .milliseconds(5), cap: .seconds(1))
        var warned = false
        let started = ContinuousClock.now
        while true {
            try await readJournalOnce(lease)
            guard let target, !tracker.hasReached(target.place, of: target.event) else { return }
            if !warned, ContinuousClock.now - started > .seconds(5) {
                warned = true
                logger.warning(
                    "waiting for the journal",
                    metadata: ["stream": "\(target.place.stream)", "seq": "\(target.place.seq)"]
                )
            }
            try await Task.sleep(for: backoff.next())
        }
    }

    private func readJournalOnce(_ lease: Lease) async throws {
        let reader = JournalReader(database: spine.database, bot: partition.bot)
        for stream in try await Streams(spine.database).list(partition, from: tracker.earliest.stream) {
            tracker.enter(stream: stream.id)
            while true {
                let after = tracker.earliest.seq
                // Not on the bus's thread: a page is some hundred rows.
                let page = try await withTaskExecutorPreference(globalConcurrentExecutor) {
                    try await reader.page(stream: stream.id, events: events, after: after)
                }
                let fresh = page.filter { $0.place > tracker.place(of: $0.name) }
                metrics.fromJournal.increment(by: fresh.count)
                try await handle(fresh, lease)
                // What has been read is known whole: every event is at least as far as the page's end.
                let end = page.last?.place ?? PositionTracker.Place(stream: stream.id, seq: after)
                for event in events { tracker.advance(event, to: end) }
                if page.count < reader.pageSize { break }
                try await savePositionWhenDue(lease)
            }
            if !stream.isClosed { break }
        }
    }

    // MARK: Handling

    /// Decides about events that are next in order. What they need is written behind them: what offends next is not kept
    /// waiting by a transaction.
    private func handle(_ batch: [DurableEvent], _ lease: Lease) async throws {
        var next = batch.startIndex
        for (index, event) in batch.enumerated() {
            let work: Handler.Work?
            do {
                work = try await handler.examine(event)
            } catch let error where Self.isAboutTheEvents(error) {
                advance(past: batch[next..<index])
                next = index + 1
                try await settle(to: 0)
                committed = tracker
                try await handleAlone(event, lease)
                continue
            }
            guard let work else { continue }
            advance(past: batch[next...index])
            next = index + 1
            decided.append(Decided(event: event, work: work, reached: tracker))
            decisions.signal()
            try await settle(to: Self.bound)
        }
        advance(past: batch[next...])
        metrics.handled.increment(by: batch.count)
    }

    private func advance(past events: ArraySlice<DurableEvent>) {
        // The last of a run is enough: most batches are one run.
        for index in events.indices where index + 1 == events.endIndex || events[index + 1].name != events[index].name {
            tracker.advance(events[index].name, to: events[index].place)
        }
    }

    /// Waits until no more than so much waits to be written; with 0, until all is.
    private func settle(to limit: Int) async throws {
        while decided.count > limit || (limit == 0 && isCommitting) {
            await commits.wait(atMost: .seconds(1))
            try Task.checkCancellation()
        }
    }

    /// So much may wait to be written, and so much is written in one transaction.
    private static var bound: Int { 1_000 }
    private static var portion: Int { 200 }

    /// A transaction costs far more than what it writes, and what left early (`Spine.sendEarly`) has to share the
    /// processor with it: it waits so long for more, and follows the one before by so much.
    private static var gathering: Duration { .milliseconds(20) }
    private static var spacing: Duration { .milliseconds(50) }

    /// Writes what was decided, in order.
    private func commitForever(_ lease: Lease) async throws {
        var begun = ContinuousClock.now - Self.spacing
        while true {
            try Task.checkCancellation()
            guard !decided.isEmpty else {
                await decisions.wait(atMost: .seconds(60))
                continue
            }
            if decided.count < Self.portion {
                try await Task.sleep(for: max(Self.gathering, begun + Self.spacing - .now))
            }
            begun = .now
            let portion = Array(decided.prefix(Self.portion))
            decided.removeFirst(portion.count)
            isCommitting = true
            try await commit(portion, lease)
            isCommitting = false
            commits.signal()
        }
    }

    private func commit(_ portion: [Decided], _ lease: Lease) async throws {
        guard let last = portion.last else { return }
        do {
            try await write(portion.map(\.work), last.reached, lease)
        } catch let error where Self.isAboutTheEvents(error) {
            // One event can spoil a whole portion: find it by handling them one at a time.
            for item in portion { try await handleAlone(item.event, lease) }
            committed = last.reached
        }
    }

    /// Handles an event by itself, when everything before it has been written.
    private func handleAlone(_ event: DurableEvent, _ lease: Lease) async throws {
        var reached = committed
        reached.advance(event.name, to: event.place)
        defer { tracker.advance(event.name, to: event.place) }
        for attempt in 1... {
            do {
                if let work = try await handler.examine(event) { try await write([work], reached, lease) }
                committed = reached
                return
            } catch let error where Self.isAboutTheEvents(error) {
                guard attempt >= 3 else {
                    try await Task.sleep(for: .milliseconds(50) * attempt)
                    continue
                }
                return try await refuse(event, error, reached, lease)
            }
        }
    }

    private func write(_ work: [Handler.Work], _ reached: PositionTracker, _ lease: Lease) async throws {
        let (consumer, partition, positions) = (name, partition, reached.allPlaces)
        do {
            try await perform(work, saving: positions, lease)
        } catch let error as PostgresError where error.code == .outcomeUnknown {
            // The saved position tells whether it was committed.
            let stored = try await Positions(executor: spine.database).load(consumer: consumer, partition: partition)
            guard stored == positions else { throw error }
        }
        committed = reached
        saved = positions
    }

    @concurrent
    private func perform(
        _ work: [Handler.Work],
        saving positions: [String: PositionTracker.Place],
        _ lease: Lease
    ) async throws {
        try await spine.transaction { transaction in
            try await handler.perform(work, in: transaction)
            Positions.save(positions, consumer: name, partition: partition, lease: lease, atEndOf: transaction)
        }
    }

    /// Records an event that the handler cannot take, and steps over it: the events behind it must not wait for ever.
    private func refuse(
        _ event: DurableEvent,
        _ error: any Error,
        _ reached: PositionTracker,
        _ lease: Lease
    ) async throws {
        metrics.refused.increment()
        logger.error(
            "an event was refused by its handler and stepped over",
            metadata: ["event": "\(event.name)", "seq": "\(event.header.seq)", "error": "\(error)"]
        )
        let (consumer, partition, positions) = (name, partition, reached.allPlaces)
        try await spine.transaction { transaction in
            try await transaction.query(
                """
                INSERT INTO refused_events (consumer, stream, seq, event, reason)
                VALUES (\(consumer), \(event.header.stream), \(event.header.seq), \(event.name), \("\(error)"))
                ON CONFLICT DO NOTHING
                """
            )
            Positions.save(positions, consumer: consumer, partition: partition, lease: lease, atEndOf: transaction)
        }
        committed = reached
        saved = positions
    }

    /// Whether an error speaks of what was handled, rather than of the database, the lease or our own end.
    private static func isAboutTheEvents(_ error: any Error) -> Bool {
        switch error {
        case is CancellationError, is LeaseLost: false
        case let error as PostgresError:
            if case .server = error.code {
                !error.isRetriable
            } else {
                error.code == .encoding || error.code == .decoding
            }
        default: true
        }
    }

    /// Saves how far events have been decided about that needed nothing written. While something waits for its
    /// transaction, that one saves it.
    private func savePosition(_ lease: Lease) async throws {
        lastSave = .now
        let places = tracker.allPlaces
        guard decided.isEmpty, !isCommitting, places != saved else { return }
        try await Positions(executor: spine.database).save(places, consumer: name, partition: partition, lease: lease)
        saved = places
    }

    /// Saves the position once a second.
    private func savePositionWhenDue(_ lease: Lease) async throws {
        if ContinuousClock.now - lastSave > .seconds(1) { try await savePosition(lease) }
    }
}
