import Foundation
import TestSupport
import Testing

/// Processes die at seeded moments while members chat, swear, listen and use commands; afterwards everything has been
/// done once, and nobody had to help.
///
/// `RECOVERY_SEED` repeats a run that failed, `RECOVERY=<n>` makes n runs with as many seeds.
@Suite("recovery", .serialized, .timeLimit(.minutes(60)))
struct RecoveryTests {
    private static let victims = [
        "gateway", "moderation", "bus", "persona", "music", "lavalink-bridge", "scheduler", "community", "admin-api",
        "postgres",
    ]
    private static let members = ["alice", "bob", "dave", "mallory"]
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
            var random = SeededGenerator(state: seed)
            var deeds = Deeds()
            try await beginMusic(troupe)
            // Each victim twice, in a seeded order, at a seeded moment of what members do.
            let order = (Self.victims + Self.victims).shuffled(using: &random)
            for (moment, victim) in order.enumerated() {
                let fatalStep = Int.random(in: 0..<Self.steps, using: &random)
                for step in 0..<Self.steps {
                    // People pause; so a kill comes while answers are under way, and not only while events are.
                    try await Task.sleep(for: .milliseconds(Int.random(in: 0..<400, using: &random)))
                    if step == fatalStep { try troupe.kill(victim) }
                    try await act(troupe, &deeds, number: moment * Self.steps + step, &random)
                }
                try await eventually("\(victim) runs again") {
                    troupe.running.contains(victim)
                }
            }
            try await deeds.settle(troupe, seed: seed)
            // The music has gone on; between two tracks there is none for a moment.
            try await musicPlays("there is still music; RECOVERY_SEED=\(seed)", troupe)
        }
    }

    /// Alice listens, to more than the kills will last.
    private func beginMusic(_ troupe: Troupe) async throws {
        try await troupe.playground.join("Lounge", as: "alice")
        try await eventually("the commands are registered") {
            (try? await troupe.playground.use("/play query:endless", as: "alice")) != nil
        }
        for number in 1...8 {
            try await troupe.playground.use("/play query:endless \(number)", as: "alice")
        }
        try await musicPlays("the music plays", troupe)
    }

    private func musicPlays(_ what: String, _ troupe: Troupe) async throws {
        try await eventually(what) {
            try await troupe.playground.voice().contains { channel in
                channel.channel == "Lounge" && channel.members.contains { $0.playing != nil }
            }
        }
    }

    private func act(
        _ troupe: Troupe,
        _ deeds: inout Deeds,
        number: Int,
        _ random: inout SeededGenerator
    ) async throws {
        let member = Self.members[Int.random(in: 0..<Self.members.count, using: &random)]
        switch number % 3 {
        case 0:
            try await deeds.swear("floopword \(number)", as: member, troupe)
        case 1:
            try await deeds.mention("@Selene what is \(number)?", as: member, troupe)
        default:
            // One of each service that has any. `/words` is for who runs the guild, `/play` for who listens.
            switch number / 3 % 6 {
            case 0: try await deeds.use("/balance", as: member, troupe)
            case 1: try await deeds.use("/words list", as: "alice", troupe)
            case 2: try await deeds.use("/remind in:1h text:number \(number)", as: member, troupe)
            case 3: try await deeds.use("/play query:song \(number)", as: "alice", troupe)
            case 4: try await deeds.use("/queue", as: member, troupe)
            default: try await deeds.use("/daily", as: member, troupe)
            }
        }
        try await troupe.playground.write("just talk \(number)", as: member, in: "general")
    }
}

/// A generator with a seed (SplitMix64), so that a failure can be repeated.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
