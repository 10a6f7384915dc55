/// Faults that the playground has in store, as Discord, as a Lavalink node or as a language model.
extension Scenario {
    /// - Parameter orders: each must have happened before members' deeds are counted.
    init(_ name: String, _ length: Length = .short, orders: [Playground.Order]) {
        self.init(name, length) { stage in
            let playground = stage.troupe.playground
            var ids: Set<String> = []
            for order in orders { ids.insert(try await playground.order(order)) }
            try await stage.act(steps: stage.steps)
            var missing: [String] = []
            // Most faults need something to meet.
            try await stage.act(until: "every fault has happened; not so \(missing.joined(separator: ", "))") { _ in
                let (active, past) = try await playground.faults()
                missing = (active + past).filter { ids.contains($0.id) && $0.done == 0 }
                    .map { "\($0.target) \($0.kind)" }
                return missing.isEmpty
            }
            try await playground.endFaults()
        }
    }
}
