import CZeroMQ
import Glibc
import Synchronization

/// Wakes a thread that sleeps in `PollSet.wait`, from any thread.
///
/// Ringing costs a system call only while the sleeper has said that it is about to sleep: between `arm` and the next
/// `ring`. The sleeper arms, then looks at its queues once more, then waits; whoever fills a queue rings afterwards.
package final class Doorbell: Sendable {
    /// What may wake the sleeper.
    package enum Urgency: UInt8, AtomicRepresentable, Sendable {
        /// Work that can wait until a rest is over.
        case patient
        case urgent
        /// Nothing: it is awake, or has been woken.
        case never
    }

    let descriptor: Int32
    /// The least urgency that wakes.
    private let threshold = Atomic<Urgency>(.never)

    package init() throws(ZeroMQError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard descriptor >= 0 else { throw ZeroMQError(number: errno, operation: "make an eventfd") }
    }

    deinit {
        close(descriptor)
    }

    /// Announces that the owner will sleep unless it still finds work.
    ///
    /// - Parameter urgency: the least that shall wake it.
    package func arm(for urgency: Urgency = .patient) {
        threshold.store(urgency, ordering: .sequentiallyConsistent)
    }

    /// The owner found work and will not sleep.
    package func disarm() {
        threshold.store(.never, ordering: .relaxed)
    }

    package func ring(_ urgency: Urgency = .urgent) {
        // Most rings happen while the owner is awake; the plain load spares them the exchange of the cache line.
        guard urgency.rawValue >= threshold.load(ordering: .sequentiallyConsistent).rawValue,
            threshold.exchange(.never, ordering: .sequentiallyConsistent) != .never
        else { return }
        var one: UInt64 = 1
        // Fails only when the counter is full, and then the sleeper is awake anyway.
        _ = write(descriptor, &one, 8)
    }

    func silence() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}
