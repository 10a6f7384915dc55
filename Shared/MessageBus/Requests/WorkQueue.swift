import Synchronization

/// Requests between the socket thread and the tasks that handle them.
///
/// Handlers wait as tasks that already run, so that a request costs one wake-up. Its bound is the capacity that was
/// stated to the switchboard: `WorkerTable` refuses what goes beyond.
final class WorkQueue: Sendable {
    private struct State {
        var items: [IncomingRequest] = []
        var idle: [(number: Int, continuation: CheckedContinuation<IncomingRequest?, Never>)] = []
        var isFinished = false
    }

    private let state = Mutex(State())
    private let nextNumber = Atomic<Int>(0)

    func append(_ item: IncomingRequest) {
        let handler = state.withLock { state in
            // The one that became idle last has the warmest caches.
            let handler = state.idle.popLast()
            if handler == nil { state.items.append(item) }
            return handler
        }
        handler?.continuation.resume(returning: item)
    }

    /// Nothing comes after what waits.
    func finish() {
        let handlers = state.withLock { state in
            state.isFinished = true
            defer { state.idle = [] }
            return state.idle
        }
        for handler in handlers { handler.continuation.resume(returning: nil) }
    }

    /// The next request; nil at the end or when the task is cancelled.
    func next() async -> IncomingRequest? {
        let number = nextNumber.wrappingAdd(1, ordering: .relaxed).newValue
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state -> IncomingRequest?? in
                    if Task.isCancelled { return .some(nil) }
                    if !state.items.isEmpty { return .some(state.items.removeFirst()) }
                    if state.isFinished { return .some(nil) }
                    state.idle.append((number, continuation))
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            let handler = state.withLock { state in
                state.idle.firstIndex { $0.number == number }.map { state.idle.remove(at: $0) }
            }
            handler?.continuation.resume(returning: nil)
        }
    }
}
