import BusContract
import BusCore
import DiscordModel
import MessageBus
import ServiceKit
import TestSupport
import Testing

/// Calls at the edges of a connection's life are answered, never left hanging.
@Suite struct LifecycleTests {
    @Test func callsAfterTheEndAreRefused() async throws {
        try await withTestBus { bus in
            let left = try await bus.withConnection(.moderation) { $0 }
            await #expect(throws: BusError.self) {
                _ = try await left.request(QueryGuild(guild: GuildID(1)), timeout: .seconds(30))
            }
            try await left.withSubscription([.all]) { subscription in
                for await _ in subscription { Issue.record("an event after the end") }
            }
            try await left.serve(QueryGuild.self) { _, _ in throw RequestFailure(code: "", message: "") }
            #expect(
                left.publish(topic: Topic(rawValue: "head."), header: .init(), payload: .init(start: nil, count: 0))
                    == false
            )
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func startingAndLeavingUnderUseLeavesNobodyHanging() async throws {
        try await withTestBus { bus in
            for _ in 0..<20 {
                try await bus.withConnection(.moderation) { connection in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<8 {
                            group.addTask {
                                _ = try? await connection.request(
                                    QueryGuild(guild: GuildID(1)),
                                    timeout: .milliseconds(5)
                                )
                                try await connection.withSubscription([.all]) { _ in }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
        }
    }

    @Test func anUnansweredRequestEndsAtItsDeadline() async throws {
        try await withTestBus { bus in
            try await bus.withConnection(.moderation) { connection in
                let start = ContinuousClock.now
                let error = await #expect(throws: BusError.self) {
                    _ = try await connection.request(QueryGuild(guild: GuildID(1)), timeout: .seconds(1))
                }
                #expect(error?.code == .noWorker)
                #expect(start.duration(to: .now) < .seconds(5))
            }
        }
    }

    @Test func withoutASwitchboardARequestTimesOut() async throws {
        let bus = TestBus(
            endpoints: .ipc(directory: temporaryBusFolder()),
            configuration: .init(endpoints: .ipc(directory: temporaryBusFolder())),
            metrics: .init(instance: .init(service: .bus))
        )
        try await bus.withConnection(.moderation) { connection in
            let error = await #expect(throws: BusError.self) {
                _ = try await connection.request(QueryGuild(guild: GuildID(1)), timeout: .milliseconds(100))
            }
            #expect(error?.code == .timeout)
        }
    }

    @Test func aCancelledCallerIsTold() async throws {
        try await withTestBus { bus in
            try await bus.withConnection(.moderation) { connection in
                let asking = Task {
                    try await connection.request(QueryGuild(guild: GuildID(1)), timeout: .seconds(60))
                }
                asking.cancel()
                let error = await #expect(throws: BusError.self) { _ = try await asking.value }
                #expect(error?.code == .cancelled)
            }
        }
    }
}
