import BusContract
import Glibc
import Logging
import ServiceKit
import Synchronization
import ZeroMQ

/// The sockets of this process's connection, and all that is decided per message: an actor on the socket thread.
///
/// Other tasks reach it by three queues (events to publish, commands, and, for what is rare, the actor's own methods),
/// each rings the thread's doorbell. The state machines (`BrokerLink`, `RequestTable`, `WorkerTable`) decide; this
/// actor moves the frames.
actor BusSockets {
    nonisolated let thread: SocketThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private nonisolated let commands = Mutex(Commands())

    let configuration: BusConfiguration
    let clientNumber: UInt64
    let logger: Logger
    let metrics: BusMetrics

    struct BlockedMessage {
        let frames: [[UInt8]]
        /// The request that it answers, if it is a reply: it counts as running until the reply is out.
        let reply: (id: RequestID, address: String)?
    }

    private struct Commands {
        var waiting: [BusCommand] = []
        var hasEnded = false
    }

    /// A SUB socket of its own for each subscription: its filters are its own, and so is its queue.
    struct Subscription {
        let socket: Socket
        let login: WatchedLogin?
        let buffer: SubscriptionBuffer
        let dropped: Counter
        let openingTopic: [UInt8]
        var pollIndex = 0
        var mayHaveMore = true
        /// Of the last delivery: the room that the next one is given at once.
        var lastSize = (messages: 0, bytes: 0)
        var rest = Rest()

        /// Takes note of what the poll set found.
        mutating func look(at pollSet: PollSet) {
            mayHaveMore = pollSet.events(at: pollIndex).contains(.readable) || rest.finish(.now)
        }
    }

    var context: ZeroMQContext?
    var publisher: Socket?
    var dealer: Socket?
    var publisherLogin: WatchedLogin?
    var dealerLogin: WatchedLogin?
    var nextLoginLook = ContinuousClock.now
    let frame = Frame()
    var pollSet: PollSet
    var pollSetIsStale = true
    private var skippedSleeps = 0
    var publisherIndex = 0
    var dealerIndex = 0

    // Events
    let outgoing: OutgoingQueue
    var sending = MessageBatch()
    var sendingStart = 0
    var publisherIsOpen = false
    var publisherIsBlocked = false
    var publisherIsReadable = true
    var publisherRest = Rest()
    var subscriptions: [Int: Subscription] = [:]

    // Requests
    var link: BrokerLink
    var requests: RequestTable
    var workers = WorkerTable()
    var waiters: [UInt64: CheckedContinuation<RequestOutcome, Never>] = [:]
    var receivers: [String: RequestReceiver] = [:]
    /// Messages that the socket would not take yet, oldest first.
    var blockedMessages: [BlockedMessage] = []
    /// Addresses that we have left, until the switchboard says that it sends no more of them.
    var leaving: Set<String> = []
    /// This turn has handed something to a task, whose answer may come at once.
    var expectsCommand = false
    var dealerIsBlocked = false
    var dealerIsReadable = true
    /// The run of the switchboard that welcomed us last; 0 before.
    var lastEpoch: UInt64 = 0
    var isClosing = false
    var closedAt: ContinuousClock.Instant?

    init(
        configuration: BusConfiguration,
        outgoing: OutgoingQueue,
        logger: Logger,
        metrics: BusMetrics
    ) throws(ZeroMQError) {
        let thread = try SocketThread(name: "bus-sockets")
        self.thread = thread
        self.configuration = configuration
        self.logger = logger
        self.metrics = metrics
        self.outgoing = outgoing
        clientNumber = .random(in: 1 ... .max)
        pollSet = PollSet(doorbell: thread.doorbell)
        link = BrokerLink(pulse: configuration.pulse, patience: configuration.patience, now: .now)
        requests = RequestTable(limit: configuration.pendingRequests)
    }

    /// Hands a command to the socket thread.
    nonisolated func submit(_ command: BusCommand) {
        let hasEnded = commands.withLock { commands in
            if !commands.hasEnded { commands.waiting.append(command) }
            return commands.hasEnded
        }
        if hasEnded { Self.refuse(command) } else { thread.doorbell.ring() }
    }

    /// Makes the sockets; the first thing that runs on the thread.
    func open() throws(ZeroMQError) {
        let context = try ZeroMQContext()
        self.context = context
        var options = configuration.securedSockets
        options.publisherReportsFullQueues = true
        let publisher = try Socket(.extendedPublish, options: options, context: context)
        publisherLogin = try watchLogin(of: publisher, configuration.endpoints.eventsIn)
        try publisher.connect(configuration.endpoints.eventsIn)
        options = configuration.securedSockets
        options.queuesOnlyToConnectedPeers = true
        let dealer = try Socket(.dealer, options: options, context: context)
        dealerLogin = try watchLogin(of: dealer, configuration.endpoints.requests)
        try dealer.connect(configuration.endpoints.requests)
        self.publisher = publisher
        self.dealer = dealer
    }

    /// One round of the thread: everything that is due, then sleep until something is.
    ///
    /// - Returns: false once closed.
    func turn() -> Bool {
        perform(
            commands.withLock { commands in
                defer { commands.waiting = [] }
                return commands.waiting
            }
        )
        let now = ContinuousClock.now
        do {
            try receiveReplies(now)
            try tick(now)
            try followLogins(now)
            try sendRequests()
            try publishWaiting()
            try receiveEvents()
        } catch {
            // Only a failure of libzmq itself comes here; peers cannot cause one.
            logger.error("a bus socket failed", metadata: ["error": "\(error)"])
        }
        if isClosing, mayEnd(now) {
            close()
            return false
        }
        sleep(now)
        return true
    }

    private func perform(_ commands: [BusCommand]) {
        for command in commands {
            switch command {
            case .request(let number, let request, let waiter): start(number, request, waiter)
            case .cancel(let number): cancel(number)
            case .leave(let address): leave(address)
            case .reply(let id, let reply): finish(id, reply)
            case .unsubscribe(let id):
                subscriptions.removeValue(forKey: id)?.buffer.finish()
                pollSetIsStale = true
            case .close:
                isClosing = true
                closedAt = closedAt ?? .now
                outgoing.close()
            }
        }
    }

    // MARK: Sleeping

    private func sleep(_ now: ContinuousClock.Instant) {
        // What works on this thread goes on first, and then perhaps asks something: a look at the sockets would be one
        // for nothing. Only so often in a row, or jobs that make jobs would keep messages waiting.
        if thread.hasJobs, skippedSleeps < 8 {
            skippedSleeps += 1
            expectsCommand = false
            return
        }
        skippedSleeps = 0
        if pollSetIsStale { rebuildPollSet() }
        if expectsCommand { linger() }
        thread.doorbell.arm(for: publisherRest.end == nil ? .patient : .urgent)
        let hasWork =
            thread.hasJobs || commands.withLock { !$0.waiting.isEmpty }
            || (publisherIsOpen && !publisherIsBlocked && publisherRest.end == nil && !outgoing.isEmpty)
            || dealerIsReadable || publisherIsReadable || subscriptions.values.contains(where: \.mayHaveMore)
        var wake = nextDeadline(now)
        if let end = publisherRest.end { wake = min(wake, end) }
        pollSet.setEvents(publisherIsBlocked ? [.readable, .writable] : .readable, at: publisherIndex)
        pollSet.setEvents(dealerIsBlocked ? [.readable, .writable] : .readable, at: dealerIndex)
        for subscription in subscriptions.values {
            pollSet.setEvents(subscription.rest.end == nil ? .readable : [], at: subscription.pollIndex)
            if let end = subscription.rest.end { wake = min(wake, end) }
        }
        do {
            try pollSet.wait(hasWork ? .zero : wake - now, doorbell: thread.doorbell)
        } catch {
            logger.error("waiting for the bus failed", metadata: ["error": "\(error)"])
        }
        thread.doorbell.disarm()
        publisherIsReadable = pollSet.events(at: publisherIndex).contains(.readable)
        if pollSet.events(at: publisherIndex).contains(.writable) { publisherIsBlocked = false }
        dealerIsReadable = pollSet.events(at: dealerIndex).contains(.readable)
        if pollSet.events(at: dealerIndex).contains(.writable) { dealerIsBlocked = false }
        _ = publisherRest.finish(.now)
        for id in subscriptions.keys { subscriptions[id]?.look(at: pollSet) }
    }

    /// Stays awake for a moment in which a command is likely: who has got a reply often asks again, and who has got a
    /// request often answers at once. Falling asleep and being woken would take longer than that moment.
    private func linger() {
        expectsCommand = false
        let end = ContinuousClock.now + .microseconds(15)
        // A job waits for this thread, which is then the one that asks.
        while !thread.hasJobs, commands.withLock({ $0.waiting.isEmpty }), .now < end {
            // Whoever else wants the processor gets it.
            sched_yield()
        }
    }

    private func nextDeadline(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        var next = link.nextTick(now)
        // A hello that the socket does not take yet is tried again when it becomes writable.
        if dealerIsBlocked { next = max(next, now + configuration.pulse) }
        if let deadline = requests.nextDeadline() { next = min(next, deadline) }
        if let deadline = workers.nextDeadline() { next = min(next, deadline) }
        if isClosing { next = min(next, now + .milliseconds(20)) }
        return next
    }

    private func rebuildPollSet() {
        guard let publisher, let dealer else { return }
        pollSet.removeAll()
        publisherIndex = pollSet.add(publisher, .readable)
        dealerIndex = pollSet.add(dealer, .readable)
        for (id, subscription) in subscriptions {
            subscriptions[id]?.pollIndex = pollSet.add(subscription.socket, .readable)
            subscriptions[id]?.mayHaveMore = true
        }
        pollSetIsStale = false
    }

    // MARK: Closing

    /// Leaves once everything that can be sent has been, or after a second.
    private func mayEnd(_ now: ContinuousClock.Instant) -> Bool {
        if let closedAt, now - closedAt > .seconds(1) { return true }
        let eventsAreOut = !publisherIsOpen || (sendingStart >= sending.count && outgoing.isEmpty)
        return eventsAreOut && blockedMessages.isEmpty && (leaving.isEmpty || !link.isUp)
    }

    private func close() {
        if link.isUp { _ = try? dealer?.send(Envelope(.bye).encoded, more: false) }
        for subscription in subscriptions.values { subscription.buffer.finish() }
        for receiver in receivers.values { receiver.finish() }
        for number in requests.close() {
            complete(number, .failure(BusError(.closed, "this process is leaving the bus")))
        }
        subscriptions = [:]
        publisherLogin = nil
        dealerLogin = nil
        receivers = [:]
        pollSet.removeAll()
        publisher = nil
        dealer = nil
        context = nil
    }

    /// Refuses what is still asked, now and later: called when the thread is over.
    nonisolated func refuseLateCommands() {
        let late = commands.withLock { commands in
            commands.hasEnded = true
            defer { commands.waiting = [] }
            return commands.waiting
        }
        for command in late { Self.refuse(command) }
    }

    private static func refuse(_ command: BusCommand) {
        guard case .request(_, _, let waiter) = command else { return }
        waiter.resume(returning: .failure(BusError(.closed, "this process has left the bus")))
    }
}
