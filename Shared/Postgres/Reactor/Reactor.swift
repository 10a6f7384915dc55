import DequeModule
import Glibc
import Synchronization

/// The thread that owns all of a client's connections, as an executor.
///
/// libpq's handles must not be used from two threads at once. They live in an actor whose executor is this thread, so
/// the compiler proves that nothing else touches them. The thread sleeps in `poll(2)`: the handful of descriptors of a
/// pool needs no epoll. Nothing on it may block.
final class Reactor: SerialExecutor {
    private struct State {
        var jobs: Deque<UnownedJob> = []
        var isWoken = false
    }

    private let state = Mutex(State())
    private let owner = Atomic<UInt>(0)
    /// Both ends of a pipe: a byte in it ends `poll`.
    private let wakeRead: Int32
    private let wakeWrite: Int32

    /// - Throws: when the process has no descriptors left.
    init() throws(PostgresError) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw PostgresError(.unavailable, "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        wakeRead = ends[0]
        wakeWrite = ends[1]
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
    }

    deinit {
        close(wakeRead)
        close(wakeWrite)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        wake()
    }

    /// Ends the current or next sleep; cheap when that is already arranged.
    func wake() {
        let mustWrite = state.withLock { state in
            defer { state.isWoken = true }
            return !state.isWoken
        }
        guard mustWrite else { return }
        var byte: UInt8 = 1
        _ = write(wakeWrite, &byte, 1)
    }

    func checkIsolated() {
        precondition(isCurrent, "a connection was used outside its thread")
    }

    func isIsolatingCurrentContext() -> Bool? {
        isCurrent
    }

    private var isCurrent: Bool {
        owner.load(ordering: .relaxed) == currentThread()
    }

    /// Runs until `turn` returns nil. Called once, on the thread that becomes the owner.
    /// - Parameter turn: gets the descriptors that are ready, does what there is to do, and says what to wait for.
    func run(_ turn: ([Readiness]) -> Interest?) {
        owner.store(currentThread(), ordering: .relaxed)
        var ready: [Readiness] = []
        while true {
            runJobs()
            guard let interest = turn(ready) else { break }
            ready = wait(for: interest)
        }
        runJobs()
        owner.store(0, ordering: .relaxed)
    }

    private func runJobs() {
        while let job = state.withLock({ $0.jobs.popFirst() }) {
            job.runSynchronously(on: asUnownedSerialExecutor())
        }
    }

    private func wait(for interest: Interest) -> [Readiness] {
        var descriptors = [pollfd(fd: wakeRead, events: Int16(POLLIN), revents: 0)]
        for watch in interest.watches {
            let events = (watch.wantsRead ? POLLIN : 0) | (watch.wantsWrite ? POLLOUT : 0)
            descriptors.append(pollfd(fd: watch.descriptor, events: Int16(events), revents: 0))
        }
        let count = poll(&descriptors, nfds_t(descriptors.count), interest.milliseconds)
        guard count > 0 else { return [] }
        if descriptors[0].revents != 0 {
            // Emptied before the mark is cleared: whoever finds the mark in between has left its work already, and the
            // work is looked at after this. The other way round a fresh byte could be swallowed with the mark set, and
            // nobody would ever write again.
            var buffer: (UInt64, UInt64) = (0, 0)
            _ = read(wakeRead, &buffer, MemoryLayout.size(ofValue: buffer))
            state.withLock { $0.isWoken = false }
        }
        return zip(interest.watches, descriptors.dropFirst()).compactMap { watch, descriptor in
            guard descriptor.revents != 0 else { return nil }
            let failed = descriptor.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
            return Readiness(
                id: watch.id,
                canRead: failed || descriptor.revents & Int16(POLLIN) != 0,
                canWrite: failed || descriptor.revents & Int16(POLLOUT) != 0
            )
        }
    }
}

/// What the thread waits for.
struct Interest {
    struct Watch {
        let id: ConnectionID
        let descriptor: Int32
        let wantsRead: Bool
        let wantsWrite: Bool
    }

    var watches: [Watch] = []
    /// The longest sleep; -1 is for ever.
    var milliseconds: Int32 = -1
}

/// A descriptor that `poll` found ready.
struct Readiness {
    let id: ConnectionID
    let canRead: Bool
    let canWrite: Bool
}

private func currentThread() -> UInt {
    pthread_self()
}

/// A thread that runs one closure and ends.
enum OwnedThread {
    /// Starts the thread, detached.
    /// - Throws: code `unavailable` when the system has no threads left.
    static func start(_ body: @escaping @Sendable () -> Void) throws(PostgresError) {
        let box = Unmanaged.passRetained(Box(body: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            },
            box.toOpaque()
        )
        guard code == 0 else {
            box.release()
            throw PostgresError(.unavailable, "cannot start a thread: \(String(cString: strerror(code)))")
        }
        pthread_detach(thread)
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void

        init(body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }
}
