// The asynchronous bus client.
//
// Purpose: publish and subscribe to events, ask and serve requests, without ever touching a socket outside the one
// thread that owns them all. State owned here: the sockets of the process, the requests without an answer, the replies
// kept for repeated keys. Message types belong to BusContract; what happens to durable events to DurableEvents; the
// other end, the switchboard, to the service `bus`.
//
// A new verb between peers and the switchboard goes to `Envelope`; a new decision to the state machine it belongs to
// (`BrokerLink`, `RequestTable`, `WorkerTable`).

package import BusContract
package import Logging
package import ServiceKit
import ServiceLifecycle
import Synchronization
import ZeroMQ

#if canImport(Glibc)
import Glibc
#endif

/// This process's connection to the bus.
///
/// Make one for each process, put it into the service group before everything that uses it, and it reconnects by itself
/// for as long as it runs. All of its methods may be called from any task, before `run` too: they wait for it.
package final class BusConnection: Service, Sendable {
    let sockets: BusSockets
    private let outgoing: OutgoingQueue
    private let doorbell: Doorbell
    private let metrics: BusMetrics
    let logger: Logger
    /// Which process of which service this is.
    package let instance: ServiceInstance
    /// What stands in the headers of this process: `<service>/<instance>`.
    package let source: String
    private let nextRequest = Atomic<UInt64>(0)
    private let nextSubscription = Atomic<Int>(0)

    /// - Parameters:
    ///   - configuration: where the switchboard is, and how to log in.
    ///   - instance: named as the source of what is published.
    /// - Throws: `ConfigurationError` when the switchboard is reached over TCP and there are no keys, `ZeroMQError` when
    ///   the system has no descriptor left for the thread's doorbell.
    package init(
        configuration: BusConfiguration,
        instance: ServiceInstance,
        logger: Logger,
        metrics: MetricsRegistry
    ) throws {
        try configuration.check()
        self.metrics = BusMetrics(metrics)
        self.logger = logger
        self.instance = instance
        source = "\(instance.service.rawValue)/\(instance.id)"
        outgoing = OutgoingQueue(
            source: source,
            messages: configuration.outgoingEvents,
            bytes: configuration.outgoingBytes
        )
        sockets = try BusSockets(
            configuration: configuration,
            outgoing: outgoing,
            logger: logger,
            metrics: self.metrics
        )
        doorbell = sockets.thread.doorbell
        tasks = SocketTasks(sockets.thread)
    }

    /// Owns the socket thread until graceful shutdown or cancellation; then sends what still waits and leaves.
    package func run() async throws {
        let ended = Signal()
        let failure = Mutex<(any Error)?>(nil)
        let hasOpened = Atomic<Bool>(false)
        let sockets = self.sockets
        try sockets.thread.start {
            sockets.assumeIsolated { sockets in
                if hasOpened.exchange(true, ordering: .relaxed) { return sockets.turn() }
                do {
                    try sockets.open()
                    return true
                } catch {
                    failure.withLock { $0 = error }
                    return false
                }
            }
        } ended: {
            sockets.refuseLateCommands()
            ended.set()
        }
        await withTaskCancellationOrGracefulShutdownHandler {
            await ended.wait()
        } onCancelOrGracefulShutdown: {
            sockets.submit(.close)
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// The thread that moves this process's messages, for an actor that lies on their way and never works long: no change
    /// of threads then lies between a message that arrives and what is sent because of it.
    ///
    /// All other messages of the process wait for such an actor. What takes more than some ten microseconds belongs
    /// elsewhere: see `tasks`.
    package var executor: UnownedSerialExecutor { sockets.unownedExecutor }

    /// The same thread as the preferred executor of tasks that wait for messages, replies or orders again and again.
    ///
    /// Without it, each wait of such an actor ends on a thread of the shared pool, which then wakes this one. With it, all
    /// that the task does runs here, `@concurrent` functions too, but inside
    /// `withTaskExecutorPreference(globalConcurrentExecutor)`: there belongs what takes long.
    package let tasks: any TaskExecutor

    // MARK: Events

    /// Takes an event for sending, without waiting.
    ///
    /// - Returns: false when the queue to the bus is full; the event is dropped and counted.
    @discardableResult
    package func publish(_ event: OutgoingEvent) -> Bool {
        event.payload.withUnsafeBytes { publish(topic: event.topic, header: event.header, payload: $0) }
    }

    /// Takes an event whose payload lies in somebody else's memory: it is copied before the call returns.
    @discardableResult
    package func publish(topic: Topic, header: Header, payload: UnsafeRawBufferPointer) -> Bool {
        let sentAt = header.sentAt == 0 ? Self.microsecondsSinceEpoch() : header.sentAt
        guard outgoing.append(topic: topic, header: header, sentAt: sentAt, payload: payload) else {
            metrics.publishDropped.increment()
            return false
        }
        metrics.published.increment()
        doorbell.ring(.patient)
        return true
    }

    /// Takes all events of a bundle for sending, without waiting, and leaves it empty.
    ///
    /// - Returns: false when the queue to the bus has no room for all of them; they are dropped and counted.
    @discardableResult
    package func publish(_ bundle: inout EventBundle) -> Bool {
        let count = bundle.count
        guard count > 0 else { return true }
        guard outgoing.append(&bundle) else {
            metrics.publishDropped.increment(by: count)
            return false
        }
        metrics.published.increment(by: count)
        doorbell.ring(.patient)
        return true
    }

    /// Publishes one of our own messages under its topic.
    ///
    /// - Returns: false when it was dropped, as with any event, or could not be encoded.
    @discardableResult
    package func publish<Event: BusEvent>(_ event: Event, header: Header = .init()) -> Bool {
        var header = header
        header.type = Event.typeName
        header.schemaVersion = Event.schemaVersion
        header.contentType = .json
        do {
            return publish(OutgoingEvent(topic: Event.topic, header: header, payload: try BusJSON.encode(event)))
        } catch {
            logger.error("an event could not be encoded", metadata: ["type": "\(Event.typeName)", "error": "\(error)"])
            metrics.publishDropped.increment()
            return false
        }
    }

    /// Subscribes for as long as `body` runs.
    ///
    /// The subscription takes effect a moment later: `EventSubscription.waitUntilOpen` waits for it.
    ///
    /// - Parameters:
    ///   - topics: subscribed in this order; HEAD last, where its arrival shall prove that the others are open.
    ///   - capacity: events that wait for the consumer; more are dropped and counted.
    package func withSubscription<R>(
        _ topics: [TopicFilter],
        capacity: Int = 20_000,
        name: String? = nil,
        _ body: (EventSubscription) async throws -> R
    ) async throws -> R {
        let id = nextSubscription.wrappingAdd(1, ordering: .relaxed).newValue
        let buffer = SubscriptionBuffer(capacity: capacity)
        let label = name ?? topics.map(\.prefix).joined(separator: " ")
        try await sockets.subscribe(id, filters: topics, buffer: buffer, name: label)
        defer { sockets.submit(.unsubscribe(id)) }
        return try await body(EventSubscription(buffer: buffer))
    }

    // MARK: Requests

    /// Asks and waits for the reply.
    ///
    /// - Parameters:
    ///   - address: where to; the type's own address when nil.
    ///   - timeout: how long to wait for the reply.
    ///   - key: a worker that answered this key before repeats its answer instead of doing it again.
    package func request<Request: BusRequest>(
        _ request: Request,
        to address: RequestAddress? = nil,
        timeout: Duration,
        key: String? = nil,
        trace: TraceContext? = nil
    ) async throws(BusError) -> Request.Reply {
        var header = Header()
        header.type = Request.typeName
        header.schemaVersion = Request.schemaVersion
        header.key = key ?? ""
        header.trace = trace
        let payload: [UInt8]
        do {
            payload = try BusJSON.encode(request)
        } catch {
            throw BusError(.malformed, "\(Request.typeName) cannot be encoded: \(error)")
        }
        let reply = try await self.request(
            header: header,
            payload: payload,
            to: address ?? Request.address,
            repetition: Request.repetition,
            timeout: timeout
        )
        do {
            return try BusJSON.decode(Request.Reply.self, from: reply)
        } catch {
            throw BusError(.malformed, "the reply to \(Request.typeName) cannot be read: \(error)")
        }
    }

    /// Asks with a payload that is encoded already, and gives the reply's payload.
    package func request(
        header: Header,
        payload: [UInt8],
        to address: RequestAddress,
        repetition: Repetition,
        timeout: Duration,
        isolation actor: isolated (any Actor)? = #isolation
    ) async throws(BusError) -> [UInt8] {
        let start = ContinuousClock.now
        var header = header
        if header.source.isEmpty { header.source = source }
        if header.sentAt == 0 { header.sentAt = Self.microsecondsSinceEpoch() }
        header.deadlineMilliseconds = UInt64(clamping: max(1, timeout.milliseconds))
        let request = RequestTable.Request(
            address: address.rawValue,
            isRepeatable: repetition == .repeatable,
            header: header.encoded,
            payload: payload,
            deadline: start + timeout
        )
        let number = nextRequest.wrappingAdd(1, ordering: .relaxed).newValue
        metrics.requests.increment()
        let sockets = self.sockets
        let ticket = RequestTicket()
        let outcome = await withTaskCancellationHandler {
            // Captured, so that the closure stays on the caller's actor.
            _ = actor
            return await withCheckedContinuation { continuation in
                let isCancelled = !ticket.submit { sockets.submit(.request(number, request, continuation)) }
                if isCancelled { continuation.resume(returning: .failure(.cancelledCaller)) }
            }
        } onCancel: {
            ticket.cancel { sockets.submit(.cancel(number)) }
        }
        let reply = try outcome.get()
        metrics.roundTrip.observe(start.duration(to: .now))
        return reply.payload
    }

    private static func microsecondsSinceEpoch() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(max(0, time.tv_sec)) * 1_000_000 + UInt64(time.tv_nsec / 1000)
    }
}
