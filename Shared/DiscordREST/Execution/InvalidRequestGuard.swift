import Synchronization

/// The budget of invalid requests, shared by the bots of this process: Discord counts them by address.
///
/// What happened before this process, or in others on the same address, is told by whoever keeps the common count
/// (`unsaved`, `saved`); without it the guard knows of its own alone.
package final class InvalidRequestGuard: Sendable {
    private struct State {
        var budget: InvalidRequestBudget
        /// Noted, and not in the common count yet.
        var unsaved = 0
    }

    /// Invalid answers in ten minutes at which sending stops.
    package let ceiling: Int
    private let state: Mutex<State>
    private let onNote: AsyncStream<Void>.Continuation
    /// One element when there is something to save. It has one consumer.
    package let notes: AsyncStream<Void>

    /// - Parameter ceiling: invalid answers in ten minutes at which sending stops (Discord's own is 10,000).
    package init(ceiling: Int = 5000) {
        self.ceiling = ceiling
        state = Mutex(State(budget: InvalidRequestBudget(ceiling: ceiling, now: .now)))
        (notes, onNote) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether nothing may be sent.
    package var isExhausted: Bool {
        state.withLock { $0.budget.isExhausted(.now) }
    }

    /// Invalid answers of the last ten minutes.
    package var count: Int {
        state.withLock { $0.budget.count(.now) }
    }

    /// Takes what the common count does not have yet; give it back by `returned` if it could not be saved.
    package func takeUnsaved() -> Int {
        state.withLock { state in
            defer { state.unsaved = 0 }
            return state.unsaved
        }
    }

    /// The common count could not be reached.
    package func returned(_ count: Int) {
        state.withLock { $0.unsaved += count }
    }

    /// The common count of the last ten minutes, ours included.
    package func saved(total: Int) {
        state.withLock { $0.budget.noteAll(total, .now) }
    }

    package func note() {
        state.withLock { state in
            state.budget.note(.now)
            state.unsaved += 1
        }
        onNote.yield()
    }
}
