import Synchronization

/// Hands changes of the world to whoever follows them: the page's event stream, and calls that wait for an answer.
final class ChangeFeed: Sendable {
    /// Changes that a follower may be behind; older ones are lost to it.
    private static let capacity = 4096

    private struct State {
        var followers: [Int: AsyncStream<WorldChange>.Continuation] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    func publish(_ change: WorldChange) {
        state.withLock { state in
            for follower in state.followers.values { follower.yield(change) }
        }
    }

    /// All changes from now on; following ends with the stream's life.
    func follow() -> AsyncStream<WorldChange> {
        let (stream, continuation) = AsyncStream<WorldChange>.makeStream(
            bufferingPolicy: .bufferingNewest(Self.capacity)
        )
        let id = state.withLock { state in
            state.next += 1
            state.followers[state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.followers[id] = nil }
        }
        return stream
    }
}
