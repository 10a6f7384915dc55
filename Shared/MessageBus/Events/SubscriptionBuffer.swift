import Synchronization

/// Events between the socket thread and the one task that consumes them: bounded by number, whole batches at a time.
final class SubscriptionBuffer: Sendable {
    private struct State {
        var blocks: [EventBlock] = []
        var count = 0
        var openings = 0
        var isFinished = false
        var consumer: CheckedContinuation<[EventBlock]?, Never>?
        var openingWaiters: [(number: Int, continuation: CheckedContinuation<Bool, Never>)] = []
    }

    private let state = Mutex(State())
    private let nextWaiter = Atomic<Int>(0)
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    // MARK: Socket thread

    /// Hands over a delivery, unless the consumer is behind.
    ///
    /// - Returns: how many events were dropped because of that.
    func deliver(_ block: EventBlock) -> Int {
        let (consumer, dropped) = state.withLock { state -> (CheckedContinuation<[EventBlock]?, Never>?, Int) in
            guard !state.isFinished else { return (nil, 0) }
            if let consumer = state.consumer.take() { return (consumer, 0) }
            // A block is taken while there is any room, so that memory is bounded by capacity and one block.
            guard state.count < capacity else { return (nil, block.count) }
            state.count += block.count
            state.blocks.append(block)
            return (nil, 0)
        }
        consumer?.resume(returning: [block])
        return dropped
    }

    /// The switchboard has confirmed the subscription.
    func opened() {
        let waiters = state.withLock { state in
            state.openings += 1
            defer { state.openingWaiters = [] }
            return state.openingWaiters
        }
        for waiter in waiters { waiter.continuation.resume(returning: true) }
    }

    /// Ends the sequence once what is buffered has been read.
    func finish() {
        let (consumer, waiters) = state.withLock { state in
            state.isFinished = true
            defer { state.openingWaiters = [] }
            return (state.consumer.take(), state.openingWaiters)
        }
        consumer?.resume(returning: nil)
        for waiter in waiters { waiter.continuation.resume(returning: false) }
    }

    // MARK: Consumer

    /// Everything that waits; suspends while nothing does, and gives nil at the end or when the task is cancelled.
    ///
    /// It stays on the consumer's actor: the closure below would leave it if it did not capture it.
    func next(isolation actor: isolated (any Actor)? = #isolation) async -> [EventBlock]? {
        await withTaskCancellationHandler {
            _ = actor
            return await withCheckedContinuation { continuation in
                let ready = state.withLock { state -> [EventBlock]?? in
                    if !state.blocks.isEmpty {
                        defer {
                            state.blocks = []
                            state.count = 0
                        }
                        return .some(state.blocks)
                    }
                    guard !state.isFinished, !Task.isCancelled else { return .some(nil) }
                    precondition(state.consumer == nil, "a subscription has one consumer")
                    state.consumer = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            state.withLock { $0.consumer.take() }?.resume(returning: nil)
        }
    }

    var openings: Int { state.withLock { $0.openings } }

    /// Waits for the next confirmation after `seen` of them; false when the subscription ends or the task is cancelled.
    func waitForOpening(after seen: Int) async -> Bool {
        let number = nextWaiter.wrappingAdd(1, ordering: .relaxed).newValue
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state -> Bool? in
                    if state.openings > seen { return true }
                    guard !state.isFinished, !Task.isCancelled else { return false }
                    state.openingWaiters.append((number, continuation))
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.openingWaiters.firstIndex { $0.number == number }.map { state.openingWaiters.remove(at: $0) }
            }
            waiter?.continuation.resume(returning: false)
        }
    }
}
