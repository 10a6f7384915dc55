import BusContract
import BusCore
import MessageBus
import ServiceKit
import TestSupport
import Testing
import ZeroMQ

/// Requests when workers die, the switchboard restarts, or peers lie; over real sockets.
@Suite(.timeLimit(.minutes(1))) struct RequestFailureTests {
    @Test func manyRequestsAtOnceAreAllAnswered() async throws {
        try await withMessageTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.moderation) { moderation in
                    try await withBackground {
                        try await gateway.serve(Add.self, capacity: 4) { request, _ in
                            Sum(value: request.left + request.right)
                        }
                    } body: {
                        try await withThrowingTaskGroup(of: Bool.self) { group in
                            for number in 0..<500 {
                                group.addTask {
                                    let sum = try await moderation.request(
                                        Add(left: number, right: 1),
                                        timeout: .seconds(20)
                                    )
                                    return sum.value == number + 1
                                }
                            }
                            for try await isRight in group { #expect(isRight) }
                        }
                    }
                }
            }
        }
    }

    @Test func aKilledWorkersRequestGoesToAnother() async throws {
        try await withMessageTestBus { bus in
            try await bus.withConnection(.moderation) { caller in
                var doomed: RawPeer? = try RawPeer(.dealer, bus.endpoints.requests, role: "music")
                try await doomed?.greet(client: 77)
                try await doomed?.serve(Add.typeName, credit: 5)
                let sum = Task { try await caller.request(Add(left: 1, right: 2), timeout: .seconds(20)) }
                _ = try await doomed?.receive(.request)
                doomed = nil
                try await bus.withConnection(.gateway) { gateway in
                    try await withBackground {
                        try await gateway.serve(Add.self) { request, _ in Sum(value: request.left + request.right) }
                    } body: {
                        let result = await sum.result
                        let value = try result.get().value
                        #expect(value == 3)
                    }
                }
            }
        }
    }

    @Test func aKilledWorkersOnceRequestIsUnknown() async throws {
        try await withMessageTestBus { bus in
            try await bus.withConnection(.moderation) { caller in
                var doomed: RawPeer? = try RawPeer(.dealer, bus.endpoints.requests, role: "music")
                try await doomed?.greet(client: 77)
                try await doomed?.serve(Pay.typeName, credit: 5)
                let sum = Task { try await caller.request(Pay(amount: 1), timeout: .seconds(20)) }
                _ = try await doomed?.receive(.request)
                doomed = nil
                let result = await sum.result
                let error = #expect(throws: BusError.self) { try result.get() }
                #expect(error?.code == .outcomeUnknown)
            }
        }
    }

    @Test func afterARestartRepeatableRequestsAreAnsweredAndOnceIsUnknown() async throws {
        let folder = temporaryBusFolder()
        defer { removeBusFolder(folder) }
        var configuration = SwitchboardConfiguration(endpoints: .ipc(directory: folder))
        configuration.policy = AccessPolicy.contract.adding(
            topics: [],
            servers: [Add.typeName: Add.servers, Pay.typeName: Pay.servers]
        )
        let bus = TestBus(
            endpoints: configuration.endpoints,
            configuration: configuration,
            metrics: MetricsRegistry(instance: .init(service: .bus))
        )
        let handled = Tally()
        let gate = Signal()
        try await bus.withConnection(.gateway) { gateway in
            try await bus.withConnection(.moderation) { caller in
                try await withBackground {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            try await gateway.serve(Add.self) { request, _ in
                                handled.add()
                                await gate.wait()
                                return Sum(value: request.left + request.right)
                            }
                        }
                        group.addTask {
                            try await gateway.serve(Pay.self) { request, _ in
                                guard request.amount == 1 else { return Sum(value: 0) }
                                handled.add()
                                await gate.wait()
                                return Sum(value: 0)
                            }
                        }
                        try await group.waitForAll()
                    }
                } body: {
                    // Waits for a switchboard that is not there yet.
                    let sum = Task { try await caller.request(Add(left: 2, right: 3), timeout: .seconds(30)) }
                    let paid = Task { try await caller.request(Pay(amount: 1), timeout: .seconds(30)) }
                    try await withSwitchboard(bus) {
                        try await eventually("both are being handled") {
                            handled.count == 2
                        }
                    }
                    try await withSwitchboard(bus) {
                        let payment = await paid.result
                        let error = #expect(throws: BusError.self) { try payment.get() }
                        #expect(error?.code == .outcomeUnknown)
                        // Answered by the same worker, who has then told the new switchboard what it is at: the reply to a
                        // request of which the switchboard knows nothing yet would be lost, and the request repeated.
                        _ = try await caller.request(Pay(amount: 2), timeout: .seconds(30))
                        gate.set()
                        let result = await sum.result
                        let value = try result.get().value
                        #expect(value == 5)
                        // The handler ran once: the new switchboard was told that it runs.
                        #expect(handled.count == 2)
                    }
                }
            }
        }
    }

    @Test func aWorkerWhoseReplyCameBackFromANewSwitchboardIsAskedAgain() async throws {
        let folder = temporaryBusFolder()
        defer { removeBusFolder(folder) }
        var configuration = SwitchboardConfiguration(endpoints: .ipc(directory: folder))
        configuration.policy = AccessPolicy.contract.adding(topics: [], servers: [Add.typeName: Add.servers])
        let bus = TestBus(
            endpoints: configuration.endpoints,
            configuration: configuration,
            metrics: MetricsRegistry(instance: .init(service: .bus))
        )
        let handled = Tally()
        let gate = Signal()
        try await bus.withConnection(.gateway) { gateway in
            try await bus.withConnection(.moderation) { caller in
                try await withBackground {
                    try await gateway.serve(Add.self) { request, _ in
                        handled.add()
                        await gate.wait()
                        return Sum(value: request.left + request.right)
                    }
                } body: {
                    let first = Task { try await caller.request(Add(left: 2, right: 3), timeout: .seconds(30)) }
                    try await withSwitchboard(bus) {
                        try await eventually("it is being handled") { handled.count == 1 }
                    }
                    // The reply is the first that the next switchboard hears of the worker.
                    gate.set()
                    try await withSwitchboard(bus) {
                        #expect(try await first.value.value == 5)
                        let second = try await caller.request(Add(left: 4, right: 5), timeout: .seconds(10))
                        #expect(second.value == 9)
                    }
                }
            }
        }
    }

    @Test func aRepeatedKeyIsDoneOnce() async throws {
        try await withMessageTestBus { bus in
            let done = Tally()
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.moderation) { caller in
                    try await withBackground {
                        try await gateway.serve(Add.self) { request, context in
                            #expect(context.key == "k")
                            done.add()
                            return Sum(value: request.left)
                        }
                    } body: {
                        for _ in 0..<3 {
                            let sum = try await caller.request(Add(left: 8, right: 0), timeout: .seconds(20), key: "k")
                            #expect(sum.value == 8)
                        }
                        #expect(done.count == 1)
                    }
                }
            }
        }
    }

    @Test func workersComeAndGoUnderLoadWithoutAFailedRequest() async throws {
        try await withMessageTestBus { bus in
            try await bus.withConnection(.moderation) { caller in
                try await bus.withConnection(.gateway) { steady in
                    try await withBackground {
                        try await steady.serve(Add.self, capacity: 8) { request, _ in Sum(value: request.left) }
                    } body: {
                        try await withBackground {
                            // A second worker that joins and leaves all the time.
                            while !Task.isCancelled {
                                try await bus.withConnection(.music) { passing in
                                    try await withBackground {
                                        try await passing.serve(Add.self, capacity: 8) { request, _ in
                                            Sum(value: request.left)
                                        }
                                    } body: {
                                        _ = try? await caller.request(Add(left: 0, right: 0), timeout: .seconds(20))
                                    }
                                }
                            }
                        } body: {
                            try await withThrowingTaskGroup(of: Void.self) { group in
                                for _ in 0..<8 {
                                    group.addTask {
                                        for number in 0..<100 {
                                            let sum = try await caller.request(
                                                Add(left: number, right: 0),
                                                timeout: .seconds(20)
                                            )
                                            #expect(sum.value == number)
                                        }
                                    }
                                }
                                try await group.waitForAll()
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func aHandlersReasonReachesTheCallerAndItsBugsDoNot() async throws {
        struct Bug: Error {}
        try await withMessageTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.moderation) { caller in
                    try await withBackground {
                        try await gateway.serve(Add.self) { request, _ in
                            if request.left == 0 { throw RequestFailure(code: "nothing-to-add", message: "left is 0") }
                            throw Bug()
                        }
                    } body: {
                        var error = await #expect(throws: BusError.self) {
                            _ = try await caller.request(Add(left: 0, right: 0), timeout: .seconds(20))
                        }
                        #expect(error == BusError(.failed(code: "nothing-to-add"), "left is 0"))
                        error = await #expect(throws: BusError.self) {
                            _ = try await caller.request(Add(left: 1, right: 0), timeout: .seconds(20))
                        }
                        #expect(error?.code == .failed(code: "internal"))
                        #expect(error?.message.contains("Bug") == false)
                    }
                }
            }
        }
    }

    @Test func aPayloadThatIsNoMessageIsAnsweredAsMalformed() async throws {
        try await withMessageTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.moderation) { caller in
                    try await withBackground {
                        try await gateway.serve(Add.self) { request, _ in Sum(value: request.left) }
                    } body: {
                        let error = await #expect(throws: BusError.self) {
                            _ = try await caller.request(
                                header: Header(),
                                payload: Array("}{".utf8),
                                to: Add.address,
                                repetition: .repeatable,
                                timeout: .seconds(20)
                            )
                        }
                        #expect(error?.code == .malformed)
                    }
                }
            }
        }
    }
}
