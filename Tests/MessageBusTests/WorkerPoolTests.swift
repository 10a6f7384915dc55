import BusContract
import DiscordModel
import Foundation
import MessageBus
import ServiceKit
import Synchronization
import TestSupport
import Testing

/// Workers in processes of their own that are killed, frozen, added and removed while requests come.
///
/// Each request has the deadline that it would have without any of this.
@Suite(.serialized, .timeLimit(.minutes(5))) struct WorkerPoolTests {
    /// What callers allow a fact about a guild, see `WorkerScout` in Music.
    private static let deadline: Duration = .seconds(2)

    /// A worker of ours in a process of its own: echoes after a time.
    private final class WorkerProcess: Sendable {
        private let process: Process

        init(_ bus: TestBus, capacity: Int, milliseconds: Int) throws {
            process = Process()
            process.executableURL = BuiltProducts.executable("bench-bus")
            let folder = try #require(bus.endpoints.ipcDirectory)
            process.arguments = ["work", folder, "\(capacity)", "\(milliseconds)"]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
        }

        deinit {
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }

        func signal(_ number: Int32) { kill(process.processIdentifier, number) }

        /// Nil while it runs.
        var exitCode: Int32? { process.isRunning ? nil : process.terminationStatus }
    }

    /// How requests went.
    private final class Record: Sendable {
        private let state = Mutex((answered: 0, failures: [String]()))

        var answered: Int { state.withLock { $0.answered } }
        var failures: [String] { state.withLock { $0.failures } }

        func add(_ failure: String?) {
            state.withLock { state in
                if let failure { state.failures.append(failure) } else { state.answered += 1 }
            }
        }
    }

    private final class Flag: Sendable {
        private let state = Atomic<Bool>(false)

        var isSet: Bool { state.load(ordering: .relaxed) }

        func set() { state.store(true, ordering: .relaxed) }
    }

    private func count(_ bus: TestBus, _ name: String, kind: String? = nil) -> Int {
        bus.metrics.counter(name, help: "", labels: kind.map { ["kind": $0] } ?? [:]).current
    }

    /// Echoes a number, and checks that it is the reply to this request.
    private static func ask(_ number: Int, _ connection: BusConnection, timeout: Duration) async -> String? {
        let payload = Array("\(number)".utf8)
        do {
            let reply = try await connection.request(
                header: Header(),
                payload: payload,
                to: QueryGuild.address,
                repetition: .repeatable,
                timeout: timeout
            )
            return reply == payload ? nil : "another's reply"
        } catch {
            return "\(error)"
        }
    }

    /// Asks from `callers` tasks, one request after the other in each, while `body` runs; then waits for the last replies.
    private func underLoad(_ bus: TestBus, callers: Int, _ body: (Record) async throws -> Void) async throws -> Record {
        let record = Record()
        let isOver = Flag()
        try await bus.withConnection(.moderation) { connection in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<callers {
                    group.addTask {
                        var number = caller
                        while !isOver.isSet {
                            record.add(await Self.ask(number, connection, timeout: Self.deadline))
                            number += callers
                        }
                    }
                }
                defer { isOver.set() }
                try await body(record)
            }
        }
        return record
    }

    /// Waits until so many more have been answered.
    private func answered(_ more: Int, _ record: Record, _ what: String) async throws {
        let before = record.answered
        try await eventually(what) { record.answered >= before + more }
    }

    /// Replies in one second.
    private func rate(_ record: Record) async throws -> Double {
        let (start, before) = (ContinuousClock.now, record.answered)
        try await eventually("a second is over") { start.duration(to: .now) >= .seconds(1) }
        return Double(record.answered - before) / start.duration(to: .now).seconds
    }

    // MARK: Dying

    @Test func aKilledProcesssRequestGoesToAnotherBeforeItsDeadline() async throws {
        try await withTestBus { bus in
            try await bus.withConnection(.moderation) { connection in
                // It would take an hour.
                let doomed = try WorkerProcess(bus, capacity: 4, milliseconds: 3_600_000)
                async let failure = Self.ask(7, connection, timeout: .seconds(20))
                try await eventually("it is at work") { count(bus, "bus_switch_requests_total") == 1 }
                let other = try WorkerProcess(bus, capacity: 4, milliseconds: 1)
                doomed.signal(SIGKILL)
                let killed = ContinuousClock.now
                #expect(await failure == nil)
                // A quarter of a second until it is noticed, and what the other takes to start.
                #expect(killed.duration(to: .now) < .seconds(10))
                #expect(count(bus, "bus_switch_broker_notes_total", kind: "resent") == 1)
                _ = other
            }
        }
    }

    @Test func oneOfThreeKilledUnderLoadFailsNothing() async throws {
        try await withTestBus { bus in
            let workers = try (0..<3).map { _ in try WorkerProcess(bus, capacity: 4, milliseconds: 5) }
            let record = try await underLoad(bus, callers: 24) { record in
                try await answered(500, record, "the pool is at work")
                workers[0].signal(SIGKILL)
                try await eventually("it is missed") {
                    count(bus, "bus_switch_broker_notes_total", kind: "worker-lost") == 1
                }
                try await answered(500, record, "the others go on")
            }
            #expect(record.failures.isEmpty, "\(record.failures.prefix(5))")
            #expect(count(bus, "bus_switch_broker_notes_total", kind: "resent") >= 1)
            #expect(count(bus, "bus_switch_replies_total") == record.answered)
        }
    }

    @Test func aFrozenWorkerFailsNothingAndAnswersNobodyTwice() async throws {
        try await withTestBus { bus in
            let workers = try (0..<3).map { _ in try WorkerProcess(bus, capacity: 4, milliseconds: 5) }
            defer { workers[0].signal(SIGCONT) }
            let record = try await underLoad(bus, callers: 24) { record in
                try await answered(500, record, "the pool is at work")
                workers[0].signal(SIGSTOP)
                try await eventually("others do its work") {
                    count(bus, "bus_switch_broker_notes_total", kind: "worker-silent") == 1
                }
                try await eventually("it is given up") {
                    count(bus, "bus_switch_broker_notes_total", kind: "worker-lost") == 1
                        || count(bus, "bus_switch_broker_notes_total", kind: "peer-lost") == 1
                }
                workers[0].signal(SIGCONT)
                try await eventually("its answers come, too late") {
                    count(bus, "bus_switch_broker_notes_total", kind: "late-reply") >= 1
                }
                try await answered(500, record, "all go on")
            }
            #expect(record.failures.isEmpty, "\(record.failures.prefix(5))")
            #expect(count(bus, "bus_switch_replies_total") == record.answered)
        }
    }

    // MARK: Coming and going

    @Test func anAddedWorkerIsUsedWithinFiveSeconds() async throws {
        try await withTestBus { bus in
            // Four at a time of 20 ms each: 200 a second for each worker.
            let first = try WorkerProcess(bus, capacity: 4, milliseconds: 20)
            let record = try await underLoad(bus, callers: 16) { record in
                try await answered(50, record, "the first is at work")
                let before = try await rate(record)
                let start = ContinuousClock.now
                let second = try WorkerProcess(bus, capacity: 4, milliseconds: 20)
                var after = 0.0
                while after < 1.7 * before, start.duration(to: .now) < .seconds(5) { after = try await rate(record) }
                #expect(after >= 1.7 * before, "\(before) a second, then \(after)")
                _ = second
            }
            #expect(record.failures.isEmpty, "\(record.failures.prefix(5))")
            _ = first
        }
    }

    @Test func aWorkerThatIsStoppedUnderLoadFailsNothing() async throws {
        try await withTestBus { bus in
            let workers = try (0..<2).map { _ in try WorkerProcess(bus, capacity: 4, milliseconds: 5) }
            let record = try await underLoad(bus, callers: 16) { record in
                try await answered(300, record, "the pool is at work")
                workers[0].signal(SIGTERM)
                try await eventually("it has left") { workers[0].exitCode != nil }
                #expect(workers[0].exitCode == 0)
                try await answered(300, record, "the other goes on")
            }
            #expect(record.failures.isEmpty, "\(record.failures.prefix(5))")
            // It left in order: nothing was lost and done again.
            #expect(count(bus, "bus_switch_broker_notes_total", kind: "worker-lost") == 0)
            #expect(count(bus, "bus_switch_replies_total") == record.answered)
        }
    }
}
