import Compression
import DiscordModel
import Hummingbird
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A local Discord: REST under `/api/v10`, the gateway as a WebSocket, and the control API.
///
/// It is the thin shell around ``World``, ``GatewayState`` and ``RESTRateLimits``: one lock, in which an operation is
/// decided, its events are numbered for each session and handed to the connections' queues, so that every client sees
/// one order. It owns no rule. Hand it to a ``SimulationServer``.
package final class SimulatedDiscord: SimulatedEndpoint {
    /// How this Discord differs from the real one.
    package struct Configuration: Sendable {
        package var gateway = GatewayState.Settings()
        package var limits = RESTRateLimits.Settings()
        /// Keeps requests and answers whole in the call log.
        package var recordsBodies = false
        /// Tells the time in milliseconds since the epoch.
        package var clock: @Sendable () -> EpochMilliseconds = SimulatedDiscord.systemClock

        package init() {}

        /// For tests and benches: no rate limit, no wait between IDENTIFYs.
        package static var unlimited: Self {
            var configuration = Self()
            configuration.limits = .off
            configuration.gateway.identifyInterval = 0
            return configuration
        }
    }

    private struct Shell {
        var state: SimulatedDiscordState
        var connections: [GatewayState.ConnectionID: WebSocketConnection] = [:]
        var baseURL = ""
        /// Calls whose events may be late at once; those of further calls are not.
        static let lateLimit = 10_000

        /// Events that a fault makes late, by the time at which sessions hear of them.
        var lateEvents: [(due: EpochMilliseconds, events: [WorldEvent])] = []
        /// Wakes ``SimulatedDiscord/run()`` when something waits for its time.
        var alarm: AsyncStream<Void>.Continuation?

        var waits: Bool { !lateEvents.isEmpty || state.gateway.waits }
    }

    let clock: @Sendable () -> EpochMilliseconds
    private let shell: Mutex<Shell>
    /// What the page and tests follow.
    let feed = ChangeFeed()
    /// Interactions to be posted; one that finds it full is never answered, as one whose endpoint is gone.
    private let (deliveries, deliverySink) = AsyncStream.makeStream(
        of: EndpointDelivery.self,
        bufferingPolicy: .bufferingOldest(1024)
    )
    /// Whose faults are ordered here as well.
    private let neighbours = Mutex<[any FaultyDouble]>([])

    package init(configuration: Configuration = Configuration()) {
        clock = configuration.clock
        var state = SimulatedDiscordState(
            world: World(now: configuration.clock()),
            gateway: GatewayState(settings: configuration.gateway),
            limits: RESTRateLimits(settings: configuration.limits)
        )
        state.calls.recordsBodies = configuration.recordsBodies
        shell = Mutex(Shell(state: state))
    }

    /// Milliseconds since the epoch by the system's clock.
    package static let systemClock: @Sendable () -> EpochMilliseconds = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return EpochMilliseconds(time.tv_sec) * 1000 + EpochMilliseconds(time.tv_nsec) / 1_000_000
    }

    // MARK: - State

    /// Runs an operation on the world, then tells gateway sessions and the page what came of it.
    ///
    /// For tests, and for doubles that play in voice.
    @discardableResult
    package func withWorld<Result: Sendable>(
        _ body: (inout World) throws(DiscordError) -> Result
    ) throws(DiscordError) -> Result {
        try perform { state throws(DiscordError) in try body(&state.world) }
    }

    /// - Parameter eventDelay: how long sessions do not hear of what came of it: a fault.
    @discardableResult
    func perform<Result: Sendable>(
        eventDelay: EpochMilliseconds? = nil,
        _ body: (inout SimulatedDiscordState) throws(DiscordError) -> Result
    ) throws(DiscordError) -> Result {
        try shell.withLock { (shell) throws(DiscordError) -> Result in
            shell.state.world.advance(to: clock())
            // Also after an error: what happened before it has happened.
            defer { flush(&shell, eventDelay: eventDelay) }
            return try body(&shell.state)
        }
    }

    /// Like ``perform(_:)`` for the gateway, whose actions come first: READY precedes what follows from it.
    @discardableResult
    func performGateway(
        _ body: (inout SimulatedDiscordState) throws(DiscordError) -> [GatewayState.Action]
    ) throws(DiscordError) -> Int {
        try shell.withLock { (shell) throws(DiscordError) -> Int in
            shell.state.world.advance(to: clock())
            defer { flush(&shell) }
            let actions = try body(&shell.state)
            execute(actions, &shell)
            return actions.count
        }
    }

    private func flush(_ shell: inout Shell, eventDelay: EpochMilliseconds? = nil) {
        let (events, changes) = shell.state.world.drain()
        if let eventDelay, !events.isEmpty, shell.lateEvents.count < Shell.lateLimit {
            shell.lateEvents.append((shell.state.world.now + eventDelay, events))
        } else if !events.isEmpty {
            let actions = shell.state.gateway.dispatch(events, world: shell.state.world)
            execute(actions, &shell)
        }
        for change in changes { feed.publish(change) }
        for delivery in shell.state.world.drainDeliveries() { deliverySink.yield(delivery) }
        if shell.waits { shell.alarm?.yield() }
    }

    private func execute(_ actions: [GatewayState.Action], _ shell: inout Shell) {
        for action in actions {
            switch action {
            case .send(let id, let bytes):
                shell.connections[id]?.send(WebSocketMessage(kind: .text, bytes: bytes))
            case .close(let id, let code):
                shell.connections[id]?.close(code: code.rawValue, reason: code.reason)
            case .drop(let id):
                shell.connections[id]?.drop()
            case .damage(let id):
                // A zlib block and a zstd block of reserved kinds.
                shell.connections[id]?.sendRaw([0xFF, 0xFF, 0xFF, 0xFF])
            case .cut(let id, let bytes):
                shell.connections[id]?.cut(WebSocketMessage(kind: .text, bytes: bytes))
            }
        }
    }

    // MARK: - Endpoint

    package func addRoutes(to router: SimulationRouter) {
        RESTServer(discord: self).addRoutes(to: router)
        ControlServer(discord: self).addRoutes(to: router)
    }

    package func listening(at baseURL: String) {
        shell.withLock { shell in
            shell.baseURL = baseURL
            shell.state.gateway.resumeURL = Self.gatewayURL(baseURL)
        }
    }

    /// Where the gateway is.
    var gatewayURL: String { shell.withLock { Self.gatewayURL($0.baseURL) } }

    private static func gatewayURL(_ baseURL: String) -> String {
        "ws://" + baseURL.drop { $0 != "/" }.dropFirst(2)
    }

    /// Ends zombies, forgotten sessions and late interactions, does what faults have put off, and posts to
    /// endpoints, until it is cancelled.
    package func run() async {
        let (alarms, alarm) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        shell.withLock { shell in
            shell.alarm = alarm
            if shell.waits { alarm.yield() }
        }
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(250))
                    _ = try? self.performGateway { state throws(DiscordError) in
                        state.world.failLateInteractions()
                        return state.gateway.tick(world: &state.world)
                    }
                }
            }
            group.addTask {
                for await _ in alarms {
                    while !Task.isCancelled, self.pulse() { try? await Task.sleep(for: .milliseconds(5)) }
                }
            }
            for await delivery in deliveries {
                group.addTask { await EndpointCaller().deliver(delivery, self) }
            }
        }
    }

    /// Does what was put off until now.
    ///
    /// - Returns: whether something is still put off.
    private func pulse() -> Bool {
        shell.withLock { shell in
            shell.state.world.advance(to: clock())
            let now = shell.state.world.now
            let due = shell.lateEvents.filter { $0.due <= now }.flatMap(\.events)
            shell.lateEvents.removeAll { $0.due <= now }
            execute(shell.state.gateway.dispatch(due, world: shell.state.world), &shell)
            execute(shell.state.gateway.pulse(world: &shell.state.world), &shell)
            flush(&shell)
            return shell.waits
        }
    }

    package func webSocketHandler(for request: WebSocketRequest) -> WebSocketHandler? {
        guard ["", "/", "/gateway", "/gateway/"].contains(request.path) else { return nil }
        return { connection in await self.serve(connection) }
    }

    private func serve(_ connection: WebSocketConnection) async {
        let request = connection.request
        let compress = request.queryValue("compress")
        if let compression = TransportCompression(query: compress) { Self.compress(connection, compression) }
        let id = shell.withLock { shell -> GatewayState.ConnectionID in
            shell.state.world.advance(to: clock())
            let (id, actions) = shell.state.gateway.open(
                version: request.queryValue("v").flatMap { Int($0) },
                encoding: request.queryValue("encoding"),
                compress: compress,
                at: shell.state.world.now
            )
            shell.connections[id] = connection
            execute(actions, &shell)
            return id
        }
        for await message in connection.messages {
            _ = try? performGateway { state throws(DiscordError) in
                state.gateway.receive(message.bytes, on: id, world: &state.world)
            }
        }
        shell.withLock { shell in
            shell.connections[id] = nil
            shell.state.world.advance(to: clock())
            shell.state.gateway.closed(id, peerCode: connection.peerCloseCode, world: &shell.state.world)
            flush(&shell)
        }
    }

    /// One deflater for the whole connection, as transport compression wants it.
    private static func compress(_ connection: WebSocketConnection, _ compression: TransportCompression) {
        guard compression != .plain else { return }
        guard let deflater = try? StreamDeflater(compression, level: 1) else { return connection.close(code: 4000) }
        let box = DeflaterBox(deflater)
        connection.transformOutgoing { box.deflate($0) }
    }

    // MARK: - Faults of other doubles

    /// Lets the faults of other doubles be ordered over this one's control API.
    package func takeOrders(for doubles: [any FaultyDouble]) {
        neighbours.withLock { $0 = doubles }
    }

    var faultyNeighbours: [any FaultyDouble] { neighbours.withLock { $0 } }
}

/// A deflater that a `@Sendable` closure can use.
private final class DeflaterBox: Sendable {
    private let deflater: Mutex<StreamDeflater>

    init(_ deflater: consuming sending StreamDeflater) {
        self.deflater = Mutex(deflater)
    }

    func deflate(_ bytes: [UInt8]) -> [UInt8] {
        // Out of memory is all that can go wrong; the client then meets a broken stream and reconnects.
        deflater.withLock { (try? $0.deflate(bytes)) ?? [] }
    }
}
