import Foundation
import TestSupport
import Testing

/// Processes die at seeded moments while members chat, swear, listen and use commands; afterwards everything has been
/// done once, and nobody had to help.
///
/// `RECOVERY_SEED` repeats a run that failed, `RECOVERY=<n>` makes n runs with as many seeds.
@Suite("recovery", .serialized, .timeLimit(.minutes(60)))
struct RecoveryTests {
    /// What members do between two kills, in so many steps.
    private static let steps = 6

    private static var seeds: [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["RECOVERY_SEED"].flatMap { UInt64($0) } ?? 20_261_121
        let rounds = environment["RECOVERY"].flatMap { UInt64($0) } ?? 1
        return (0..<max(rounds, 1)).map { first &+ $0 }
    }

    @Test("kill -9 at twenty moments loses nothing and doubles nothing", arguments: seeds)
    func killsAtTwentyMoments(seed: UInt64) async throws {
        try await Troupe.withTroupe { troupe in
            var stage = Stage(troupe, steps: Self.steps, again: "RECOVERY_SEED=\(seed)", seed: seed)
            try await Traffic.beginMusic(troupe)
            // Each victim twice, in a seeded order, at a seeded moment of what members do.
            for victim in (Scenario.victims + Scenario.victims).shuffled(using: &stage.random) {
                try await stage.act(killing: victim)
            }
            try await stage.settle("after twenty")
            // The music has gone on; between two tracks there is none for a moment.
            try await Traffic.musicPlays("there is still music; RECOVERY_SEED=\(seed)", troupe)
        }
    }
}
