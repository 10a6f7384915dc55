import Synchronization

/// A number that only grows. Increments are one atomic addition.
package final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    init() {}

    /// Adds to the counter; a negative amount is ignored.
    package func increment(by amount: Int = 1) {
        guard amount > 0 else { return }
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The count so far.
    package var current: Int {
        value.load(ordering: .relaxed)
    }
}

/// A number that goes up and down.
package final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    init() {}

    /// Sets the value.
    package func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    /// Sets the value.
    package func set(_ value: Int) {
        set(Double(value))
    }

    /// Adds to the value, or takes from it.
    package func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (done, seen) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if done { return }
            old = seen
        }
    }

    /// The value now.
    package var current: Double {
        Double(bitPattern: bits.load(ordering: .relaxed))
    }
}

/// A distribution over fixed buckets. An observation is three atomic operations and takes no lock.
package final class Histogram: Sendable {
    /// Upper bounds in seconds that suit waits from a tenth of a millisecond to ten seconds.
    package static let seconds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// Upper bounds of the buckets, ascending; one more bucket takes what is above.
    let bounds: [Double]
    private let buckets: [Cell]
    private let sum = Gauge()

    init(bounds: [Double]) {
        self.bounds = bounds.sorted()
        buckets = (0...bounds.count).map { _ in Cell() }
    }

    /// Records one value.
    package func observe(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        buckets[index].count.wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    /// Records a length of time in seconds.
    package func observe(_ duration: Duration) {
        observe(duration.seconds)
    }

    /// What was recorded: counts by bucket (not cumulative) and the sum of all values.
    package var snapshot: (counts: [Int], sum: Double) {
        (buckets.map { $0.count.load(ordering: .relaxed) }, sum.current)
    }

    /// The bound below which a share of all observations lies, as exact as the buckets are; nil before the first.
    package func quantile(_ share: Double) -> Double? {
        let counts = snapshot.counts
        let total = counts.reduce(0, +)
        guard total > 0 else { return nil }
        var rank = Double(total) * share
        for (index, count) in counts.enumerated() {
            rank -= Double(count)
            if rank <= 0 { return index < bounds.count ? bounds[index] : bounds.last }
        }
        return bounds.last
    }

    private final class Cell: Sendable {
        let count = Atomic<Int>(0)
    }
}

extension Duration {
    /// The length in seconds, with fractions.
    package var seconds: Double {
        let parts = components
        return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }

    /// The length in whole milliseconds.
    package var milliseconds: Int {
        let parts = components
        return Int(parts.seconds) * 1000 + Int(parts.attoseconds / 1_000_000_000_000_000)
    }
}
