import Foundation

/// What was asked for: `CHAOS_SEED` repeats a run that failed, `CHAOS=<n>` makes n runs with as many seeds,
/// `CHAOS_ONLY=<words>` takes only scenarios whose names have these words. `make chaos` sets them.
enum Chaos {
    private static var environment: [String: String] { ProcessInfo.processInfo.environment }
    private static var rounds: UInt64? { environment["CHAOS"].flatMap { UInt64($0) } }

    /// Whether somebody asked for chaos; `make test` has a short run.
    static var isWhole: Bool { rounds != nil }

    /// What members do within a scenario, in so many steps.
    static var steps: Int { isWhole ? 18 : 6 }

    static var seeds: [UInt64] {
        let first = environment["CHAOS_SEED"].flatMap { UInt64($0) } ?? 20_261_121
        return (0..<max(rounds ?? 1, 1)).map { first &+ $0 }
    }

    static func takes(_ name: String) -> Bool {
        let words = environment["CHAOS_ONLY"] ?? ""
        return words.isEmpty || name.contains(words)
    }

    /// Whether the run has namespaces of its own, in which a test may mount disks and make networks: nothing of them is
    /// the machine's, and they are gone when the run is over.
    static var isIsolated: Bool { environment["CHAOS_ISOLATED"] != nil }

    /// A line for whoever watches a run that lasts.
    static func report(_ text: String, since begin: ContinuousClock.Instant? = nil) {
        guard isWhole else { return }
        let time = begin.map { " (\(Int((ContinuousClock.now - $0) / .seconds(1))) s)" } ?? ""
        // Not by `print`, whose lines wait in a buffer.
        FileHandle.standardOutput.write(Data("chaos: \(text)\(time)\n".utf8))
    }
}
