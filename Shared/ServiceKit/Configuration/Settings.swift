package import FoundationEssentials
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// The settings that a process got from its environment.
///
/// A variable that is set to the empty string counts as not set, so that a line `KEY=` in `.env` means the default.
/// Each read is recorded, which lets `/health` and `doctor` name what a process looked at. Values stay text until they
/// are asked for by type; a value of the wrong form throws a ``ConfigurationError`` that names the variable.
package struct Settings: Sendable {
    private let environment: [String: String]
    private let record = Record()

    /// Takes the given variables, for tests and for children of the supervisor.
    package init(environment: [String: String]) {
        self.environment = environment
    }

    /// The variables of this process.
    package static let process = Settings(environment: ProcessInfo.processInfo.environment)

    /// The keys that were read so far, sorted.
    package var keysRead: [String] {
        record.keys.withLock { $0.sorted() }
    }

    /// Whether the variable has a value.
    package func has(_ key: String) -> Bool {
        value(key) != nil
    }

    /// The value, or nil if none is set.
    package func optional(_ key: String) -> String? {
        value(key)
    }

    /// The value of a variable that must be set.
    package func string(_ key: String, expected: String = "a value") throws(ConfigurationError) -> String {
        guard let value = value(key) else { throw .missing(key, expected: expected) }
        return value
    }

    /// The value, or the default if none is set.
    package func string(_ key: String, default: String) -> String {
        value(key) ?? `default`
    }

    /// One of a fixed set of words.
    package func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String,
        default: Choice
    ) throws(ConfigurationError) -> Choice {
        guard let text = value(key) else { return `default` }
        guard let choice = Choice(rawValue: text.lowercased()) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConfigurationError(key: key, expected: "one of \(words)", found: "\"\(text)\"")
        }
        return choice
    }

    /// A whole number inside `range`.
    package func int(
        _ key: String,
        default: Int,
        in range: ClosedRange<Int> = Int.min...Int.max
    ) throws(ConfigurationError) -> Int {
        guard let text = value(key) else { return `default` }
        guard let number = Int(text), range.contains(number) else {
            let bounds = range == Int.min...Int.max ? "" : " from \(range.lowerBound) to \(range.upperBound)"
            throw ConfigurationError(key: key, expected: "a whole number\(bounds)", found: "\"\(text)\"")
        }
        return number
    }

    /// A number, which may have a fraction, inside `range`.
    package func double(
        _ key: String,
        default: Double,
        in range: ClosedRange<Double>
    ) throws(ConfigurationError) -> Double {
        guard let text = value(key) else { return `default` }
        guard let number = Double(text), range.contains(number) else {
            throw ConfigurationError(
                key: key,
                expected: "a number from \(range.lowerBound) to \(range.upperBound)",
                found: "\"\(text)\""
            )
        }
        return number
    }

    /// `true`, `yes`, `on`, `1` or their opposites.
    package func bool(_ key: String, default: Bool) throws(ConfigurationError) -> Bool {
        guard let text = value(key) else { return `default` }
        switch text.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default: throw ConfigurationError(key: key, expected: "true or false", found: "\"\(text)\"")
        }
    }

    /// A length of time (`250ms`, `10s`, `5m`; a bare number counts seconds).
    package func duration(_ key: String, default: Duration) throws(ConfigurationError) -> Duration {
        guard let text = value(key) else { return `default` }
        guard let duration = DurationText.parse(text) else {
            throw ConfigurationError(key: key, expected: DurationText.expectation, found: "\"\(text)\"")
        }
        return duration
    }

    /// An address with a scheme and a host.
    package func url(_ key: String, default: String? = nil) throws(ConfigurationError) -> URL {
        let text = value(key) ?? `default`
        guard let text else { throw .missing(key, expected: "an address such as https://host:port/path") }
        guard let url = URL(string: text), url.scheme != nil, url.host() != nil else {
            throw ConfigurationError(
                key: key,
                expected: "an address such as https://host:port/path",
                found: "\"\(text)\""
            )
        }
        return url
    }

    /// A secret that must be set.
    package func secret(_ key: String) throws(ConfigurationError) -> Secret {
        guard let value = value(key) else { throw .missing(key, expected: "a secret") }
        return Secret(value)
    }

    /// A secret, or nil if none is set.
    package func optionalSecret(_ key: String) -> Secret? {
        value(key).map { Secret($0) }
    }

    /// A path; one that is not absolute counts from the working directory.
    package func path(_ key: String, default: String) -> String {
        value(key) ?? `default`
    }

    /// Values separated by commas, without blanks around them; empty ones are left out.
    package func list(_ key: String, default: [String] = []) -> [String] {
        guard let text = value(key) else { return `default` }
        return text.split(separator: ",").map { String($0.trimmingPrefix(while: \.isWhitespace)).trimmedEnd }
            .filter { !$0.isEmpty }
    }

    /// A TCP port for the HTTP server of an instance; 0 takes any free one.
    package func port(of instance: ServiceInstance) throws(ConfigurationError) -> Int {
        let fallback = instance.isFirst ? instance.service.defaultPort ?? 0 : 0
        // The admin API's port has a second, older name.
        if instance.service == .adminAPI, !has(instance.service.portVariable) {
            return try int("API_PORT", default: fallback, in: 0...65_535)
        }
        return try int(instance.service.portVariable, default: fallback, in: 0...65_535)
    }

    /// The folder of what this machine keeps for itself (database, sockets, keys): `ENSEMBLE_STATE`, `.local` when
    /// nothing is set.
    package var stateFolder: String {
        path("ENSEMBLE_STATE", default: ".local")
    }

    /// The folder of configuration files: `ENSEMBLE_CONFIG`, `config` when nothing is set.
    package var configFolder: String {
        path("ENSEMBLE_CONFIG", default: "config")
    }

    private func value(_ key: String) -> String? {
        record.keys.withLock { _ = $0.insert(key) }
        guard let value = environment[key], !value.isEmpty else { return nil }
        return value
    }

    private final class Record: Sendable {
        let keys = Mutex<Set<String>>([])
    }
}

extension String {
    fileprivate var trimmedEnd: String {
        var text = self
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
