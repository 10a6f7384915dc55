import BusContract
import Logging
import MessageBus
import Postgres
import ServiceKit

/// Consumes one partition: journal first, then live, and the journal again whenever something is missing.
actor PartitionConsumer<Handler: DurableHandler> {
    private let partition: Partition
    private let name: String
    private let spine: Spine
    private let bus: BusConnection
    private let handler: Handler
    private let logger: Logger
    private let metrics: ConsumerMetrics
    private let events: [String]
    private var tracker: PositionTracker

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
        self.spine = spine
        self.bus = bus
        self.handler = handler
        self.metrics = metrics
        var logger = logger
        logger[metadataKey: "partition"] = "\(partition)"
        logger[metadataKey: "consumer"] = "\(name)"
        self.logger = logger
        tracker = PositionTracker(events: events, places: [:])
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
        // The pulse comes last on the same socket: when it arrives, so does everything before it.
        let topics = events.map { TopicFilter(Topic.discord(partition, $0)) } + [TopicFilter(Topic.head(partition))]
        try await bus.withSubscription(topics, name: "\(name) \(partition)") { subscription in
            await subscription.waitUntilOpen(timeout: .seconds(2))
            try await self.readJournal(lease)
            var saved = ContinuousClock.now
            for await batch in subscription {
                try await self.handleLive(batch, lease)
                if ContinuousClock.now - saved > .seconds(1) {
                    try await self.savePosition(lease)
                    saved = .now
                }
            }
            try await self.savePosition(lease)
        }
    }

    // MARK: Live

    private func handleLive(_ batch: [IncomingEvent], _ lease: Lease) async throws {
        var next: [DurableEvent] = []
        for incoming in batch {
            guard let event = Self.read(incoming) else {
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

    private static func read(_ incoming: IncomingEvent) -> DurableEvent? {
        let name = incoming.discordName
        guard !name.isEmpty, let header = try? incoming.header else { return nil }
        return DurableEvent(name: name, header: header, payload: incoming.payload, isFromJournal: false)
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
        let reader = JournalReader(database: spine.database)
        for stream in try await Streams(spine.database).list(partition, from: tracker.earliest.stream) {
            tracker.enter(stream: stream.id)
            while true {
                let after = tracker.earliest.seq
                let page = try await reader.page(stream: stream.id, events: events, after: after)
                let fresh = page.filter { $0.place > tracker.place(of: $0.name) }
                metrics.fromJournal.increment(by: fresh.count)
                try await handle(fresh, lease)
                // What has been read is known whole: every event is at least as far as the page's end.
                let end = page.last?.place ?? PositionTracker.Place(stream: stream.id, seq: after)
                for event in events { tracker.advance(event, to: end) }
                if page.count < reader.pageSize { break }
            }
            if !stream.isClosed { break }
        }
    }

    // MARK: Handling

    /// Handles events that are next in order, all in one transaction when any of them needs one.
    private func handle(_ batch: [DurableEvent], _ lease: Lease) async throws {
        guard !batch.isEmpty else { return }
        do {
            try await perform(batch, lease)
        } catch let error where Self.isAboutTheEvents(error) {
            // One event can spoil a whole batch: find it by handling them one at a time.
            for event in batch { try await handleAlone(event, lease) }
        }
    }

    private func handleAlone(_ event: DurableEvent, _ lease: Lease) async throws {
        for attempt in 1... {
            do {
                return try await perform([event], lease)
            } catch let error where Self.isAboutTheEvents(error) {
                guard attempt >= 3 else {
                    try await Task.sleep(for: .milliseconds(50) * attempt)
                    continue
                }
                return try await refuse(event, error, lease)
            }
        }
    }

    private func perform(_ batch: [DurableEvent], _ lease: Lease) async throws {
        var work: [Handler.Work] = []
        for event in batch {
            if let item = try await handler.examine(event) { work.append(item) }
        }
        var places: [String: PositionTracker.Place] = [:]
        for event in batch { places[event.name] = event.place }
        if !work.isEmpty {
            var saved = tracker
            for (event, place) in places { saved.advance(event, to: place) }
            let (consumer, partition, items, positions) = (name, partition, work, saved.allPlaces)
            do {
                try await spine.transaction { transaction in
                    try await self.handler.perform(items, in: transaction)
                    try await Positions(executor: transaction).save(
                        positions,
                        consumer: consumer,
                        partition: partition,
                        lease: lease
                    )
                }
            } catch let error as PostgresError where error.code == .outcomeUnknown {
                // The saved position tells whether it was committed.
                let stored = try await Positions(executor: spine.database).load(
                    consumer: consumer,
                    partition: partition
                )
                guard stored == positions else { throw error }
            }
            tracker = saved
            tracker.markSaved()
        } else {
            for (event, place) in places { tracker.advance(event, to: place) }
        }
        metrics.handled.increment(by: batch.count)
    }

    /// Records an event that the handler cannot take, and steps over it: the events behind it must not wait for ever.
    private func refuse(_ event: DurableEvent, _ error: any Error, _ lease: Lease) async throws {
        metrics.refused.increment()
        logger.error(
            "an event was refused by its handler and stepped over",
            metadata: ["event": "\(event.name)", "seq": "\(event.header.seq)", "error": "\(error)"]
        )
        var saved = tracker
        saved.advance(event.name, to: event.place)
        let (consumer, partition, positions) = (name, partition, saved.allPlaces)
        try await spine.transaction { transaction in
            try await transaction.query(
                """
                INSERT INTO refused_events (consumer, stream, seq, event, reason)
                VALUES (\(consumer), \(event.header.stream), \(event.header.seq), \(event.name), \("\(error)"))
                ON CONFLICT DO NOTHING
                """
            )
            try await Positions(executor: transaction).save(
                positions,
                consumer: consumer,
                partition: partition,
                lease: lease
            )
        }
        tracker = saved
        tracker.markSaved()
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

    private func savePosition(_ lease: Lease) async throws {
        guard tracker.isDirty else { return }
        try await Positions(executor: spine.database).save(
            tracker.allPlaces,
            consumer: name,
            partition: partition,
            lease: lease
        )
        tracker.markSaved()
    }
}
