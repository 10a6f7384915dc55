import Foundation
import TestSupport
import Testing

/// Discord, Lavalink, the model and our own processes fail in every way that the playground has, one after another in a
/// seeded order, while members do what members do; after each, everything has been done once.
///
/// `CHAOS_SEED` repeats a run that failed, `CHAOS=<n>` makes n runs with as many seeds, `CHAOS_ONLY=<words>` takes only
/// scenarios whose names have these words. `make chaos` sets them.
@Suite("chaos", .serialized, .timeLimit(.minutes(60)))
struct ChaosTests {
    private static var environment: [String: String] { ProcessInfo.processInfo.environment }
    private static var rounds: UInt64? { environment["CHAOS"].flatMap { UInt64($0) } }
    /// What members do within a scenario, in so many steps; more where somebody asked for chaos.
    private static var steps: Int { rounds == nil ? 6 : 18 }
    /// After so many scenarios everything is counted. One tells most; the short run counts seldom, for it takes seconds
    /// until nothing more comes.
    private static var countedTogether: Int { rounds == nil ? 4 : 1 }

    private static var seeds: [UInt64] {
        let first = environment["CHAOS_SEED"].flatMap { UInt64($0) } ?? 20_261_121
        return (0..<max(rounds ?? 1, 1)).map { first &+ $0 }
    }

    private static var scenarios: [Scenario] {
        let words = environment["CHAOS_ONLY"] ?? ""
        return Scenario.all.filter { words.isEmpty || $0.name.contains(words) }
    }

    @Test("what goes wrong loses nothing and doubles nothing", arguments: seeds)
    func everythingGoesWrong(seed: UInt64) async throws {
        let again = "CHAOS_SEED=\(seed)"
        try await Troupe.withTroupe { troupe in
            var random = SeededGenerator(state: seed)
            // The handshake of voice begins in the unusual order.
            _ = try await troupe.playground.order(.init("gateway", "voice-server-first"))
            try await Traffic.beginMusic(troupe)
            #expect(try await troupe.playground.faults().active.isEmpty)
            var number = 0
            var left = Self.scenarios.shuffled(using: &random)[...]
            while !left.isEmpty {
                let group = left.prefix(Self.countedTogether)
                left = left.dropFirst(group.count)
                let names = group.map(\.name).joined(separator: ", ")
                do {
                    var deeds = Deeds()
                    for scenario in group { try await run(scenario, troupe, &deeds, &number, &random) }
                    try await deeds.settle(troupe, again: "\(again), \(names)")
                    try await Traffic.musicPlays("there is still music", troupe)
                } catch {
                    throw ScenarioFailed(scenarios: names, again: again, cause: error)
                }
            }
        }
    }

    private struct ScenarioFailed: Error, CustomStringConvertible {
        let scenarios: String
        let again: String
        let cause: any Error

        var description: String { "\(scenarios); \(again): \(cause)" }
    }

    private func run(
        _ scenario: Scenario,
        _ troupe: Troupe,
        _ deeds: inout Deeds,
        _ number: inout Int,
        _ random: inout SeededGenerator
    ) async throws {
        func step(_ deeds: inout Deeds, _ number: inout Int, _ random: inout SeededGenerator) async throws {
            // People pause; so trouble comes while answers are under way, and not only while events are.
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<400, using: &random)))
            try await Traffic.act(troupe, &deeds, number: number, &random)
            number += 1
        }
        switch scenario.trouble {
        case .faults(let orders):
            var ids: Set<String> = []
            for order in orders { ids.insert(try await troupe.playground.order(order)) }
            for _ in 0..<Self.steps { try await step(&deeds, &number, &random) }
            try await haveHappened(ids, troupe, &deeds) { deeds in try await step(&deeds, &number, &random) }
            try await troupe.playground.endFaults()
        case .newSessions:
            for _ in 0..<Self.steps / 2 { try await step(&deeds, &number, &random) }
            try await deeds.settle(troupe, again: "before \(scenario.name)")
            _ = try await troupe.playground.order(.init("gateway", "invalid-session"))
            try await eventually("the bots have new sessions", within: .seconds(60)) {
                try await troupe.playground.areAllBotsOnline()
            }
            for _ in 0..<Self.steps / 2 { try await step(&deeds, &number, &random) }
        case .frozen(let executable, let time, let talk):
            troupe.freeze(executable)
            // It must go on whatever happens: a stack with a frozen process does not stop in order.
            defer { troupe.thaw(executable) }
            let end = ContinuousClock.now + time
            for _ in 0..<Self.steps { try await step(&deeds, &number, &random) }
            for index in 0..<talk {
                try await troupe.playground.write("idle talk \(index)", as: "bob", in: "general")
            }
            try await Task.sleep(until: end)
        case .killed(let executable):
            let fatalStep = Int.random(in: 0..<Self.steps, using: &random)
            for index in 0..<Self.steps {
                if index == fatalStep { try troupe.kill(executable) }
                try await step(&deeds, &number, &random)
            }
            try await eventually("\(executable) runs again") { troupe.running.contains(executable) }
        }
    }

    /// Waits until each of the faults has happened; members go on meanwhile, for most faults need something to meet.
    private func haveHappened(
        _ ids: Set<String>,
        _ troupe: Troupe,
        _ deeds: inout Deeds,
        _ step: (inout Deeds) async throws -> Void
    ) async throws {
        var missing: [String] = []
        for _ in 0..<40 {
            let (active, past) = try await troupe.playground.faults()
            let ours = (active + past).filter { ids.contains($0.id) }
            missing = ours.filter { $0.done == 0 }.map { "\($0.target) \($0.kind)" }
            if missing.isEmpty { return }
            try await step(&deeds)
            // What members did takes its time; without it there is nothing that the faults could meet.
            try await Task.sleep(for: .milliseconds(500))
        }
        throw ConditionNotMet(what: "every fault has happened; not so \(missing.joined(separator: ", "))", limit: .zero)
    }
}
