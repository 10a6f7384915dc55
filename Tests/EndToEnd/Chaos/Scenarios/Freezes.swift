/// Processes that stand still (SIGSTOP) and then go on with what they believed.
extension Scenario {
    static let freezes: [Scenario] = [
        // Longer than a lease lives (12 s): what they come back with is not theirs any more.
        freezing("a gateway that stands still", .long, "gateway", for: .seconds(13)),
        freezing("a moderation that does not read what comes", .long, "moderation", for: .seconds(13), talk: 600),
        freezing("a persona that stands still", .short, "persona", for: .seconds(4)),
    ]

    /// - Parameter talk: so many messages more than usual are written meanwhile.
    private static func freezing(
        _ name: String,
        _ length: Length,
        _ executable: String,
        for time: Duration,
        talk: Int = 0
    ) -> Scenario {
        Scenario(name, length) { stage in
            let troupe = stage.troupe
            troupe.freeze(executable)
            // It must go on whatever happens: a stack with a frozen process does not stop in order.
            defer { troupe.thaw(executable) }
            let end = ContinuousClock.now + time
            try await stage.act(steps: stage.steps)
            for index in 0..<talk {
                try await troupe.playground.write("idle talk \(index)", as: "bob", in: "general")
            }
            // The length of the fault.
            try await Task.sleep(until: end)
        }
    }
}
