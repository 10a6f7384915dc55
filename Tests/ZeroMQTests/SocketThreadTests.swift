import Synchronization
import TestSupport
import Testing
import ZeroMQ

/// The executor: everything of its actor runs on one thread, and nothing hangs at the edges.
@Suite(.timeLimit(.minutes(1))) struct SocketThreadTests {
    /// An actor on a socket thread that counts its turns.
    private actor Owner {
        nonisolated let thread: SocketThread
        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
        private var pollSet: PollSet
        private var calls = 0
        private nonisolated let mayEnd = Atomic<Bool>(false)

        init() throws {
            thread = try SocketThread(name: "test")
            pollSet = PollSet(doorbell: thread.doorbell)
        }

        nonisolated func start() throws {
            try thread.start {
                self.assumeIsolated { $0.turn() }
            } ended: {
            }
        }

        nonisolated func end() {
            mayEnd.store(true, ordering: .sequentiallyConsistent)
            thread.doorbell.ring()
        }

        private func turn() -> Bool {
            guard !mayEnd.load(ordering: .sequentiallyConsistent) else { return false }
            thread.doorbell.arm()
            // A day: only the doorbell can wake it in time.
            let wait: Duration =
                thread.hasJobs || mayEnd.load(ordering: .sequentiallyConsistent) ? .zero : .seconds(86_400)
            try? pollSet.wait(wait, doorbell: thread.doorbell)
            return true
        }

        func call() -> Int {
            thread.preconditionIsolated()
            preconditionIsolated()
            calls += 1
            return calls
        }
    }

    @concurrent
    private static func isOn(_ thread: SocketThread) async -> Bool {
        thread.isIsolatingCurrentContext() == true
    }

    @Test func aTaskThatPrefersTheThreadIsResumedOnItAndMayLeaveIt() async throws {
        let owner = try Owner()
        try owner.start()
        let thread = owner.thread
        let (resumed, concurrent, elsewhere, again) = await Task(executorPreference: SocketTasks(thread)) {
            await withCheckedContinuation { continuation in
                // From the shared pool.
                Task.detached { continuation.resume() }
            }
            let resumed = thread.isIsolatingCurrentContext() == true
            let concurrent = await Self.isOn(thread)
            let elsewhere = await withTaskExecutorPreference(globalConcurrentExecutor) { await Self.isOn(thread) }
            return (resumed, concurrent, elsewhere, await Self.isOn(thread))
        }.value
        #expect(resumed && concurrent && again)
        #expect(!elsewhere)
        owner.end()
    }

    @Test func aJobThatComesWhenTheThreadHasEndedStillRuns() async throws {
        let owner = try Owner()
        try owner.start()
        let tasks = SocketTasks(owner.thread)
        owner.end()
        for _ in 0..<100 {
            let sum = await Task(executorPreference: tasks) { await owner.call() }.value
            #expect(sum > 0)
        }
    }

    @Test func manyTasksCallOneAfterTheOther() async throws {
        let owner = try Owner()
        try owner.start()
        let results = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<1000 { group.addTask { await owner.call() } }
            return await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(results == Set(1...1000))
        owner.end()
    }

    @Test func callsBeforeTheStartAndAfterTheEndAreServed() async throws {
        let owner = try Owner()
        async let early = owner.call()
        try owner.start()
        #expect(await early == 1)
        owner.end()
        // Whether these meet the thread, its end or a thread of their own: all are served.
        for number in 2...50 { #expect(await owner.call() == number) }
    }

    @Test func elsewhereIsNotIsolated() throws {
        let owner = try Owner()
        #expect(owner.thread.isIsolatingCurrentContext() == false)
    }
}
