import BusContract
import Compression
import DiscordModel
import DiscordREST
import DurableEvents
import FoundationEssentials
import Logging
import NIOCore
import Postgres
import ServiceKit
import Synchronization
import WebSocketClient

/// One shard of one bot, for as long as this process holds its lease: connects, resumes, publishes.
///
/// Decisions are `SessionMachine`'s. Three tasks work on a connection: the read loop, in which everything about events
/// happens in order; the timer, whose heartbeats wait for nobody; and, between connections too, the pulse.
final class ShardSession: Sendable {
    /// How it ended.
    enum End: Equatable, Sendable {
        /// Somebody asked for it.
        case stopped
        /// Discord will not have the bot: an operator has to act.
        case refused(String)
        /// Discord wants the bot's guilds spread over more shards.
        case tooFewShards(String)
    }

    let context: ShardContext
    private let lease: Lease
    private let store: SessionStore
    let logger: Logger
    let ledger: StreamLedger
    let machine: Mutex<SessionMachine>
    let budget = Mutex(SendBudget())
    let open = Mutex<WebSocketConnection?>(nil)
    private let handled = Atomic<UInt64>(0)
    let usedPermit = Atomic<Bool>(false)
    /// Whether Discord has the bot's presence of this process.
    let hasPresence = Atomic<Bool>(false)
    let lossReason = Mutex<String?>(nil)
    /// When the session was last heard of while it was up; a gap begins there.
    private let heard = Mutex<Date?>(nil)
    /// The code with which Discord last closed a connection.
    private let closeCode = Mutex<GatewayCloseCode?>(nil)
    /// Whether somebody has asked for the stop.
    private let stopping = Mutex<Bool>(false)
    private let (writers, writerSink) = AsyncStream.makeStream(
        of: JournalWriter.self,
        bufferingPolicy: .bufferingNewest(4)
    )
    /// Answers to requests for members: read apart from the events, because they can be large. When it is full they are
    /// dropped, and whoever asked runs into the deadline.
    private let (memberAnswers, memberSink) = AsyncStream.makeStream(
        of: (DiscordEventName, [UInt8]).self,
        bufferingPolicy: .bufferingOldest(128)
    )
    private let nudge = Wake()

    init(context: ShardContext, lease: Lease) {
        self.context = context
        self.lease = lease
        store = SessionStore(database: context.database, partition: context.partition, lease: lease)
        ledger = StreamLedger(partition: context.partition)
        machine = Mutex(SessionMachine(resumable: nil, now: .now))
        var logger = context.logger
        logger[metadataKey: LogKey.bot] = "\(context.bot)"
        self.logger = logger
    }

    // MARK: - From outside

    /// Ends the session's connection. The session stays resumable unless told otherwise.
    func stop(endingSession: Bool) {
        stopping.withLock { $0 = true }
        perform(machine.withLock { $0.stop("stopped", endingSession: endingSession) })
        nudge.signal()
    }

    /// Begins a new session, because the one that is open lacks intents.
    func identifyAnew(_ reason: String) {
        perform(machine.withLock { $0.identifyAnew(reason) })
        nudge.signal()
    }

    var isOnline: Bool {
        machine.withLock { if case .online = $0.state { true } else { false } }
    }

    var latency: Duration? { machine.withLock { $0.latency } }

    // MARK: - Life

    /// Works until it is stopped or refused.
    ///
    /// - Throws: `JournalWriter.NotOwner`, `CancellationError`, a `PostgresError` from the start.
    func run() async throws -> End {
        try await restore()
        return try await withThrowingTaskGroup(of: End?.self) { group in
            group.addTask { try await self.journal() }
            group.addTask { try await self.pulse() }
            group.addTask { try await self.checkpoints() }
            group.addTask { try await self.connections() }
            group.addTask {
                for await (event, data) in self.memberAnswers { self.context.members.received(event, data) }
                return nil
            }
            defer { group.cancelAll() }
            while let end = try await group.next() {
                if let end {
                    await drain(within: .seconds(3))
                    return end
                }
            }
            throw CancellationError()
        }
    }

    /// Takes up what an earlier process left.
    private func restore() async throws {
        guard let (record, heads) = try await store.current() else { return }
        guard record.shards == context.shards else {
            // A session keeps the number of shards that it was begun with, and this shard now stands for other guilds.
            let reason = "the number of shards went from \(record.shards) to \(context.shards)"
            lossReason.withLock { $0 = reason }
            logger.notice("the session is not taken up", metadata: ["why": "\(reason)"])
            return
        }
        let writer = makeWriter(record.id, journalled: record.lastSeq)
        ledger.open(stream: record.id, heads: heads, writer: writer)
        // After RESUME there is no GUILD_CREATE: what is known of the guilds comes from the last snapshots.
        let isCapable = record.observes ?? context.wantsObserverIntents()
        try await context.cache.restore(
            bot: context.bot,
            user: context.identity.user,
            stream: record.id,
            isObserver: isCapable,
            where: { [context] in context.holds($0) }
        )
        context.observers.sessionBegan(context.partition, isCapable: isCapable)
        let known = await context.cache.outlines.filter { $0.bots.contains(context.bot) && context.holds($0.id) }
        for entry in known {
            if let observer = entry.observer { context.observers.restored(observer, of: entry.id) }
        }
        context.observers.restored(context.partition, in: known.map(\.id))
        handled.store(record.lastSeq, ordering: .relaxed)
        machine.withLock { machine in
            machine = SessionMachine(
                resumable: .init(sessionID: record.session, url: record.resumeURL, sequence: record.lastSeq),
                now: .now
            )
        }
        // Stopped before there was anything to stop.
        if stopping.withLock({ $0 }) { perform(machine.withLock { $0.stop("stopped", endingSession: false) }) }
    }

    private func makeWriter(_ stream: UInt64, journalled: UInt64) -> JournalWriter {
        let writer = JournalWriter(
            stream: stream,
            journalled: journalled,
            lease: lease,
            database: context.database,
            bufferLimit: context.bufferLimit,
            logger: logger
        )
        writerSink.yield(writer)
        return writer
    }

    /// Writes the journal of the stream that is open, and of one before it that has something left.
    private func journal() async throws -> End? {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for await writer in writers { group.addTask { try await writer.run() } }
            try await group.waitForAll()
        }
        return nil
    }

    private func pulse() async throws -> End? {
        while true {
            ledger.publishHead(on: context.bus)
            context.metrics.journalWaiting.set(Double(ledger.writer?.waiting ?? 0))
            try await Task.sleep(until: Self.nextPulse, clock: .continuous)
        }
    }

    /// All shards pulse at the same moments: their pulses then travel together, and wake each listener once.
    private static var nextPulse: ContinuousClock.Instant {
        let beats = (firstPulse.duration(to: .now) / pulse).rounded(.down)
        return firstPulse + pulse * (beats + 1)
    }

    private static let pulse: Duration = .milliseconds(250)
    private static let firstPulse = ContinuousClock.now

    private func checkpoints() async throws -> End? {
        var written: UInt64 = handled.load(ordering: .relaxed)
        var turn = 0
        while true {
            try await Task.sleep(for: .seconds(1))
            turn += 1
            // Read in this order: whatever was handled up to here is with the writer, or will never be.
            let sequence = handled.load(ordering: .acquiring)
            guard isOnline, let writer = ledger.writer, writer.isSettled, sequence > written || turn % 5 == 0 else {
                continue
            }
            do {
                try await store.checkpoint(writer.stream, upTo: sequence)
                written = sequence
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.debug("no checkpoint", metadata: [LogKey.error: "\(error)"])
            }
        }
    }

    /// Waits until the journal has everything, or the time is over.
    private func drain(within limit: Duration) async {
        let deadline = ContinuousClock.now + limit
        while let writer = ledger.writer, !writer.isSettled, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    // MARK: - Connections

    private func connections() async throws -> End? {
        /// A permit that has been written down but not used.
        var hasPermit = false
        while true {
            guard let step = machine.withLock({ $0.nextStep(.now) }) else {
                // A connection that never came to be; the machine was told.
                machine.withLock { $0.postpone(until: .now + .seconds(1)) }
                continue
            }
            switch step {
            case .stopped(let reason):
                let isAsked = stopping.withLock { $0 }
                context.metrics.online.set(0)
                if isAsked { return .stopped }
                return closeCode.withLock({ $0 }) == .shardingRequired ? .tooFewShards(reason) : .refused(reason)
            case .wait(let until):
                await nudge.wait(atMost: until - .now)
            case .hold:
                await waitForRoom()
            case .identify:
                if usedPermit.exchange(false, ordering: .relaxed) { hasPermit = false }
                var address: String?
                if !hasPermit {
                    guard let info = try await permit() else { continue }
                    hasPermit = true
                    address = info.url
                }
                await connect(to: address, isNew: true)
            case .resume(let url):
                await connect(to: url, isNew: false)
            }
            try Task.checkCancellation()
        }
    }

    /// Waits until the journal can take what Discord holds for us, or until the session is stopped.
    private func waitForRoom() async {
        context.metrics.online.set(0)
        context.status.report(.resuming, "offline: the journal is full, and Discord holds what follows")
        while ledger.writer?.hasRoom == false, machine.withLock({ $0.state }) == .held, !Task.isCancelled {
            await nudge.wait(atMost: .milliseconds(100))
        }
        machine.withLock { $0.release(.now) }
    }

    /// Asks Discord and the database whether a new session may begin, and writes it down.
    ///
    /// - Returns: nil if not now; the machine knows when to ask again.
    private func permit() async throws -> GatewayBotInfo? {
        context.status.report(.connecting, "waiting to begin a session")
        do {
            let info = try await gatewayInfo()
            let claim = try await store.claimIdentify(limit: info.sessionStartLimit)
            context.alarms.note(
                .identifies,
                of: context.bot,
                used: claim.used,
                limit: IdentifyBudget.ceiling(of: info.sessionStartLimit),
                life: .seconds(86_400)
            )
            switch claim.verdict {
            case .now:
                return info
            case .after(let pause):
                machine.withLock { $0.postpone(until: .now + pause) }
            case .exhausted(let pause):
                logger.error(
                    "nearly all sessions of the day are used up: no new one begins",
                    metadata: ["remaining": "\(info.sessionStartLimit.remaining)", "wait": "\(pause)"]
                )
                context.status.report(.connecting, "nearly all sessions of the day are used up")
                machine.withLock { $0.postpone(until: .now + pause) }
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as JournalWriter.NotOwner {
            throw error
        } catch let error as PostgresError {
            logger.warning("a new session has to wait for the database", metadata: [LogKey.error: "\(error)"])
            context.status.report(.connecting, "offline: a new session has to wait for the database: \(error)")
            machine.withLock { $0.postpone(until: .now + .seconds(1)) }
        } catch {
            logger.warning("a new session has to wait", metadata: [LogKey.error: "\(error)"])
            context.status.report(.connecting, "a new session has to wait: \(error)")
            machine.withLock { $0.postpone(until: .now + .seconds(2)) }
        }
        return nil
    }

    private func gatewayInfo() async throws -> GatewayBotInfo {
        let response = try await context.rest.execute(DiscordRequest(.get, "/gateway/bot", timeout: .seconds(10)))
        return try JSONDecoder().decode(GatewayBotInfo.self, from: Data(response.body))
    }

    /// One connection, from opening to its end.
    private func connect(to address: String?, isNew: Bool) async {
        machine.withLock { $0.connecting() }
        context.status.report(isNew ? .connecting : .resuming, "")
        context.metrics.connects.increment()
        do {
            let base: String
            if let address { base = address } else { base = try await gatewayInfo().url }
            let compression = context.compression.transport(to: base)
            try await context.sockets.withConnection(to: gatewayURL(base, compression)) { connection in
                try await self.serve(connection, compression)
            }
        } catch let error as WebSocketError {
            logger.info("no connection to Discord", metadata: [LogKey.error: "\(error)"])
        } catch is CancellationError {
            return
        } catch {
            logger.warning("the connection to Discord failed", metadata: [LogKey.error: "\(error)"])
        }
        context.metrics.online.set(0)
        machine.withLock { $0.connectFailed(.now, random: .random(in: 0..<1)) }
    }

    private func gatewayURL(_ base: String, _ compression: TransportCompression) -> String {
        let query = "?v=10&encoding=json" + (compression == .plain ? "" : "&compress=\(compression.rawValue)")
        let path = base.drop { $0 != ":" }.dropFirst(3)
        return path.contains("/") ? base + query : base + "/" + query
    }

    private func serve(_ connection: WebSocketConnection, _ compression: TransportCompression) async throws {
        budget.withLock { $0.reset() }
        open.withLock { $0 = connection }
        defer { open.withLock { $0 = nil } }
        perform(machine.withLock { $0.connected(.now) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await connection.onItsThread { _ in try await self.read(connection, compression) }
            }
            group.addTask { await self.keepTime() }
            // The read loop ends with the connection.
            defer { group.cancelAll() }
            do {
                try await group.next()
            } catch let error as CompressionError {
                logger.error("the compressed stream is broken", metadata: [LogKey.error: "\(error)"])
                perform(machine.withLock { $0.streamBroken() })
            } catch let error as WebSocketError {
                logger.warning("Discord broke the WebSocket protocol", metadata: [LogKey.error: "\(error)"])
                perform(machine.withLock { $0.streamBroken() })
            }
        }
        let code = connection.closure?.code.map { GatewayCloseCode(rawValue: $0.rawValue) }
        closeCode.withLock { $0 = code }
        let actions = machine.withLock { $0.closed(code, .now, random: .random(in: 0..<1)) }
        let state = machine.withLock { $0.state }
        logger.info(
            "connection to Discord ended",
            metadata: [
                "why": "\(code?.explanation ?? "the connection was dropped or we closed it")", "next": "\(state)",
            ]
        )
        perform(actions)
    }

    private func keepTime() async {
        while !Task.isCancelled {
            let now = ContinuousClock.now
            perform(machine.withLock { $0.tick(now) })
            flushBudget()
            // Looked at again with each pulse: HELLO sets an earlier deadline than the one slept for.
            let next = Self.nextPulse
            let deadline = machine.withLock { $0.nextDeadline } ?? next
            try? await Task.sleep(until: min(deadline, next), clock: .continuous)
        }
    }

    // MARK: - Reading

    /// So many events at most wait for each other before they are published.
    private static let portion = 128

    private func read(_ connection: WebSocketConnection, _ compression: TransportCompression) async throws {
        // A context of its own for every connection.
        var inflater = try StreamInflater(compression)
        var frames = FrameHandler(
            bot: context.bot,
            receiver: context.identity.user,
            sequence: machine.withLock { $0.resumable?.sequence ?? 0 },
            publisher: ledger.writer.map { publisher($0) },
            observers: context.observers,
            cache: context.cache,
            interactions: context.interactions,
            metrics: context.metrics
        )
        if machine.withLock({ $0.resumable }) == nil { frames.publisher = nil }
        frames.publisher?.isReplaying = true
        while let batch = try await connection.nextBatch() {
            let now = UInt64(Date().timeIntervalSince1970 * 1_000_000)
            for (index, message) in batch.enumerated() {
                let outcome = try message.payload.withUnsafeReadableBytes { bytes in
                    try inflater.consume(bytes) { frames.handle($0, now: now) }
                }
                switch outcome {
                case nil, .handled: if index % Self.portion < Self.portion - 1 { continue }
                default: break
                }
                try await attend(to: frames.flush(), &frames)
                if let outcome { try await attend(to: outcome, &frames) }
            }
            try await attend(to: frames.flush(), &frames)
            handled.store(frames.sequence, ordering: .releasing)
            machine.withLock { $0.dispatched(frames.sequence) }
            if isOnline { heard.withLock { $0 = Date(timeIntervalSince1970: Double(now) / 1_000_000) } }
            // A flood is held back in Discord's socket, as far as that goes, before the session has to be closed.
            await ledger.writer?.waitForRoom()
            await context.cache.waitForRoom()
        }
    }

    private func publisher(_ writer: JournalWriter) -> EventPublisher {
        var heads: [EventKind: UInt64] = [:]
        for head in ledger.head?.topics ?? [] { heads[EventKind(rawValue: head.event)] = head.seq }
        return EventPublisher(
            partition: context.partition,
            stream: writer.stream,
            heads: heads,
            bus: context.bus,
            ledger: ledger,
            writer: writer
        )
    }

    private func attend(to outcome: FrameHandler.Outcome, _ frames: inout FrameHandler) async throws {
        switch outcome {
        case .handled:
            break
        case .malformed(let error):
            logger.error("a frame from Discord cannot be read and is passed over", metadata: [LogKey.error: "\(error)"])
            try? await store.recordGap("a frame could not be read: \(error)", stream: ledger.writer?.stream)
        case .ready(let sequence, let data):
            try await began(sequence, data, &frames)
        case .resumed(let sequence):
            frames.publisher?.isReplaying = false
            machine.withLock { machine in
                machine.dispatched(sequence)
                machine.resumed(.now)
            }
            context.metrics.resumes.increment()
            cameOnline("session resumed")
        case .members(let event, let data):
            memberSink.yield((event, data))
        case .journalFull:
            logger.error("the journal is full: Discord holds what follows until it takes events again")
            machine.withLock { $0.dispatched(frames.sequence) }
            perform(machine.withLock { $0.suspend() })
        case .control(let frame, let data):
            control(frame, data)
        }
    }

    private func control(_ frame: GatewayFrame, _ data: [UInt8]) {
        let now = ContinuousClock.now
        switch frame.opcode {
        case .hello:
            let interval = (try? JSONDecoder().decode(HelloData.self, from: Data(data)))?.heartbeatInterval ?? 0
            perform(
                machine.withLock {
                    $0.hello(interval: .milliseconds(interval), now, random: .random(in: 0..<1))
                }
            )
        case .heartbeat: perform(machine.withLock { $0.heartbeatRequested() })
        case .heartbeatAcknowledged:
            machine.withLock { $0.heartbeatAcknowledged(now) }
            if let latency { context.metrics.latency.set(latency / .seconds(1)) }
        case .reconnect: perform(machine.withLock { $0.reconnectRequested() })
        case .invalidSession:
            let isResumable = data.elementsEqual("true".utf8)
            // If that loses it, the line that says so is the one to see.
            logger.info("Discord invalidated the session", metadata: ["resumable": "\(isResumable)"])
            perform(machine.withLock { $0.sessionInvalidated(isResumable: isResumable) })
        default:
            logger.debug("unknown opcode", metadata: ["op": "\(frame.opcode.rawValue)"])
        }
    }

    /// READY: opens the stream before the first event is handled. The socket waits meanwhile; heartbeats do not.
    private func began(_ sequence: UInt64, _ data: [UInt8], _ frames: inout FrameHandler) async throws {
        guard let ready = try? JSONDecoder().decode(ReadyEvent.self, from: Data(data)) else {
            logger.error("READY cannot be read: the session is given up")
            perform(machine.withLock { $0.streamBroken() })
            return
        }
        context.metrics.identifies.increment()
        // The earlier session's last events first: a closed stream takes no more.
        while let writer = ledger.writer, !writer.isSettled, writer.stalled != nil {
            try await Task.sleep(for: .milliseconds(5))
        }
        await drain(within: .seconds(30))
        // READY comes once: the table has to have what it says of guilds before there is a session to take up.
        let guilds = Set(ready.guilds.map(\.id))
        context.observers.isIn(context.partition, guilds)
        await context.cache.began(context.bot, in: guilds) { [context] in context.holds($0) }
        let deadline = ContinuousClock.now + .seconds(30)
        while !context.observers.isSaved, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
        let lost = lossReason.withLock { reason in
            defer { reason = nil }
            return reason
        }
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
        while true {
            do {
                let record = try await store.open(
                    session: ready.sessionID,
                    resumeURL: ready.resumeGatewayURL,
                    shards: context.shards,
                    observes: context.observers.isCapable(context.partition),
                    lost: lost,
                    heard: heard.withLock { $0 }
                )
                let writer = makeWriter(record.id, journalled: 0)
                ledger.open(stream: record.id, heads: [:], writer: writer)
                frames.began(publisher(writer), sequence: sequence)
                break
            } catch is CancellationError {
                throw CancellationError()
            } catch let error as JournalWriter.NotOwner {
                throw error
            } catch {
                logger.warning("the new session cannot be stored yet", metadata: [LogKey.error: "\(error)"])
                try await Task.sleep(for: backoff.next())
            }
        }
        machine.withLock {
            $0.ready(sessionID: ready.sessionID, url: ready.resumeGatewayURL, sequence: sequence, .now)
        }
        handled.store(sequence, ordering: .releasing)
        cameOnline("session begun")
    }

    private func cameOnline(_ message: Logger.Message) {
        context.metrics.online.set(1)
        context.status.report(.online, "")
        logger.info(message, metadata: ["user": "\(context.identity.username)"])
        // A resumed session shows what an earlier process wanted.
        if let presence = context.presence, !hasPresence.exchange(true, ordering: .relaxed) {
            budget.withLock { $0.enqueue(.presence, GatewayPayloads.presence(presence)) }
        }
        flushBudget()
    }
}
