import TestSupport

/// What members do while processes die or Discord fails: by a seed, so that it can be repeated.
enum Traffic {
    private static let members = ["alice", "bob", "dave", "mallory"]

    /// Alice listens, to more than a test lasts.
    static func beginMusic(_ troupe: Troupe) async throws {
        try await troupe.playground.join("Lounge", as: "alice")
        try await eventually("the commands are registered") {
            (try? await troupe.playground.use("/play query:endless", as: "alice")) != nil
        }
        for number in 1...8 {
            try await troupe.playground.use("/play query:endless \(number)", as: "alice")
        }
        try await musicPlays("the music plays", troupe)
    }

    static func musicPlays(_ what: String, _ troupe: Troupe) async throws {
        try await eventually(what) {
            try await troupe.playground.voice().contains { channel in
                channel.channel == "Lounge" && channel.members.contains { $0.playing != nil }
            }
        }
    }

    /// One deed, of a kind by its number, by a member by chance; and some talk that nobody need mind.
    static func act(
        _ troupe: Troupe,
        _ deeds: inout Deeds,
        number: Int,
        _ random: inout SeededGenerator
    ) async throws {
        let member = members[Int.random(in: 0..<members.count, using: &random)]
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
