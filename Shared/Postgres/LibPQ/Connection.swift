import CPostgres
import DequeModule
import Logging

/// Owns one `PGconn` and speaks to the server through it, without ever blocking.
///
/// Statements go out in pipeline mode, each followed by a Sync, so that a failed one does not take its neighbours
/// with it. The object belongs to the actor that made it; libpq forbids two threads on one connection.
final class Connection {
    enum Progress {
        case waiting
        case connected
        case failed(String)
    }

    /// A finished statement with its answer.
    typealias Completion = (statement: Statement, outcome: Result<StatementResult?, PostgresError>)

    private struct Pending {
        let statement: Statement
        let key: StatementCache.Key?
        /// Whether the answer to its preparation comes first.
        var isPreparing = false
        var isScript = false
        var outcome: Result<StatementResult?, PostgresError>?
    }

    let id: ConnectionID
    private let handle: OpaquePointer
    private var polling = PGRES_POLLING_WRITING
    private var pending: Deque<Pending> = []
    private var cache: StatementCache
    private(set) var wantsWrite = false
    /// When the oldest pending statement began to be the oldest.
    private(set) var headSince: ContinuousClock.Instant?
    private let notices: NoticeLog

    /// - Throws: code `unavailable` when libpq cannot even start.
    init(
        _ id: ConnectionID,
        parameters: ConnectionParameters,
        address: String?,
        cacheSize: Int,
        logger: Logger
    ) throws(PostgresError) {
        guard let handle = parameters.start(address: address) else {
            throw PostgresError(.unavailable, "no memory for a connection")
        }
        self.id = id
        self.handle = handle
        cache = StatementCache(capacity: cacheSize)
        notices = NoticeLog(logger: logger)
        if PQstatus(handle) == CONNECTION_BAD {
            polling = PGRES_POLLING_FAILED
        }
        // Without a processor of ours libpq prints to standard error. The log outlives the connection: `deinit`
        // finishes it before the property goes.
        PQsetNoticeProcessor(
            handle,
            { context, message in
                guard let context, let message else { return }
                Unmanaged<NoticeLog>.fromOpaque(context).takeUnretainedValue().log(String(cString: message))
            },
            Unmanaged.passUnretained(notices).toOpaque()
        )
    }

    deinit {
        PQfinish(handle)
    }

    var descriptor: Int32 { PQsocket(handle) }
    var inFlight: Int { pending.count }

    /// What to wait for while connecting.
    var connectingWantsWrite: Bool { polling == PGRES_POLLING_WRITING }

    /// Takes connecting a step further.
    func advance() -> Progress {
        if polling != PGRES_POLLING_FAILED { polling = PQconnectPoll(handle) }
        switch polling {
        case PGRES_POLLING_FAILED: return .failed(errorMessage)
        case PGRES_POLLING_OK:
            guard PQsetnonblocking(handle, 1) == 0, PQenterPipelineMode(handle) == 1 else {
                return .failed(errorMessage)
            }
            return .connected
        default: return .waiting
        }
    }

    /// Queues a statement; `flush` sends it.
    /// - Throws: when libpq refuses it, which means that the connection is broken.
    func send(_ statement: Statement, now: ContinuousClock.Instant) throws(PostgresError) {
        if pending.isEmpty { headSince = now }
        if let script = statement.script {
            // Several statements in one text need the simple protocol, which a pipeline does not carry.
            guard pending.isEmpty else {
                throw PostgresError(.transactionEnded, "a script cannot run while other statements are under way")
            }
            guard PQexitPipelineMode(handle) == 1, PQsendQuery(handle, script) == 1 else { throw broken() }
            pending.append(Pending(statement: statement, key: nil, isScript: true))
            wantsWrite = true
            return
        }
        let parameters = statement.query.parameters
        let key = StatementCache.Key(sql: statement.query.sql, types: parameters.types)
        guard cache.isEnabled, statement.purpose != .housekeeping else {
            try send(statement.query.sql, parameters, prepared: false)
            pending.append(Pending(statement: statement, key: nil))
            return
        }
        var isPreparing = false
        switch cache.use(key) {
        case .prepared(let name): try send(name, parameters, prepared: true)
        case .prepare(let name, let evicted):
            if let evicted {
                let drop = Query("DEALLOCATE \(identifier: evicted)")
                try send(drop.sql, Parameters(), prepared: false)
                let statement = Statement(query: drop, purpose: .housekeeping, reply: nil)
                pending.append(Pending(statement: statement, key: nil))
            }
            let types = parameters.types
            guard PQsendPrepare(handle, name, statement.query.sql, Int32(types.count), types) == 1 else {
                throw broken()
            }
            try send(name, parameters, prepared: true)
            isPreparing = true
        }
        pending.append(Pending(statement: statement, key: key, isPreparing: isPreparing))
    }

    private func send(_ text: String, _ parameters: Parameters, prepared: Bool) throws(PostgresError) {
        let count = Int32(parameters.count)
        let sent = parameters.bytes.withUnsafeBufferPointer { buffer -> Int32 in
            let base = UnsafeRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self)
            // An empty value needs a pointer that is not null.
            return "".withCString { empty in
                let values = parameters.slots.map { slot in
                    slot.length == nil ? nil : (base.map { $0 + slot.offset } ?? empty)
                }
                let lengths = parameters.slots.map { Int32(truncatingIfNeeded: $0.length ?? 0) }
                let formats = parameters.slots.map { Int32($0.isBinary ? 1 : 0) }
                if prepared {
                    return PQsendQueryPrepared(handle, text, count, values, lengths, formats, 1)
                }
                return PQsendQueryParams(handle, text, count, parameters.types, values, lengths, formats, 1)
            }
        }
        guard sent == 1, PQpipelineSync(handle) == 1 else { throw broken() }
        wantsWrite = true
    }

    /// Pushes queued bytes to the socket.
    func flush() throws(PostgresError) {
        switch PQflush(handle) {
        case 0: wantsWrite = false
        case 1: wantsWrite = true
        default: throw broken()
        }
    }

    /// Reads what has come, and gives the statements that are finished.
    ///
    /// - Throws: when the connection is broken; the statements still under way are then in `abandon`.
    func receive(now: ContinuousClock.Instant, into completions: inout [Completion]) throws(PostgresError) {
        guard PQconsumeInput(handle) == 1 else {
            drain(now: now, into: &completions)
            throw broken()
        }
        drain(now: now, into: &completions)
        guard PQstatus(handle) != CONNECTION_BAD else { throw broken() }
    }

    private func drain(now: ContinuousClock.Instant, into completions: inout [Completion]) {
        var nothing = 0
        while !pending.isEmpty, PQisBusy(handle) == 0 {
            guard let result = PQgetResult(handle) else {
                if pending[0].isScript {
                    _ = PQenterPipelineMode(handle)
                    finishFirst(now: now, into: &completions)
                    continue
                }
                // Nothing stands between two results; nothing twice means that there is no more for now.
                nothing += 1
                if nothing > 2 { return }
                continue
            }
            nothing = 0
            let status = PQresultStatus(result)
            switch status {
            case PGRES_PIPELINE_SYNC:
                PQclear(result)
                finishFirst(now: now, into: &completions)
            case PGRES_COMMAND_OK where pending[0].isPreparing:
                PQclear(result)
                pending[0].isPreparing = false
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY, PGRES_SINGLE_TUPLE:
                let result = StatementResult(taking: result)
                if case .failure = pending[0].outcome {} else { pending[0].outcome = .success(result) }
            case PGRES_PIPELINE_ABORTED:
                PQclear(result)
            default:
                refuse(result)
            }
        }
    }

    /// Notes an error result of the first pending statement.
    private func refuse(_ result: OpaquePointer) {
        defer { PQclear(result) }
        if case .failure = pending[0].outcome { return }
        let error = PostgresError(result: result)
        let isFatal = PostgresError.isFatal(result)
        // A failed preparation left nothing; 0A000 is a plan whose result type has changed.
        if let key = pending[0].key, pending[0].isPreparing || error.sqlState == "0A000" { cache.forget(key) }
        if isFatal {
            // The server is leaving. What it says of a COMMIT at that moment is not to be trusted.
            let lost = pending[0].statement.lost(error.message)
            pending[0].outcome = .failure(lost.code == .outcomeUnknown ? lost : error)
        } else {
            pending[0].outcome = .failure(error)
        }
    }

    private func finishFirst(now: ContinuousClock.Instant, into completions: inout [Completion]) {
        let first = pending.removeFirst()
        headSince = pending.isEmpty ? nil : now
        completions.append((first.statement, first.outcome ?? .success(nil)))
    }

    /// The statements that were under way, each with the error that its waiting task gets.
    func abandon(_ reason: PostgresError) -> [Completion] {
        defer { pending.removeAll() }
        return pending.enumerated().map { index, entry in
            if case .failure(let error) = entry.outcome { return (entry.statement, .failure(error)) }
            let lost = entry.statement.lost(reason.message)
            // The first of a server that fell silent is the one that took too long.
            let isLate = index == 0 && reason.code == .timeout && lost.code == .connectionLost
            return (entry.statement, .failure(isLate ? reason : lost))
        }
    }

    /// A notification that has come, if any.
    func nextNotification() -> PostgresNotification? {
        guard let notification = PQnotifies(handle) else { return nil }
        defer { PQfreemem(notification) }
        return PostgresNotification(
            channel: String(cString: notification.pointee.relname),
            payload: String(cString: notification.pointee.extra)
        )
    }

    var errorMessage: String {
        let lines = String(cString: PQerrorMessage(handle)).split(separator: "\n")
        return lines.isEmpty ? "the server closed the connection" : lines.joined(separator: " ")
    }

    private func broken() -> PostgresError {
        PostgresError(.connectionLost, errorMessage)
    }
}

extension StatementCache {
    fileprivate var isEnabled: Bool { capacity > 0 }
}

/// Where libpq's notices go.
private final class NoticeLog {
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    func log(_ message: String) {
        let line = message.split(separator: "\n").joined(separator: " ")
        logger.debug("notice from the database", metadata: [LogKey.notice: "\(line)"])
    }
}
