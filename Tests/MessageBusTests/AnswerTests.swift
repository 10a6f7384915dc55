import BusContract
import BusCore
import MessageBus
import ServiceKit
import TestSupport
import Testing

/// Requests that are answered on the socket thread.
@Suite(.timeLimit(.minutes(1))) struct AnswerTests {
    @Test func repliesAndErrorsComeBackAsFromTasks() async throws {
        try await withMessageTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.moderation) { moderation in
                    try await withBackground {
                        try await gateway.answer(Add.self) { request, context in
                            guard request.left != 13 else { throw RequestFailure(code: "thirteen", message: "no") }
                            #expect(context.caller == .moderation)
                            return Sum(value: request.left + request.right)
                        }
                    } body: {
                        try await withThrowingTaskGroup(of: Void.self) { group in
                            for number in 0..<500 where number != 13 {
                                group.addTask {
                                    let add = Add(left: number, right: 1)
                                    let sum = try await moderation.request(add, timeout: .seconds(20))
                                    #expect(sum.value == number + 1)
                                }
                            }
                            try await group.waitForAll()
                        }
                        let error = await #expect(throws: BusError.self) {
                            try await moderation.request(Add(left: 13, right: 1), timeout: .seconds(20))
                        }
                        #expect(error?.code == .failed(code: "thirteen"))
                    }
                }
            }
        }
    }

    @Test func anAddressIsFreeAgainAfterwards() async throws {
        try await withMessageTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.moderation) { moderation in
                    for round in 1...3 {
                        try await withBackground {
                            try await gateway.answer(Add.self) { request, _ in Sum(value: request.left * round) }
                        } body: {
                            let sum = try await moderation.request(Add(left: 2, right: 0), timeout: .seconds(20))
                            #expect(sum.value == 2 * round)
                            await #expect(throws: BusError.self) {
                                try await gateway.answer(Add.self) { _, _ in Sum(value: 0) }
                            }
                        }
                    }
                }
            }
        }
    }
}
