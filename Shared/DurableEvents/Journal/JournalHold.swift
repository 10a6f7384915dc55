import Synchronization

/// The promise to write an event down elsewhere than in the journal. Released once; at the latest when nobody has it any
/// more, so that a journal is never held for good.
package final class JournalHold: Sendable {
    private let action: Mutex<(@Sendable () -> Void)?>

    init(_ action: @escaping @Sendable () -> Void) {
        self.action = Mutex(action)
    }

    deinit {
        release()
    }

    /// It is written, or there is nothing left to write.
    package func release() {
        let action = action.withLock { action in
            defer { action = nil }
            return action
        }
        action?()
    }
}
