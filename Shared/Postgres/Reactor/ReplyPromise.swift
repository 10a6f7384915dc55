import Synchronization

/// The answer to one request, for one waiting task.
///
/// It survives any order of answer, cancellation and waiting, and is answered once: the first answer counts.
final class ReplyPromise<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, PostgresError>

    private enum State {
        case new
        case waiting(CheckedContinuation<Outcome, Never>)
        case finished(Outcome)
        case consumed
    }

    private let state = Mutex(State.new)

    /// Answers; a second answer is ignored. Returns whether it counted.
    @discardableResult
    func finish(_ outcome: Outcome) -> Bool {
        let (continuation, counted) = state.withLock {
            state -> (CheckedContinuation<Outcome, Never>?, Bool) in
            switch state {
            case .new:
                state = .finished(outcome)
                return (nil, true)
            case .waiting(let continuation):
                state = .consumed
                return (continuation, true)
            case .finished, .consumed:
                return (nil, false)
            }
        }
        continuation?.resume(returning: outcome)
        return counted
    }

    /// Waits for the answer after `submit` has sent the request. When the task is cancelled, the answer is `cancelled`
    /// and `withdraw` is called; a request of a task already cancelled is never submitted.
    func value(submit: () -> Void, withdraw: @escaping @Sendable () -> Void) async throws(PostgresError) -> Value {
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Outcome, Never>) in
                wait(with: continuation, submit: submit)
            }
        } onCancel: {
            let error = PostgresError(.cancelled, "the task that waited for the database was cancelled")
            if finish(.failure(error)) { withdraw() }
        }
        return try outcome.get()
    }

    /// Waits for the answer whatever happens to the task.
    func valueIgnoringCancellation(submit: () -> Void) async throws(PostgresError) -> Value {
        let outcome = await withCheckedContinuation { (continuation: CheckedContinuation<Outcome, Never>) in
            wait(with: continuation, submit: submit)
        }
        return try outcome.get()
    }

    /// Stores the continuation and submits, unless the answer is there already.
    private func wait(with continuation: CheckedContinuation<Outcome, Never>, submit: () -> Void) {
        let early = state.withLock { state -> Outcome? in
            if case .finished(let outcome) = state {
                state = .consumed
                return outcome
            }
            state = .waiting(continuation)
            return nil
        }
        if let early {
            continuation.resume(returning: early)
        } else {
            submit()
        }
    }
}
