/// Processes that end by kill -9 while members go on. ``RecoveryTests`` does the same at twenty moments in a row.
extension Scenario {
    /// Whom to kill, and by what name a reader finds it.
    static let victims = [
        "gateway", "moderation", "bus", "persona", "music", "lavalink-bridge", "scheduler", "community", "admin-api",
        "postgres",
    ]

    static let crashes: [Scenario] = victims.map { victim in
        Scenario("kill -9 of \(victim)", victim == "bus" ? .short : .long) { stage in
            try await stage.act(killing: victim)
        }
    }
}

extension Stage {
    /// Members act, and at a seeded one of their steps a process ends; it comes back by itself.
    mutating func act(killing victim: String) async throws {
        let troupe = troupe
        let before = troupe.processes(of: victim)
        let fatalStep = Int.random(in: 0..<steps, using: &random)
        for index in 0..<steps {
            try await step { if index == fatalStep { troupe.kill(victim) } }
        }
        try await troupe.waitUntilReplaced(victim, before)
    }
}
