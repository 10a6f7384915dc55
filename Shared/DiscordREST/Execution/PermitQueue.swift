internal import DiscordModel
internal import NIOCore
import Synchronization

/// The limiter with its clock: callers wait here for their permits.
///
/// One timer on one event loop wakes the queue when the limiter says that something may leave; answers do so too.
final class PermitQueue: Sendable {
    private struct State {
        var limiter: RateLimiter
        var callers: [RequestID: CheckedContinuation<Void, any Error>] = [:]
        var lastID: RequestID = 0
        var timer: Scheduled<Void>?
        var timerDue: ContinuousClock.Instant?
    }

    private let state: Mutex<State>
    private let loop: any EventLoop

    init(limits: RateLimits, loop: any EventLoop) {
        state = Mutex(State(limiter: RateLimiter(limits: limits)))
        self.loop = loop
    }

    var waiting: [Int] { state.withLock { $0.limiter.waiting } }

    func newID() -> RequestID {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// Waits until the request may leave.
    ///
    /// - Throws: `.rateLimited` at the deadline, `.overloaded` if the queue is full, `CancellationError`.
    func permit(
        _ id: RequestID,
        route: RequestRoute,
        request: DiscordRequest,
        deadline: ContinuousClock.Instant,
        first: Bool
    ) async throws {
        let group = request.guild?.rawValue ?? UInt64(bitPattern: Int64(route.resource.hashValue))
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isTaken = state.withLock { state in
                    guard !Task.isCancelled else { return false }
                    let isTaken = state.limiter.enqueue(
                        id,
                        route: route,
                        lane: request.lane,
                        group: group,
                        deadline: deadline,
                        first: first
                    )
                    if isTaken { state.callers[id] = continuation }
                    return isTaken
                }
                if isTaken {
                    pump()
                } else if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    continuation.resume(
                        throwing: DiscordRESTError(code: .overloaded, message: "too many requests wait in this lane")
                    )
                }
            }
        } onCancel: {
            let caller = state.withLock { state in
                state.limiter.cancel(id)
                return state.callers.removeValue(forKey: id)
            }
            caller?.resume(throwing: CancellationError())
        }
    }

    /// An answer has come, or none will.
    func completed(_ id: RequestID, _ report: LimitReport) {
        state.withLock { $0.limiter.completed(id, report, .now) }
        pump()
    }

    /// Fails everyone who waits.
    func failAll(_ error: DiscordRESTError) {
        let callers = state.withLock { state in
            state.limiter.drain().compactMap { state.callers.removeValue(forKey: $0) }
        }
        for caller in callers { caller.resume(throwing: error) }
    }

    /// Lets go whoever may leave, fails whoever is too late, and sets the timer for the rest.
    private func pump() {
        let (leaving, late) = state.withLock { state in
            let now = ContinuousClock.now
            let late =
                state.timerDue.map { $0 <= now } ?? false
                ? state.limiter.expired(now).compactMap { state.callers.removeValue(forKey: $0) } : []
            let leaving = state.limiter.next(now).compactMap { state.callers.removeValue(forKey: $0) }
            setTimer(&state, now)
            return (leaving, late)
        }
        for caller in leaving { caller.resume() }
        for caller in late {
            caller.resume(
                throwing: DiscordRESTError(code: .rateLimited, message: "still rate limited when its time was over")
            )
        }
    }

    private func setTimer(_ state: inout State, _ now: ContinuousClock.Instant) {
        guard !state.callers.isEmpty, let due = state.limiter.nextWake(now) else {
            state.timer?.cancel()
            state.timer = nil
            state.timerDue = nil
            return
        }
        if let timerDue = state.timerDue, timerDue <= due, timerDue > now { return }
        state.timer?.cancel()
        state.timerDue = due
        // Rounded up: a timer that fires early would only be set again.
        let delay = max((due - now).nanoseconds, 0) + 1_000_000
        state.timer = loop.scheduleTask(in: .nanoseconds(delay)) { [weak self] in self?.pump() }
    }
}
