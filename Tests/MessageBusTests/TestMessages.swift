import BusContract
import BusCore
import MessageBus
import TestSupport

/// A request that may be done twice.
struct Add: BusRequest {
    typealias Reply = Sum
    static let typeName = "test.Add"
    static let repetition = Repetition.repeatable
    static let servers: Set<ServiceRole> = [.gateway, .music]
    var left: Int
    var right: Int
}

/// A request that may not.
struct Pay: BusRequest {
    typealias Reply = Sum
    static let typeName = "test.Pay"
    static let repetition = Repetition.once
    static let servers: Set<ServiceRole> = [.gateway, .music]
    var amount: Int
}

struct Sum: BusMessage {
    static let typeName = "test.Sum"
    var value: Int
}

/// A switchboard that knows the test messages too.
func withMessageTestBus<R>(
    configure: (inout SwitchboardConfiguration) -> Void = { _ in },
    _ body: (TestBus) async throws -> R
) async throws -> R {
    try await withTestBus { configuration in
        configuration.policy = AccessPolicy.contract.adding(
            topics: [.init(prefix: "test.", publisher: .gateway)],
            servers: [Add.typeName: Add.servers, Pay.typeName: Pay.servers]
        )
        configure(&configuration)
    } _: {
        try await body($0)
    }
}
