import TestSupport

/// What a scenario works with: the stack, and members whose deeds are counted when it is over.
struct Stage {
    let troupe: Troupe
    /// What members do within a scenario, in so many steps.
    let steps: Int
    /// What repeats the run, for the reader of a failure.
    let again: String
    var random: SeededGenerator
    var deeds = Deeds()
    /// Counts what members have done, through all scenarios.
    private(set) var number = 0

    init(_ troupe: Troupe, steps: Int, again: String, seed: UInt64) {
        self.troupe = troupe
        self.steps = steps
        self.again = again
        random = SeededGenerator(seed: seed)
    }

    /// One thing that a member does, after a pause.
    ///
    /// - Parameters:
    ///   - pause: the load's pace, in milliseconds. People pause; so trouble comes while answers are under way, and not
    ///     only while events are.
    ///   - trouble: what happens after the pause, just before it.
    mutating func step(pause: Range<Int> = 0..<400, into trouble: () -> Void = {}) async throws {
        try await Task.sleep(for: .milliseconds(Int.random(in: pause, using: &random)))
        trouble()
        try await Traffic.act(troupe, &deeds, number: number, &random)
        number += 1
    }

    /// So many things; all of a scenario's if nothing is said.
    mutating func act(steps: Int? = nil) async throws {
        for _ in 0..<(steps ?? self.steps) { try await step() }
    }

    /// Members go on until a condition holds. They take their time: what they did must get as far as where it can meet
    /// the trouble, and all of it is still to be done when the trouble is over.
    mutating func act(
        until what: @autoclosure () -> String,
        within limit: Duration = .seconds(40),
        _ condition: (Stage) async throws -> Bool
    ) async throws {
        do {
            try await eventually("", within: limit) {
                if try await condition(self) { return true }
                try await step(pause: 400..<900)
                return try await condition(self)
            }
        } catch is ConditionNotMet {
            throw ConditionNotMet(what: what(), limit: limit)
        }
    }

    /// Counts what has come of everything so far, and begins anew.
    mutating func settle(_ when: String) async throws {
        try await deeds.settle(troupe, again: "\(again), \(when)")
        try await Books.agree(troupe)
        deeds = Deeds()
    }
}
