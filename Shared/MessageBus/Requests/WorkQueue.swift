import Synchronization

/// Requests between the socket thread and the tasks that handle them.
///
/// Handlers wait as tasks that already run, so that a request costs one wake-up; there are as many as have been wanted at
/// the same time, of which a few stay. Their bound is the capacity that was stated to the switchboard: `WorkerTable`
/// refuses what goes beyond.
final class WorkQueue: Sendable {
    private struct State {
        var items: [IncomingRequest] = []
        var idle: [(number: Int, continuation: CheckedContinuation<IncomingRequest?, Never>)] = []
        /// Handlers that are there or asked for.
        var handlers = 0
        var isFinished = false
    }

    /// So many handlers stay when there is nothing to do: each holds some kilobytes.
    private static let reserve = 16

    private let state = Mutex(State())
    private let nextNumber = Atomic<Int>(0)
    private let capacity: Int
    private let shortageSink: AsyncStream<Void>.Continuation
    /// One element for each handler that is wanted: start one that calls `next` until that gives nil.
    let shortages: AsyncStream<Void>

    init(capacity: Int) {
        self.capacity = capacity
        (shortages, shortageSink) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(capacity))
    }

    func append(_ item: IncomingRequest) {
        let (handler, isShort) = state.withLock { state in
            // The one that became idle last has the warmest caches.
            let handler = state.idle.popLast()
            if handler == nil { state.items.append(item) }
            let isShort = handler == nil && state.handlers < capacity
            if isShort { state.handlers += 1 }
            return (handler, isShort)
        }
        handler?.continuation.resume(returning: item)
        if isShort { shortageSink.yield() }
    }

    /// Nothing comes after what waits.
    func finish() {
        let handlers = state.withLock { state in
            state.isFinished = true
            defer { state.idle = [] }
            return state.idle
        }
        for handler in handlers { handler.continuation.resume(returning: nil) }
        shortageSink.finish()
    }

    /// The next request; nil at the end, when the task is cancelled, and when this handler is one too many.
    func next() async -> IncomingRequest? {
        let number = nextNumber.wrappingAdd(1, ordering: .relaxed).newValue
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state -> IncomingRequest?? in
                    if Task.isCancelled { return .some(nil) }
                    if !state.items.isEmpty { return .some(state.items.removeFirst()) }
                    if state.isFinished { return .some(nil) }
                    if state.idle.count >= Self.reserve {
                        state.handlers -= 1
                        return .some(nil)
                    }
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
