import Synchronization

/// Counts across tasks.
final class Tally: Sendable {
    private let value = Atomic<Int>(0)

    func add() {
        value.wrappingAdd(1, ordering: .relaxed)
    }

    var count: Int { value.load(ordering: .relaxed) }
}
