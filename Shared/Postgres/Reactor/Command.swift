import Synchronization

/// What a client asks of its engine.
enum Command: Sendable {
    case statement(RequestID, StatementRequest)
    case acquire(RequestID, begin: Query, ReplyPromise<RequestID>, deadline: ContinuousClock.Instant)
    case withdraw(RequestID)
    case release(RequestID)
    case listen(RequestID, channels: [String], NotificationSink)
    case unlisten(RequestID)
    case resolved(ConnectionID, Result<String, PostgresError>)
    case close(deadline: ContinuousClock.Instant)
}

/// A statement on its way to the engine.
struct StatementRequest: Sendable {
    let query: Query
    let script: String?
    let purpose: Statement.Purpose
    /// The transaction whose connection it needs; nil takes any.
    let lease: RequestID?
    let deadline: ContinuousClock.Instant
    let reply: ReplyPromise<StatementResult?>
}

/// Commands from any thread, in order, for the engine's thread.
final class Inbox: Sendable {
    private struct State {
        var commands: [Command] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Adds a command; false when the engine has ended and nobody will read it.
    func append(_ command: Command) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.commands.append(command)
            return true
        }
    }

    func drain() -> [Command] {
        state.withLock { state in
            defer { state.commands.removeAll(keepingCapacity: false) }
            return state.commands
        }
    }

    /// Takes what is left and refuses the rest.
    func close() -> [Command] {
        state.withLock { state in
            state.isClosed = true
            defer { state.commands.removeAll() }
            return state.commands
        }
    }
}
