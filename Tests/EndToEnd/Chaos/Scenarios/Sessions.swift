import TestSupport

/// What Discord does to sessions and what comes over them.
extension Scenario {
    static let sessions: [Scenario] = [
        Scenario("a storm of RECONNECT", .long, orders: [.init("gateway", "reconnect", count: 5, ms: 500)]),
        Scenario(
            "a storm of INVALID_SESSION that can be resumed",
            .long,
            orders: [.init("gateway", "invalid-session-resumable", count: 3, ms: 900)]
        ),
        Scenario("sessions that are given up", .long) { stage in
            let playground = stage.troupe.playground
            try await stage.act(steps: stage.steps / 2)
            // What members do while there is no session nobody hears, so they wait until the bots are back.
            try await stage.settle("before the sessions are given up")
            _ = try await playground.order(.init("gateway", "invalid-session"))
            try await eventually("the bots have new sessions", within: .seconds(60)) {
                try await playground.areAllBotsOnline()
            }
            try await stage.act(steps: stage.steps / 2)
        },
        Scenario(
            "connections that break in the middle of a frame",
            orders: [.init("gateway", "cut-frame", count: 4), .init("gateway", "drop", count: 2, ms: 1_500)]
        ),
        Scenario(
            "dispatches that come twice after RESUME",
            orders: [.init("gateway", "replay-overlap", count: 8), .init("gateway", "drop", count: 4, ms: 1_200)]
        ),
        Scenario("late dispatches", .long, orders: [.init("gateway", "delay", count: 10, ms: 700)]),
    ]
}
