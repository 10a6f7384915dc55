import CZeroMQ
import Glibc
import Synchronization

/// The one thread of a process that owns its sockets, as the executor of the actor that holds them.
///
/// An actor whose `unownedExecutor` is this executor runs nowhere else, and so do all accesses to its sockets. Between
/// the actor's jobs the thread calls `turn`, which does the actor's regular work (usually inside `assumeIsolated`) and
/// sleeps in a `PollSet` that contains the `doorbell`.
///
/// Jobs that arrive after `turn` has ended the thread still run, on a thread that is started for them: their awaiters
/// must not hang, and by then the sockets are closed.
package final class SocketThread: SerialExecutor {
    private struct State {
        var jobs: [Job] = []
        var phase = Phase.waiting
    }

    private struct Job {
        let job: UnownedJob
        /// Through which it came; nil: as a job of an actor.
        let tasks: UnownedTaskExecutor?
    }

    private enum Phase {
        case waiting
        case running
        case ended
        /// Ended, and some thread is running late jobs at this moment.
        case endedDraining
    }

    private let state = Mutex(State())
    private let runningThread = Atomic<UInt>(0)
    private let name: String

    /// Rings when a job arrives; whoever hands the thread other work rings it too.
    package let doorbell: Doorbell

    /// - Parameter name: shown by `top -H` and debuggers; cut to 15 bytes.
    package init(name: String) throws(ZeroMQError) {
        self.name = String(decoding: name.utf8.prefix(15), as: UTF8.self)
        self.doorbell = try Doorbell()
    }

    /// Starts the thread; a second call does nothing.
    ///
    /// - Parameters:
    ///   - turn: one round of work and sleep, called again until it returns false.
    ///   - ended: called once on the thread after the last turn.
    package func start(turn: @escaping @Sendable () -> Bool, ended: @escaping @Sendable () -> Void) throws(ZeroMQError)
    {
        let isFirst = state.withLock { state in
            guard state.phase == .waiting else { return false }
            state.phase = .running
            return true
        }
        guard isFirst else { return }
        try startThread {
            self.loop(turn)
            ended()
        }
    }

    private func startThread(_ run: @escaping @Sendable () -> Void) throws(ZeroMQError) {
        let body = Unmanaged.passRetained(ThreadBody(run))
        var thread = pthread_t()
        let result = pthread_create(&thread, nil, { runThreadBody($0) }, body.toOpaque())
        guard result == 0 else {
            body.release()
            throw ZeroMQError(number: result, operation: "start the socket thread")
        }
        pthread_setname_np(thread, name)
        pthread_detach(thread)
    }

    /// Whether jobs wait: `turn` asks after it has armed the doorbell, and does not sleep then.
    package var hasJobs: Bool {
        state.withLock { !$0.jobs.isEmpty }
    }

    private func loop(_ turn: @Sendable () -> Bool) {
        runningThread.store(UInt(pthread_self()), ordering: .sequentiallyConsistent)
        var jobs: [Job] = []
        // The first turn comes before any job, so that jobs find the sockets open.
        while turn() {
            state.withLock { swap(&$0.jobs, &jobs) }
            run(&jobs)
        }
        state.withLock { $0.phase = .endedDraining }
        drainLateJobs()
    }

    private func run(_ jobs: inout [Job]) {
        let serial = asUnownedSerialExecutor()
        for entry in jobs {
            if let tasks = entry.tasks {
                entry.job.runSynchronously(isolatedTo: serial, taskExecutor: tasks)
            } else {
                entry.job.runSynchronously(on: serial)
            }
        }
        jobs.removeAll(keepingCapacity: true)
    }

    /// Runs jobs that arrived after the end, until there are none.
    private func drainLateJobs() {
        runningThread.store(UInt(pthread_self()), ordering: .sequentiallyConsistent)
        var jobs: [Job] = []
        while true {
            let isDone = state.withLock { state in
                swap(&state.jobs, &jobs)
                guard jobs.isEmpty else { return false }
                runningThread.store(0, ordering: .sequentiallyConsistent)
                state.phase = .ended
                return true
            }
            if isDone { return }
            run(&jobs)
        }
    }

    // MARK: SerialExecutor

    package func enqueue(_ job: consuming ExecutorJob) {
        enqueue(Job(job: UnownedJob(job), tasks: nil))
    }

    fileprivate func enqueue(_ job: consuming ExecutorJob, through tasks: UnownedTaskExecutor) {
        enqueue(Job(job: UnownedJob(job), tasks: tasks))
    }

    private func enqueue(_ job: Job) {
        // Once the job is in the list it may run, end, and free the actor that keeps us alive.
        let doorbell = self.doorbell
        let needsThread = state.withLock { state in
            state.jobs.append(job)
            guard state.phase == .ended else { return false }
            state.phase = .endedDraining
            return true
        }
        guard needsThread else {
            doorbell.ring()
            return
        }
        do {
            try startThread { self.drainLateJobs() }
        } catch {
            // Not even a thread is left: the job waits for the next attempt.
            state.withLock { $0.phase = .ended }
        }
    }

    package func checkIsolated() {
        precondition(isOnThread, "sockets belong to the thread \(name)")
    }

    package func isIsolatingCurrentContext() -> Bool? {
        isOnThread
    }

    private var isOnThread: Bool {
        runningThread.load(ordering: .sequentiallyConsistent) == UInt(pthread_self())
    }
}

/// The socket thread as the preferred executor of tasks.
///
/// An actor's executor alone is not enough for a task that waits often: Swift resumes a continuation on the shared pool,
/// and only from there does the task come back to its actor, two changes of threads for one. A task that prefers this
/// executor is resumed on the thread at once. All of its code that is not bound to another actor runs there too, that of
/// `@concurrent` functions included.
package final class SocketTasks: TaskExecutor {
    private let thread: SocketThread

    package init(_ thread: SocketThread) {
        self.thread = thread
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        thread.enqueue(job, through: asUnownedTaskExecutor())
    }
}

/// Carries a closure through pthread_create's pointer.
private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}

private func runThreadBody(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let pointer else { return nil }
    Unmanaged<ThreadBody>.fromOpaque(pointer).takeRetainedValue().run()
    return nil
}
