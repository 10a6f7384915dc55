import Postgres
import TestSupport

/// Processes that die in the middle of a transaction: what it decided may be done on Discord, and it is not committed.
extension Scenario {
    /// What happens while the COMMIT stands still, and what the transaction comes to by it.
    enum Death: String, Sendable, CaseIterable {
        /// The service dies and its connection with it.
        case rolledBack = "is rolled back"
        /// The service dies, and the server commits for nobody: a new process must see that it is done.
        case committedUnseen = "is committed for nobody"
        /// The database's server dies; the service lives, and does not know the outcome.
        case serverKilled = "dies with the server"

        fileprivate var outcome: String { self == .committedUnseen ? "committed" : "aborted" }
    }

    /// A transaction to stop in.
    struct Transaction: Sendable {
        let name: String
        let service: String
        let point: Failpoint
        /// What a member does so that the service comes there.
        let deed: @Sendable (inout Stage) async throws -> Void
        /// Whether what the transaction decided is done on Discord; nil when that comes before or after it in any case.
        var isDone: (@Sendable (Stage) async throws -> Bool)?
    }

    static let failpoints: [Scenario] = transactions.flatMap { transaction in
        Death.allCases.map { death in
            let isFirst = transaction.service == "moderation" && death == .rolledBack
            return Scenario("\(transaction.name) \(death.rawValue)", isFirst ? .short : .long) { stage in
                try await stage.die(in: transaction, death)
            }
        }
    }

    private static let transactions: [Transaction] = [
        Transaction(
            name: "a case whose message is deleted",
            service: "moderation",
            point: Failpoint("INSERT", on: "cases", of: "moderation")
        ) { stage in
            try await stage.deeds.swear("floopword at \(stage.number)", as: "mallory", stage.troupe)
        } isDone: { stage in
            let present = Set(try await stage.troupe.playground.transcript("general").map(\.id))
            return stage.deeds.offences.last.map { !present.contains($0.id) } ?? false
        },
        Transaction(
            name: "a notice that has been sent",
            service: "moderation",
            point: Failpoint(
                "UPDATE",
                on: "effects",
                when: "WHEN (NEW.state = 'done' AND NEW.method = 'POST')",
                of: "moderation"
            )
        ) { stage in
            try await stage.deeds.swear("floopword at \(stage.number)", as: "mallory", stage.troupe)
        },
        Transaction(
            name: "the first message of an answer",
            service: "persona",
            point: Failpoint("UPDATE", on: "turns", when: "WHEN (OLD.answers <> NEW.answers)", of: "persona")
        ) { stage in
            try await stage.deeds.mention("@Selene and at \(stage.number)?", as: "dave", stage.troupe)
        } isDone: { stage in
            let answered = Set(try await stage.troupe.playground.transcript("general").compactMap(\.replyTo))
            return stage.deeds.mentions.contains { answered.contains($0.id) }
        },
        Transaction(
            name: "a member's daily coins",
            service: "community",
            point: Failpoint("INSERT", on: "ledger", of: "community")
        ) { stage in
            // Once a day for each, so it takes somebody new.
            let name = "newcomer\(stage.number)x\(stage.deeds.commands.count)"
            try await stage.troupe.playground.welcome(name)
            try await stage.deeds.use("/daily", as: name, stage.troupe)
        },
        Transaction(
            name: "a song for the queue",
            service: "music",
            point: Failpoint("INSERT", on: "queue_entries", of: "music")
        ) { stage in
            try await stage.deeds.use("/play query:song at \(stage.number)", as: "alice", stage.troupe)
        },
    ]
}

extension Stage {
    /// Members go on until the service stands in the middle of the transaction, then somebody dies there.
    fileprivate mutating func die(in transaction: Scenario.Transaction, _ death: Scenario.Death) async throws {
        let troupe = troupe
        let victim = death == .serverKilled ? "postgres" : transaction.service
        var before: [Int32] = []
        var standing = Failpoint.Standing(backends: [], transactions: [])
        try await transaction.point.withFailpoint(troupe) { database in
            try await transaction.deed(&self)
            try await act(until: "\(transaction.name) stands before its commit") { stage in
                standing = try await transaction.point.standing(database)
                guard !standing.backends.isEmpty else { return false }
                return try await transaction.isDone?(stage) ?? true
            }
            // Those that have come meanwhile die as well.
            standing = try await transaction.point.standing(database)
            before = troupe.processes(of: victim)
            if death == .serverKilled { try await transaction.point.writeLog(database) }
            troupe.kill(victim)
            if death == .rolledBack { try await standing.rollBack(database) }
        }
        try await troupe.waitUntilReplaced(victim, before)
        // A server that comes back needs a moment until it lets anybody in.
        try await eventually("\(transaction.name) \(death.rawValue)", within: .seconds(60)) {
            (try? await standing.outcomes(troupe)) == [death.outcome]
        }
        try await act(steps: steps / 2)
    }
}
