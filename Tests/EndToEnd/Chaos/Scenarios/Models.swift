/// What language models do.
extension Scenario {
    static let models: [Scenario] = [
        Scenario("a model that breaks off", .long, orders: [.init("llm", "broken-stream", count: 2)]),
        Scenario("a model that refuses", .long, orders: [.init("llm", "500", count: 2)]),
        Scenario("a model that talks rubbish", .long, orders: [.init("llm", "garbage"), .init("llm", "empty")]),
        Scenario("a model that does not end", .long, orders: [.init("llm", "no-end", count: 2)]),
        Scenario("a model that is slow", .long, orders: [.init("llm", "slow", count: 2, ms: 150)]),
    ]
}
