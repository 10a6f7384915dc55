import Synchronization

/// Lets one task sleep until there is something to do: a signal, or the time that it gave itself.
///
/// A signal that comes while nobody waits is kept; several count as one. An `AsyncStream` is no substitute: it ends for
/// good as soon as one wait on it is cancelled.
package final class Wake: Sendable {
    private enum State {
        case idle
        case signalled
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.idle)

    /// Makes one without a signal.
    package init() {}

    /// Wakes the task that waits, or the next one that would.
    package func signal() {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard case .waiting(let sleeper) = state else {
                state = .signalled
                return nil
            }
            state = .idle
            return sleeper
        }?.resume()
    }

    /// Waits for a signal, no longer than `limit`. Cancellation ends the wait at once.
    package func wait<C: Clock<Duration>>(atMost limit: Duration, clock: C = ContinuousClock()) async {
        await withTaskGroup { group in
            group.addTask { try? await clock.sleep(for: limit) }
            group.addTask { await self.wait() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Waits for a signal. Cancellation ends the wait at once.
    package func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state -> Bool in
                    if case .signalled = state {
                        state = .idle
                        return true
                    }
                    // The handler below has found nobody to wake.
                    if Task.isCancelled { return true }
                    state = .waiting(continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard case .waiting(let sleeper) = state else { return nil }
                state = .idle
                return sleeper
            }?.resume()
        }
    }
}
