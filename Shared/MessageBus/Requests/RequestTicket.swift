import Synchronization

/// Puts the submission of a request and its cancellation in order, since the task and its canceller may come at once.
final class RequestTicket: Sendable {
    private enum State {
        case new
        case submitted
        case cancelled
    }

    private let state = Mutex(State.new)

    /// Runs `body`, unless the caller was cancelled before; then false.
    func submit(_ body: () -> Void) -> Bool {
        state.withLock { state in
            guard state == .new else { return false }
            state = .submitted
            body()
            return true
        }
    }

    /// Runs `body` when there is something submitted to cancel.
    func cancel(_ body: () -> Void) {
        state.withLock { state in
            if state == .submitted { body() }
            state = .cancelled
        }
    }
}
