import Synchronization

/// The metrics of a process, written for Prometheus (text format 0.0.4).
///
/// Asking twice for a name with the same labels gives the same instrument: keep it, the look-up takes a lock, using it
/// does not. Every series carries `service` and `instance`. A metric holds at most ``maximumSeries`` series; whatever
/// asks for more shares one that is labelled `overflow`, so that a label taken from outside cannot eat the memory.
package struct MetricsRegistry: Sendable {
    /// Series a metric may have.
    package static let maximumSeries = 500

    private let families = Families()
    private let common: [String: String]

    /// Makes an empty registry whose series carry the instance's labels.
    package init(instance: ServiceInstance) {
        common = ["service": instance.service.rawValue, "instance": instance.id]
    }

    /// A count that only grows. By convention its name ends in `_total`.
    package func counter(_ name: String, help: String, labels: [String: String] = [:]) -> Counter {
        families.series(name, help: help, labels: labels, make: .counter(Counter())) { instrument in
            if case .counter(let counter) = instrument { counter } else { nil }
        } ?? Counter()
    }

    /// A value that goes up and down.
    package func gauge(_ name: String, help: String, labels: [String: String] = [:]) -> Gauge {
        families.series(name, help: help, labels: labels, make: .gauge(Gauge())) { instrument in
            if case .gauge(let gauge) = instrument { gauge } else { nil }
        } ?? Gauge()
    }

    /// A value that is read when it is asked for, such as the length of a queue.
    package func gauge(
        _ name: String,
        help: String,
        labels: [String: String] = [:],
        reading: @escaping @Sendable () -> Double
    ) {
        _ = families.series(name, help: help, labels: labels, make: .reading(reading)) { _ in true }
    }

    /// A distribution; the bounds are those of the first call for the name.
    package func histogram(
        _ name: String,
        help: String,
        labels: [String: String] = [:],
        bounds: [Double] = Histogram.seconds
    ) -> Histogram {
        families.series(name, help: help, labels: labels, make: .histogram(Histogram(bounds: bounds))) {
            instrument in
            if case .histogram(let histogram) = instrument { histogram } else { nil }
        } ?? Histogram(bounds: bounds)
    }

    /// All metrics as Prometheus reads them.
    package func exposition() -> String {
        var text = ""
        families.all().forEach { name, family in
            text += "# HELP \(name) \(Self.escapedHelp(family.help))\n# TYPE \(name) \(family.type)\n"
            for series in family.series.sorted(by: { Self.order($0.key) < Self.order($1.key) }) {
                write(series.value, name: name, labels: common.merging(series.key) { _, new in new }, to: &text)
            }
        }
        return text
    }

    private func write(_ instrument: Instrument, name: String, labels: [String: String], to text: inout String) {
        switch instrument {
        case .counter(let counter): text += "\(name)\(Self.text(labels)) \(counter.current)\n"
        case .gauge(let gauge): text += "\(name)\(Self.text(labels)) \(Self.text(gauge.current))\n"
        case .reading(let read): text += "\(name)\(Self.text(labels)) \(Self.text(read()))\n"
        case .histogram(let histogram):
            let (counts, sum) = histogram.snapshot
            var total = 0
            for (index, count) in counts.enumerated() {
                total += count
                let bound = index < histogram.bounds.count ? Self.text(histogram.bounds[index]) : "+Inf"
                let bucket = labels.merging(["le": bound]) { _, new in new }
                text += "\(name)_bucket\(Self.text(bucket)) \(total)\n"
            }
            text += "\(name)_sum\(Self.text(labels)) \(Self.text(sum))\n"
            text += "\(name)_count\(Self.text(labels)) \(total)\n"
        }
    }

    private static func order(_ labels: [String: String]) -> String { text(labels) }

    private static func text(_ labels: [String: String]) -> String {
        let pairs = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escapedLabel($0.value))\"" }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    private static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number > 0 ? "+Inf" : "-Inf" }
        return number == number.rounded() && number.magnitude < 1e15 ? String(Int(number)) : String(number)
    }

    private static func escapedLabel(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private static func escapedHelp(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }
}

/// One series of a metric.
enum Instrument: Sendable {
    case counter(Counter)
    case gauge(Gauge)
    case reading(@Sendable () -> Double)
    case histogram(Histogram)

    var type: String {
        switch self {
        case .counter: "counter"
        case .gauge, .reading: "gauge"
        case .histogram: "histogram"
        }
    }
}

/// The table behind the registry.
private final class Families: Sendable {
    struct Family: Sendable {
        let help: String
        let type: String
        var series: [[String: String]: Instrument] = [:]
    }

    private let table = Mutex<[String: Family]>([:])

    /// Finds or makes a series. Nil when the name already belongs to another type: the caller then gets an instrument
    /// that nobody reads, for a metric is never worth a crash.
    func series<Result>(
        _ name: String,
        help: String,
        labels: [String: String],
        make candidate: Instrument,
        as cast: (Instrument) -> Result?
    ) -> Result? {
        let instrument = table.withLock { table in
            var family = table[name] ?? Family(help: help, type: candidate.type)
            let full = family.series.count >= MetricsRegistry.maximumSeries && family.series[labels] == nil
            let key = full ? ["overflow": "true"] : labels
            let instrument: Instrument
            if let known = family.series[key] {
                instrument = known
            } else {
                instrument = candidate
                family.series[key] = candidate
            }
            table[name] = family
            return instrument
        }
        return cast(instrument)
    }

    func all() -> [(String, Family)] {
        table.withLock { $0.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }
}
