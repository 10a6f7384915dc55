import BusContract
import Logging
import MessageBus
import ServiceKit
import Synchronization
import ZeroMQ

/// The switchboard's sockets, on their own thread: events pass from XSUB to XPUB, requests go through the broker.
actor SwitchboardSockets {
    nonisolated let thread: SocketThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private nonisolated let isClosing = Atomic<Bool>(false)

    let configuration: SwitchboardConfiguration
    let logger: Logger
    let metrics: SwitchboardMetrics
    let policy: AccessPolicy
    private let authenticator: Authenticator

    var broker: Broker
    var eventsIn: Socket?
    var eventsOut: Socket?
    var requests: Socket?
    private var zap: ZAPHandler?
    /// Over TCP, by socket.
    private var monitors: [(name: String, monitor: LoginMonitor)] = []
    private var folderLock: FolderLock?
    private var pollSet: PollSet

    // Frames to receive into, used again for every message.
    let topicFrame = Frame()
    let headerFrame = Frame()
    let payloadFrame = Frame()

    var refusedEventsLog = LogThrottle()
    var malformedLog = LogThrottle()
    private var handshakeLog = LogThrottle()
    var noteLogs: [BrokerNote.Kind: LogThrottle] = [:]
    var mayHaveEvents = true
    var eventsRest = Rest()
    var mayHaveRequests = true
    private var nextGauges = ContinuousClock.now
    private var nextTick = ContinuousClock.now

    private enum Index {
        static let zap = 0
        static let eventsIn = 1
        static let eventsOut = 2
        static let requests = 3
        /// The first of the monitors, if there are any.
        static let monitors = 4
    }

    init(configuration: SwitchboardConfiguration, logger: Logger, metrics: SwitchboardMetrics) throws(ZeroMQError) {
        let thread = try SocketThread(name: "bus-switch")
        self.thread = thread
        self.configuration = configuration
        self.logger = logger
        self.metrics = metrics
        policy = configuration.policy
        authenticator = Authenticator(
            policy: configuration.policy,
            secrets: configuration.secrets,
            keys: configuration.keys?.clients
        )
        broker = Broker(
            epoch: .random(in: 1 ... .max),
            limits: configuration.limits,
            policy: configuration.policy,
            now: .now
        )
        pollSet = PollSet(doorbell: thread.doorbell)
    }

    nonisolated func close() {
        isClosing.store(true, ordering: .sequentiallyConsistent)
        thread.doorbell.ring()
    }

    /// Binds everything; the first thing that runs on the thread.
    func open() throws(ZeroMQError) {
        if let folder = configuration.endpoints.ipcDirectory {
            try IPCFolder.prepare(folder)
            folderLock = try FolderLock(folder: folder)
        }
        let context = try ZeroMQContext()
        var log = LoginLog(logger: logger)
        let metrics = self.metrics
        let authenticator = self.authenticator
        let zap = try ZAPHandler(context: context) { request in
            let verdict = authenticator.decide(request.credentials)
            switch verdict {
            case .allow: metrics.logins.increment()
            case .refuse(let why):
                metrics.loginsRefused.increment()
                log.refused(request, why: why, now: .now)
            }
            return verdict
        }
        func bound(_ kind: SocketKind, _ endpoint: String, domain: String) throws(ZeroMQError) -> Socket {
            var options = configuration.sockets
            options.security = configuration.security(domain: domain)
            let socket = try Socket(kind, options: options, context: context)
            if configuration.keys != nil {
                monitors.append((domain, try LoginMonitor(socket, context: context)))
            }
            try socket.bind(endpoint)
            return socket
        }
        let eventsOut = try bound(.extendedPublish, configuration.endpoints.eventsOut, domain: "events-out")
        let requests = try bound(.router, configuration.endpoints.requests, domain: "requests")
        let eventsIn = try bound(.extendedSubscribe, configuration.endpoints.eventsIn, domain: "events-in")
        // Everything from every publisher; subscribers are told apart here, at the XPUB.
        _ = try eventsIn.send([1], more: false)
        self.zap = zap
        self.eventsIn = eventsIn
        self.eventsOut = eventsOut
        self.requests = requests
        _ = pollSet.add(zap.socket, .readable)
        _ = pollSet.add(eventsIn, .readable)
        _ = pollSet.add(eventsOut, .readable)
        _ = pollSet.add(requests, .readable)
        for (_, monitor) in monitors { _ = pollSet.add(monitor.socket, .readable) }
    }

    /// One round: a share of the events, all requests that wait, then sleep until something is to be done.
    func turn() -> Bool {
        let now = ContinuousClock.now
        do {
            if pollSet.events(at: Index.zap).contains(.readable) { try zap?.answerWaiting() }
            if pollSet.events(at: Index.eventsOut).contains(.readable) { try readSubscriptions() }
            if mayHaveEvents { mayHaveEvents = try forwardEvents(now) }
            if mayHaveRequests { mayHaveRequests = try receiveRequests(now) }
            if nextTick <= now { perform(broker.tick(now), now) }
            updateGauges(now)
            for (index, (name, monitor)) in monitors.enumerated()
            where pollSet.events(at: Index.monitors + index).contains(.readable) {
                try countHandshakes(monitor, name, now)
            }
        } catch {
            // Only a failure of libzmq itself comes here; peers cannot cause one.
            logger.error("a socket of the switchboard failed", metadata: ["error": "\(error)"])
        }
        if isClosing.load(ordering: .sequentiallyConsistent) {
            release()
            return false
        }
        sleep(now)
        return true
    }

    private func sleep(_ now: ContinuousClock.Instant) {
        thread.doorbell.arm()
        let hasWork =
            mayHaveEvents || mayHaveRequests || thread.hasJobs || isClosing.load(ordering: .sequentiallyConsistent)
        pollSet.setEvents(eventsRest.end == nil ? .readable : [], at: Index.eventsIn)
        nextTick = broker.nextTick()
        let wake = min(nextTick, eventsRest.end ?? now + .seconds(1))
        do {
            try pollSet.wait(hasWork ? .zero : wake - now, doorbell: thread.doorbell)
        } catch {
            logger.error("waiting for the switchboard's sockets failed", metadata: ["error": "\(error)"])
        }
        thread.doorbell.disarm()
        if pollSet.events(at: Index.eventsIn).contains(.readable) || eventsRest.finish(.now) { mayHaveEvents = true }
        if pollSet.events(at: Index.requests).contains(.readable) { mayHaveRequests = true }
    }

    private func updateGauges(_ now: ContinuousClock.Instant) {
        guard now >= nextGauges else { return }
        nextGauges = now + .seconds(1)
        metrics.peers.set(broker.peerCount)
        metrics.waiting.set(broker.waitingCount)
    }

    /// Who does not even come to the log-in is no question for the ZAP handler. Its address is not to be had.
    private func countHandshakes(
        _ monitor: LoginMonitor,
        _ socket: String,
        _ now: ContinuousClock.Instant
    ) throws(ZeroMQError) {
        while let report = try monitor.next() {
            guard report == .cutOff || report == .misunderstood else { continue }
            metrics.handshakesFailed.increment()
            guard let held = handshakeLog.admit(now) else { continue }
            logger.warning(
                "a connection to the bus ended before its log-in: it came without CURVE, or for another server key",
                metadata: ["socket": "\(socket)", "more": "\(held)"]
            )
        }
    }

    private func release() {
        monitors = []
        pollSet.removeAll()
        eventsIn = nil
        eventsOut = nil
        requests = nil
        zap = nil
        folderLock = nil
    }
}
