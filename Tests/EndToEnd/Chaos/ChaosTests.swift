import Foundation
import TestSupport
import Testing

/// Discord, Lavalink, the model, the database and our own processes fail in every way that we could think of, one after
/// another in a seeded order, while members do what members do; after each, everything has been done once.
@Suite("chaos", .serialized, .timeLimit(.minutes(60)))
struct ChaosTests {
    /// After so many scenarios everything is counted. One tells most; the short run counts seldom, for it takes seconds
    /// until nothing more comes.
    private static var countedTogether: Int { Chaos.isWhole ? 1 : 4 }

    @Test("what goes wrong loses nothing and doubles nothing", arguments: Chaos.seeds)
    func everythingGoesWrong(seed: UInt64) async throws {
        let scenarios = Scenario.all.filter { Chaos.takes($0.name) && (Chaos.isWhole || $0.length == .short) }
        // Asked for others alone.
        guard !scenarios.isEmpty else { return }
        try await Troupe.withTroupe { troupe in
            var stage = Stage(troupe, steps: Chaos.steps, again: "CHAOS_SEED=\(seed)", seed: seed)
            // The handshake of voice begins in the unusual order.
            _ = try await troupe.playground.order(.init("gateway", "voice-server-first"))
            try await Traffic.beginMusic(troupe)
            #expect(try await troupe.playground.faults().active.isEmpty)
            var left = scenarios.shuffled(using: &stage.random)[...]
            while !left.isEmpty {
                let group = left.prefix(Self.countedTogether)
                left = left.dropFirst(group.count)
                let names = group.map(\.name).joined(separator: ", ")
                let begin = ContinuousClock.now
                do {
                    for scenario in group { try await scenario.run(&stage) }
                    try await stage.settle(names)
                    try await Traffic.musicPlays("there is still music", troupe)
                } catch {
                    throw ScenarioFailed(scenarios: names, again: stage.again, cause: error)
                }
                Chaos.report("\(names): nothing lost, nothing doubled", since: begin)
            }
        }
    }

    private struct ScenarioFailed: Error, CustomStringConvertible {
        let scenarios: String
        let again: String
        let cause: any Error

        var description: String { "\(scenarios); \(again): \(cause)" }
    }
}
