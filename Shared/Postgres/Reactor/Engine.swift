import Logging
import Synchronization

/// Owns a client's connections on the reactor's thread: carries out what the pool decides, moves statements in and
/// answers out.
actor Engine {
    typealias Instant = ContinuousClock.Instant

    private enum Role {
        case pool
        case listener(RequestID)
    }

    private struct Link {
        let role: Role
        var phase: Phase
        /// When connecting, and the first settings, must be done.
        let deadline: Instant
        var connection: Connection?
    }

    private enum Phase {
        case resolving
        case connecting
        /// The session's settings are under way.
        case preparing
        case ready
    }

    private enum Waiting {
        case statement(StatementRequest)
        case lease(begin: Query, ReplyPromise<RequestID>)
    }

    nonisolated let reactor: Reactor
    nonisolated let inbox = Inbox()
    nonisolated let status = Mutex(PostgresStatus())
    private let configuration: PostgresConfiguration
    private let parameters: ConnectionParameters
    private let logger: Logger
    private var pool: PoolMachine
    private var links: [ConnectionID: Link] = [:]
    private var waiting: [RequestID: Waiting] = [:]
    /// Transactions under way; nil once the connection is lost.
    private var leases: [RequestID: ConnectionID?] = [:]
    private var listeners: [RequestID: Listener] = [:]
    private var nextListenerLink: UInt64 = 1 << 63
    private var isStarted = false
    private var closeBy: Instant?
    private var lastFailure = "no attempt to connect has finished yet"

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        reactor.asUnownedSerialExecutor()
    }

    init(
        configuration: PostgresConfiguration,
        parameters: ConnectionParameters,
        reactor: Reactor,
        logger: Logger
    ) {
        self.configuration = configuration
        self.parameters = parameters
        self.reactor = reactor
        self.logger = logger
        pool = PoolMachine(
            limits: PoolMachine.Limits(
                minimum: max(configuration.minimumConnections, 1),
                maximum: max(configuration.maximumConnections, configuration.minimumConnections, 1),
                pipelineDepth: max(configuration.pipelineDepth, 1),
                maximumWaiting: configuration.maximumWaiting,
                idleTimeout: configuration.idleTimeout,
                initialBackoff: configuration.initialBackoff,
                maximumBackoff: configuration.maximumBackoff
            )
        )
    }

    /// Sends a command from any thread; false when the engine has ended.
    nonisolated func send(_ command: Command) -> Bool {
        guard inbox.append(command) else { return false }
        reactor.wake()
        return true
    }

    // MARK: - One turn of the loop

    /// Handles what is ready, then everything that was asked, and says what to wait for; nil when closed.
    func turn(_ ready: [Readiness]) -> Interest? {
        var now = ContinuousClock.now
        if !isStarted {
            isStarted = true
            perform(pool.start(now: now), now: now)
        }
        for readiness in ready { handle(readiness, now: now) }
        for command in inbox.drain() { handle(command, now: now) }
        now = ContinuousClock.now
        checkDeadlines(now: now)
        flush(now: now)
        if let closeBy, links.isEmpty || closeBy <= now {
            end(now: now)
            return nil
        }
        publishStatus(now: now)
        return interest(now: now)
    }

    private func interest(now: Instant) -> Interest {
        var interest = Interest()
        var wakeAt = pool.nextDeadline()
        func note(_ instant: Instant) { wakeAt = min(wakeAt ?? instant, instant) }
        for (id, link) in links {
            switch link.phase {
            case .resolving: note(link.deadline)
            case .connecting, .preparing: note(link.deadline)
            case .ready: if let since = link.connection?.headSince { note(since + silenceLimit) }
            }
            guard let connection = link.connection, connection.descriptor >= 0 else { continue }
            let isConnecting = link.phase == .connecting
            let wantsWrite = isConnecting ? connection.connectingWantsWrite : connection.wantsWrite
            interest.watches.append(
                Interest.Watch(
                    id: id,
                    descriptor: connection.descriptor,
                    wantsRead: !isConnecting || !wantsWrite,
                    wantsWrite: wantsWrite
                )
            )
        }
        for listener in listeners.values {
            if let retryAt = listener.retryAt { note(retryAt) }
            if let contact = listener.lastContact { note(contact + Listener.pingInterval) }
        }
        if let closeBy { note(closeBy) }
        if let wakeAt {
            let wait = (wakeAt - now).components
            let milliseconds = wait.seconds * 1000 + wait.attoseconds / 1_000_000_000_000_000 + 1
            interest.milliseconds = Int32(clamping: max(milliseconds, 0))
        }
        return interest
    }

    /// How long a server may say nothing on a statement: it should itself have given up before.
    private var silenceLimit: Duration { configuration.statementTimeout + .seconds(5) }

    private func checkDeadlines(now: Instant) {
        if let deadline = pool.nextDeadline(), deadline <= now { perform(pool.tick(now: now), now: now) }
        for (id, link) in links {
            switch link.phase {
            case .resolving, .connecting, .preparing:
                guard link.deadline <= now else { continue }
                fail(id, PostgresError(.unavailable, "no answer within \(configuration.connectTimeout)"), now: now)
            case .ready:
                guard let since = link.connection?.headSince, since + silenceLimit <= now else { continue }
                fail(id, PostgresError(.timeout, "no answer to a statement within \(silenceLimit)"), now: now)
            }
        }
        for (id, listener) in listeners {
            if let retryAt = listener.retryAt, retryAt <= now {
                listeners[id]?.retryAt = nil
                connect(listener: id, now: now)
            } else if let contact = listener.lastContact, contact + Listener.pingInterval <= now {
                listeners[id]?.lastContact = now
                guard let link = listener.connection, let connection = links[link]?.connection else { continue }
                if connection.inFlight == 0 {
                    send(Statement(query: "SELECT 1", purpose: .housekeeping, reply: nil), on: link, now: now)
                }
            }
        }
    }

    private func flush(now: Instant) {
        for (id, link) in links {
            guard let connection = link.connection, link.phase != .connecting, connection.wantsWrite else { continue }
            do {
                try connection.flush()
            } catch {
                // What the server said before it went is still to be read.
                receive(id, now: now)
                if links[id] != nil { fail(id, error, now: now) }
            }
        }
    }

    private func publishStatus(now: Instant) {
        let open = pool.open
        let snapshot = (open, pool.waiting, lastFailure)
        status.withLock { status in
            status.openConnections = snapshot.0
            status.waitingRequests = snapshot.1
            if open > 0 {
                status.unreachableSince = nil
                status.failure = nil
            } else {
                status.unreachableSince = status.unreachableSince ?? now
                status.failure = snapshot.2
            }
        }
    }

    // MARK: - Commands

    private func handle(_ command: Command, now: Instant) {
        switch command {
        case .statement(let id, let request): submit(id, request, now: now)
        case .acquire(let id, let begin, let reply, let deadline):
            waiting[id] = .lease(begin: begin, reply)
            perform(pool.request(id, .lease, deadline: deadline, now: now), now: now)
        case .withdraw(let id):
            guard waiting.removeValue(forKey: id) != nil else { return }
            perform(pool.cancel(id, now: now), now: now)
        case .release(let id):
            guard let entry = leases.removeValue(forKey: id), let link = entry else { return }
            perform(pool.released(link, now: now), now: now)
        case .listen(let id, let channels, let sink):
            listeners[id] = Listener(channels: channels, sink: sink)
            connect(listener: id, now: now)
        case .unlisten(let id):
            guard let listener = listeners.removeValue(forKey: id) else { return }
            listener.sink.finish()
            if let link = listener.connection { links[link] = nil }
        case .resolved(let id, let address):
            guard let link = links[id], link.phase == .resolving else { return }
            switch address {
            case .success(let address): open(id, address: address, now: now)
            case .failure(let error): fail(id, error, now: now)
            }
        case .close(let deadline):
            closeBy = deadline
            perform(pool.close(), now: now)
            for (id, listener) in listeners {
                listener.sink.finish()
                if let link = listener.connection { links[link] = nil }
                listeners[id] = nil
            }
        }
    }

    private func submit(_ id: RequestID, _ request: StatementRequest, now: Instant) {
        guard let lease = request.lease else {
            waiting[id] = .statement(request)
            perform(pool.request(id, .statement, deadline: request.deadline, now: now), now: now)
            return
        }
        guard let entry = leases[lease] else {
            request.reply.finish(.failure(PostgresError(.transactionEnded, "the transaction has ended")))
            return
        }
        guard let link = entry else {
            // Nothing of this transaction was committed, for COMMIT was not sent before the loss.
            request.reply.finish(.failure(PostgresError(.connectionLost, "the connection was lost: \(lastFailure)")))
            return
        }
        let statement = Statement(
            query: request.query,
            purpose: request.purpose,
            reply: request.reply,
            script: request.script
        )
        send(statement, on: link, now: now)
    }

    // MARK: - What the pool decides

    private func perform(_ actions: [PoolMachine.Action], now: Instant) {
        for action in actions {
            switch action {
            case .connect(let id): connect(id, role: .pool, now: now)
            case .close(let id): links[id] = nil
            case .assign(let request, let link): assign(request, to: link, now: now)
            case .fail(let request, let failure): refuse(request, failure)
            }
        }
    }

    private func assign(_ request: RequestID, to link: ConnectionID, now: Instant) {
        switch waiting.removeValue(forKey: request) {
        case .statement(let statement):
            send(
                Statement(query: statement.query, purpose: statement.purpose, reply: statement.reply),
                on: link,
                now: now
            )
        case .lease(let begin, let reply):
            leases[request] = .some(link)
            // BEGIN travels with the transaction's first statement.
            send(Statement(query: begin, purpose: .housekeeping, reply: nil), on: link, now: now)
            guard !reply.finish(.success(request)) else { return }
            // Whoever asked has been cancelled meanwhile.
            send(Statement(query: "ROLLBACK", purpose: .housekeeping, reply: nil), on: link, now: now)
            leases[request] = nil
            perform(pool.released(link, now: now), now: now)
        case nil:
            // Withdrawn in this very turn.
            perform(pool.completed(link, now: now), now: now)
        }
    }

    private func refuse(_ request: RequestID, _ failure: PoolMachine.Failure) {
        let error =
            switch failure {
            case .closed: PostgresError(.closed, "the database client is closed")
            case .queueFull:
                PostgresError(.unavailable, "\(configuration.maximumWaiting) requests already wait for the database")
            case .deadline:
                if pool.open == 0 {
                    PostgresError(
                        .unavailable,
                        "the database \(parameters.description) cannot be reached: \(lastFailure)"
                    )
                } else {
                    PostgresError(.unavailable, "all \(pool.open) connections to the database stayed busy")
                }
            }
        switch waiting.removeValue(forKey: request) {
        case .statement(let statement): statement.reply.finish(.failure(error))
        case .lease(_, let reply): reply.finish(.failure(error))
        case nil: break
        }
    }

    // MARK: - Connecting

    private func connect(_ id: ConnectionID, role: Role, now: Instant) {
        let deadline = now + configuration.connectTimeout
        links[id] = Link(role: role, phase: .resolving, deadline: deadline)
        guard let host = parameters.hostToResolve else {
            open(id, address: nil, now: now)
            return
        }
        let inbox = inbox
        let reactor = reactor
        do {
            try OwnedThread.start {
                if inbox.append(.resolved(id, ConnectionParameters.resolve(host))) { reactor.wake() }
            }
        } catch {
            fail(id, error, now: now)
        }
    }

    private func connect(listener id: RequestID, now: Instant) {
        nextListenerLink += 1
        let link = ConnectionID(rawValue: nextListenerLink)
        listeners[id]?.connection = link
        connect(link, role: .listener(id), now: now)
    }

    private func open(_ id: ConnectionID, address: String?, now: Instant) {
        do {
            links[id]?.connection = try Connection(
                id,
                parameters: parameters,
                address: address,
                cacheSize: configuration.statementCacheSize,
                logger: logger
            )
            links[id]?.phase = .connecting
            // A refused socket is known at once and never becomes ready.
            if links[id]?.connection?.descriptor ?? -1 < 0 { advance(id, now: now) }
        } catch {
            fail(id, error, now: now)
        }
    }

    private func advance(_ id: ConnectionID, now: Instant) {
        guard let connection = links[id]?.connection else { return }
        switch connection.advance() {
        case .waiting: return
        case .failed(let reason): fail(id, PostgresError(.unavailable, reason), now: now)
        case .connected:
            links[id]?.phase = .preparing
            let timeout = configuration.statementTimeout.components
            let milliseconds = "\(timeout.seconds * 1000 + timeout.attoseconds / 1_000_000_000_000_000)"
            let settings: Query = """
                SELECT set_config('statement_timeout', \(milliseconds), false),
                    set_config('idle_in_transaction_session_timeout', '60000', false)
                """
            send(Statement(query: settings, purpose: .housekeeping, reply: nil), on: id, now: now)
            if case .listener(let listener) = links[id]?.role {
                for channel in listeners[listener]?.channels ?? [] {
                    let listen: Query = "LISTEN \(identifier: channel)"
                    send(Statement(query: listen, purpose: .housekeeping, reply: nil), on: id, now: now)
                }
            }
        }
    }

    private func becomeReady(_ id: ConnectionID, now: Instant) {
        links[id]?.phase = .ready
        switch links[id]?.role {
        case .listener(let listener):
            listeners[listener]?.failures = 0
            listeners[listener]?.lastContact = now
            listeners[listener]?.sink.send(.reconnected)
        case .pool, nil:
            if pool.failures > 0 {
                logger.info("the database is back", metadata: [LogKey.server: "\(parameters.description)"])
            }
            perform(pool.opened(id, now: now), now: now)
        }
    }

    // MARK: - Sending and receiving

    private func send(_ statement: Statement, on id: ConnectionID, now: Instant) {
        guard let connection = links[id]?.connection else {
            statement.reply?.finish(.failure(PostgresError(.connectionLost, lastFailure)))
            return
        }
        do {
            try connection.send(statement, now: now)
        } catch {
            // Not handed to libpq, so it has certainly not run.
            statement.reply?.finish(.failure(error))
            if error.code == .connectionLost { fail(id, error, now: now) }
        }
    }

    private func handle(_ readiness: Readiness, now: Instant) {
        guard let link = links[readiness.id] else { return }
        if link.phase == .connecting {
            advance(readiness.id, now: now)
        } else if readiness.canRead {
            receive(readiness.id, now: now)
        }
    }

    private func receive(_ id: ConnectionID, now: Instant) {
        guard let connection = links[id]?.connection else { return }
        var completions: [Connection.Completion] = []
        var failure: PostgresError?
        do {
            try connection.receive(now: now, into: &completions)
        } catch {
            failure = error
        }
        for completion in completions { complete(completion, on: id, now: now) }
        if case .listener(let listener) = links[id]?.role {
            listeners[listener]?.lastContact = now
            while let notification = connection.nextNotification() {
                listeners[listener]?.sink.send(.notification(notification))
            }
        }
        if links[id]?.phase == .preparing, connection.inFlight == 0, failure == nil { becomeReady(id, now: now) }
        if let failure { fail(id, failure, now: now) }
    }

    private func complete(_ completion: Connection.Completion, on id: ConnectionID, now: Instant) {
        completion.statement.reply?.finish(completion.outcome)
        switch completion.statement.purpose {
        case .alone: perform(pool.completed(id, now: now), now: now)
        case .inTransaction, .commit: break
        case .housekeeping:
            if case .failure(let error) = completion.outcome, links[id]?.phase == .preparing {
                fail(id, error, now: now)
            }
        }
    }

    /// A connection could not be made, or broke.
    private func fail(_ id: ConnectionID, _ error: PostgresError, now: Instant) {
        guard let link = links.removeValue(forKey: id) else { return }
        lastFailure = error.message
        for completion in link.connection?.abandon(error) ?? [] {
            completion.statement.reply?.finish(completion.outcome)
        }
        let jitter = Double.random(in: 0..<1)
        switch link.role {
        case .listener(let listener):
            guard let failures = listeners[listener]?.failures else { return }
            let ceiling = min(configuration.initialBackoff * (1 << min(failures, 16)), configuration.maximumBackoff)
            listeners[listener]?.failures = failures + 1
            listeners[listener]?.connection = nil
            listeners[listener]?.lastContact = nil
            listeners[listener]?.retryAt = now + configuration.initialBackoff / 10 + ceiling * jitter
        case .pool:
            for (lease, connection) in leases where connection == id { leases[lease] = .some(nil) }
            if link.phase == .ready {
                logger.warning(
                    "lost a connection to the database",
                    metadata: [LogKey.server: "\(parameters.description)", LogKey.reason: "\(error.message)"]
                )
                perform(pool.lost(id, now: now), now: now)
            } else {
                perform(pool.connectFailed(id, now: now, jitter: jitter), now: now)
                // The first failure, then each time the number doubles: an outage does not fill the log.
                if pool.failures & (pool.failures - 1) == 0 {
                    logger.error(
                        "cannot connect to the database",
                        metadata: [
                            LogKey.server: "\(parameters.description)", LogKey.reason: "\(error.message)",
                            LogKey.attempts: "\(pool.failures)",
                        ]
                    )
                }
            }
        }
    }

    /// Answers whatever is left, for the client is closed.
    private func end(now: Instant) {
        let error = PostgresError(.closed, "the database client is closed")
        for link in links.values {
            for completion in link.connection?.abandon(error) ?? [] {
                completion.statement.reply?.finish(completion.outcome)
            }
        }
        links.removeAll()
        for command in inbox.close() {
            switch command {
            case .statement(_, let request): request.reply.finish(.failure(error))
            case .acquire(_, _, let reply, _): reply.finish(.failure(error))
            case .listen(_, _, let sink): sink.finish()
            case .withdraw, .release, .unlisten, .resolved, .close: break
            }
        }
        for request in waiting.values {
            switch request {
            case .statement(let statement): statement.reply.finish(.failure(error))
            case .lease(_, let reply): reply.finish(.failure(error))
            }
        }
        waiting.removeAll()
    }
}
