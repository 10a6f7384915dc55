package import BusContract
package import Logging
package import MessageBus
package import ServiceKit
import ServiceLifecycle
import Synchronization

// Durable consumption: every event once, in the order of its kind, whatever dies in between.
//
// Purpose: a service names the events that it must not miss and says what to do with them (`DurableHandler`); this
// module reads the journal and the bus, keeps the positions, carries out the effects (`Spine`) and publishes the
// service's own events (`Outbox`). It owns the tables of migration 0002. A new class of effect goes to
// `EffectDecision`, a new rule about order to `PositionTracker`.

/// Consumes events of every partition there is, from where it stopped last time.
package struct DurableConsumer<Handler: DurableHandler>: Service {
    private let name: String
    private let events: [String]
    private let spine: Spine
    private let bus: BusConnection
    private let handler: Handler
    private let logger: Logger
    private let metrics: ConsumerMetrics

    /// - Parameters:
    ///   - name: under which the position is kept; unique among all services.
    ///   - events: the kinds of event.
    package init(
        name: String,
        events: [EventKind],
        spine: Spine,
        bus: BusConnection,
        handler: Handler,
        logger: Logger,
        metrics: MetricsRegistry
    ) {
        self.name = name
        self.events = events.map(\.rawValue)
        self.spine = spine
        self.bus = bus
        self.handler = handler
        self.logger = logger
        self.metrics = ConsumerMetrics(metrics, consumer: name)
    }

    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingDiscardingTaskGroup { group in
                // Each partition is consumed by one task, found by its pulse or, while the gateway is down, by its row.
                var known: Set<Partition> = []
                for await partition in discovered(in: &group) where known.insert(partition).inserted {
                    let consumer = PartitionConsumer(
                        partition: partition,
                        name: name,
                        events: events,
                        spine: spine,
                        bus: bus,
                        handler: handler,
                        logger: logger,
                        metrics: metrics
                    )
                    group.addTask { try await consumer.runForever() }
                }
            }
        }
    }

    private func discovered(in group: inout ThrowingDiscardingTaskGroup<any Error>) -> AsyncStream<Partition> {
        let (partitions, continuation) = AsyncStream.makeStream(
            of: Partition.self,
            bufferingPolicy: .bufferingNewest(256)
        )
        let (bus, logger, spine) = (bus, logger, spine)
        group.addTask {
            var attempt = Backoff(base: .milliseconds(200), cap: .seconds(5))
            while !Task.isCancelled {
                do {
                    for partition in try await Streams(spine.database).partitions() { continuation.yield(partition) }
                    return
                } catch {
                    logger.warning("partitions not read yet", metadata: ["error": "\(error)"])
                    try await Task.sleep(for: attempt.next())
                }
            }
        }
        group.addTask {
            defer { continuation.finish() }
            try await bus.withSubscription([TopicFilter(Topic.allHeads)], capacity: 1_000) { subscription in
                for await batch in subscription {
                    for event in batch {
                        // Another process's mistake: passed over, the next pulse comes in 250 ms.
                        guard let head = try? event.decode(Head.self) else { continue }
                        continuation.yield(head.partition)
                    }
                }
            }
        }
        return partitions
    }
}

struct ConsumerMetrics: Sendable {
    let handled: Counter
    let fromJournal: Counter
    let duplicates: Counter
    let gaps: Counter
    let malformed: Counter
    let refused: Counter

    init(_ registry: MetricsRegistry, consumer: String) {
        let labels = ["consumer": consumer]
        handled = registry.counter("durable_events_handled_total", help: "Events handled.", labels: labels)
        fromJournal = registry.counter(
            "durable_events_from_journal_total",
            help: "Events read back from the journal.",
            labels: labels
        )
        duplicates = registry.counter(
            "durable_events_duplicate_total",
            help: "Events that had been handled before.",
            labels: labels
        )
        gaps = registry.counter("durable_gaps_total", help: "Times that events were missed live.", labels: labels)
        malformed = registry.counter(
            "durable_events_malformed_total",
            help: "Events whose header could not be read.",
            labels: labels
        )
        refused = registry.counter(
            "durable_events_refused_total",
            help: "Events that the handler refused for good.",
            labels: labels
        )
    }
}
