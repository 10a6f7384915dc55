import Foundation
import TestSupport
import Testing

/// Processes die at seeded moments while members chat, swear, play music and use commands; afterwards everything has
/// been done once. It is counted from what members see and from the calls that Discord received, never from our tables.
@Suite(
    "recovery",
    .serialized,
    .timeLimit(.minutes(15)),
    .enabled(if: ProcessInfo.processInfo.environment["RECOVERY"] == "1", "it runs for minutes: RECOVERY=1 make test")
)
struct RecoveryTests {
    private static let victims = [
        "gateway", "moderation", "bus", "persona", "music", "lavalink-bridge", "scheduler", "community", "admin-api",
        "postgres",
    ]
    private static let members = ["alice", "bob", "dave", "mallory"]

    @Test("kill -9 at twenty moments loses nothing and doubles nothing", arguments: [20_261_121 as UInt64])
    func killsAtTwentyMoments(seed: UInt64) async throws {
        try await Troupe.withTroupe { troupe in
            var random = SeededGenerator(state: seed)
            var done = Done()
            try await troupe.playground.join("Lounge", as: "alice")
            try await eventually("the commands are registered") {
                (try? await troupe.playground.use("/play query:endless", as: "alice")) != nil
            }
            // Each victim twice, in a seeded order.
            let order = (Self.victims + Self.victims).shuffled(using: &random)
            for (moment, victim) in order.enumerated() {
                let killAfter = Int.random(in: 0..<6, using: &random)
                for step in 0..<6 {
                    if step == killAfter { try troupe.kill(victim) }
                    try await act(troupe, &done, number: moment * 6 + step, &random)
                }
                try await eventually("\(victim) is back") {
                    troupe.running.contains(victim)
                }
            }
            try await settled(troupe, done)
        }
    }

    /// What members have done, by the ids that Discord gave it.
    private struct Done {
        var offences: Set<String> = []
        var mentions: Set<String> = []
        var commands: Set<String> = []
    }

    private func act(
        _ troupe: Troupe,
        _ done: inout Done,
        number: Int,
        _ random: inout SeededGenerator
    ) async throws {
        let member = Self.members[Int.random(in: 0..<Self.members.count, using: &random)]
        switch number % 3 {
        case 0:
            done.offences.insert(try await troupe.playground.write("floopword \(number)", as: member, in: "general"))
        case 1:
            done.mentions.insert(
                try await troupe.playground.write("@Selene what is \(number)?", as: member, in: "general")
            )
        default:
            done.commands.insert(try await troupe.playground.use("/balance", as: member))
        }
        try await troupe.playground.write("just talk \(number)", as: member, in: "general")
    }

    private func settled(_ troupe: Troupe, _ done: Done) async throws {
        try await eventually("every offending message is gone", within: .seconds(90)) {
            let left = Set(try await troupe.playground.transcript("general").map(\.id))
            return done.offences.isDisjoint(with: left)
        }
        try await all(done.mentions, "mention is answered", troupe) {
            try await troupe.playground.transcript("general").compactMap(\.replyTo)
        }
        // A command whose three seconds passed while the gateway was dead is refused in words, in the channel.
        try await eventually("every command is answered or refused", within: .seconds(90)) {
            let messages = try await troupe.playground.transcript("bot-commands").filter { !$0.loading }
            let answered = Set(messages.compactMap { $0.interaction?.id }).intersection(done.commands)
            let refused = messages.filter { $0.text.contains("I was away when you used") }
            return answered.count + refused.count >= done.commands.count
        }
        try await eventually("every offence has its notice", within: .seconds(90)) {
            try await notices(troupe).count >= done.offences.count
        }
        // Nothing twice.
        #expect(try await notices(troupe).count == done.offences.count)
        let answers = try await troupe.playground.transcript("general").compactMap(\.replyTo)
            .filter { done.mentions.contains($0) }
        #expect(answers.count == Set(answers).count)
        #expect(Set(try await notices(troupe)).count == done.offences.count)
        // The music has gone on.
        #expect(
            try await troupe.playground.voice().contains { channel in
                channel.channel == "Lounge" && channel.members.contains { $0.playing != nil }
            }
        )
    }

    /// Waits until all of the ids have been met, and names those that have not, with what the log says of them.
    private func all(
        _ wanted: Set<String>,
        _ what: String,
        _ troupe: Troupe,
        _ met: () async throws -> [String]
    ) async throws {
        var missing = wanted
        do {
            try await eventually("every \(what)", within: .seconds(90)) {
                missing = wanted.subtracting(try await met())
                return missing.isEmpty
            }
        } catch {
            let lines = troupe.log.split(separator: "\n").filter { line in missing.contains { line.contains($0) } }
            throw Unmet(what: "no \(what): \(missing.sorted())\n" + lines.suffix(40).joined(separator: "\n"))
        }
    }

    private struct Unmet: Error, CustomStringConvertible {
        let what: String

        var description: String { what }
    }

    /// The notices of removed messages; each names its case, so that two of one case are the same text.
    private func notices(_ troupe: Troupe) async throws -> [String] {
        try await troupe.playground.transcript("general")
            .filter { $0.bot && $0.content.contains("your message was removed") }.map(\.text)
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
