/// One value of a configuration file, which knows where it stands, so that every complaint names file and line.
///
/// `${NAME}` inside a text is resolved when the text is read, against the settings of this process.
package struct ConfigValue: Sendable {
    /// What a value is.
    package enum Content: Sendable {
        case null
        case bool(Bool)
        case integer(Int)
        case number(Double)
        case string(String)
        case list([ConfigValue])
        case table([Entry])
    }

    /// A key with its value, in the order of the file.
    package struct Entry: Sendable {
        package let key: String
        package let value: ConfigValue
    }

    /// The value as it was parsed, references unresolved.
    package let content: Content
    /// The file it came from.
    package let file: String
    /// Its line, from 1.
    package let line: Int
    /// Its place in the file: `bots[1].name`; empty at the root.
    package let path: String
    let settings: Settings

    // MARK: Going down

    /// The value under a key; nil where there is none, it is null, or this is no table.
    package subscript(_ key: String) -> ConfigValue? {
        guard case .table(let entries) = content, let entry = entries.last(where: { $0.key == key }) else { return nil }
        if case .null = entry.value.content { return nil }
        return entry.value
    }

    /// The value under a key that must be there.
    package func require(_ key: String, _ expected: String = "a value") throws(ConfigurationError) -> ConfigValue {
        guard let value = self[key] else {
            throw ConfigurationError(
                file: file,
                line: line,
                key: path.isEmpty ? key : "\(path).\(key)",
                expected: expected,
                found: "nothing"
            )
        }
        return value
    }

    /// The elements of a list.
    package func list() throws(ConfigurationError) -> [ConfigValue] {
        guard case .list(let elements) = content else { throw error(expected: "a list") }
        return elements
    }

    /// The entries of a table, in the order of the file.
    package func table() throws(ConfigurationError) -> [Entry] {
        guard case .table(let entries) = content else { throw error(expected: "a table of keys and values") }
        return entries
    }

    /// Refuses keys that nobody reads: a mistyped key is told, not ignored.
    package func allowOnly(_ keys: Set<String>) throws(ConfigurationError) {
        for entry in try table() where !keys.contains(entry.key) {
            throw ConfigurationError(
                file: file,
                line: entry.value.line,
                key: path.isEmpty ? nil : path,
                expected: "only the keys \(keys.sorted().joined(separator: ", "))",
                found: "\"\(entry.key)\""
            )
        }
    }

    // MARK: Reading

    /// A text, its references resolved. Numbers and booleans are taken as they were written in canonical form.
    package func string(_ expected: String = "a text") throws(ConfigurationError) -> String {
        switch content {
        case .string(let text): return try resolved(text)
        case .integer(let number): return String(number)
        case .number(let number): return String(number)
        case .bool(let flag): return String(flag)
        case .null, .list, .table: throw error(expected: expected)
        }
    }

    /// A secret text; nil when a variable that it names is not set.
    package func secretIfSet() throws(ConfigurationError) -> Secret? {
        guard case .string(let text) = content else { throw error(expected: "a text such as ${NAME}") }
        do {
            let value = try EnvironmentReference.resolve(text, with: settings)
            return value.isEmpty ? nil : Secret(value)
        } catch {
            switch error {
            case .unset: return nil
            case .malformed(let text): throw malformed(text)
            }
        }
    }

    /// The variables that this text names; empty for what is no text.
    package var variables: [String] {
        guard case .string(let text) = content else { return [] }
        return EnvironmentReference.names(in: text)
    }

    /// A whole number inside `range`.
    package func int(in range: ClosedRange<Int> = Int.min...Int.max) throws(ConfigurationError) -> Int {
        let bounds = range == Int.min...Int.max ? "" : " from \(range.lowerBound) to \(range.upperBound)"
        let expected = "a whole number\(bounds)"
        let number: Int?
        switch content {
        case .integer(let value): number = value
        case .string(let text): number = Int(try resolved(text))
        default: number = nil
        }
        guard let number, range.contains(number) else { throw error(expected: expected) }
        return number
    }

    /// A number inside `range`.
    package func double(in range: ClosedRange<Double>) throws(ConfigurationError) -> Double {
        let number: Double?
        switch content {
        case .integer(let value): number = Double(value)
        case .number(let value): number = value
        case .string(let text): number = Double(try resolved(text))
        default: number = nil
        }
        guard let number, range.contains(number) else {
            throw error(expected: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A truth value.
    package func bool() throws(ConfigurationError) -> Bool {
        switch content {
        case .bool(let value): return value
        case .string(let text):
            switch try resolved(text).lowercased() {
            case "true", "yes", "on", "1": return true
            case "false", "no", "off", "0": return false
            default: throw error(expected: "true or false")
            }
        default: throw error(expected: "true or false")
        }
    }

    /// A length of time: `250ms`, `10s`; a bare number counts seconds.
    package func duration() throws(ConfigurationError) -> Duration {
        guard let duration = DurationText.parse(try string(DurationText.expectation)) else {
            throw error(expected: DurationText.expectation)
        }
        return duration
    }

    // MARK: Complaining

    /// An error that points at this value.
    package func error(expected: String, found: String? = nil) -> ConfigurationError {
        ConfigurationError(
            file: file,
            line: line,
            key: path.isEmpty ? nil : path,
            expected: expected,
            found: found ?? summary
        )
    }

    /// What stands here, as a message names it; references are shown as written, so that no secret is printed.
    private var summary: String {
        switch content {
        case .null: "nothing"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let text): text.count > 60 ? "\"\(text.prefix(60))…\"" : "\"\(text)\""
        case .list(let elements): "a list of \(elements.count)"
        case .table(let entries): "a table with the keys \(entries.map(\.key).joined(separator: ", "))"
        }
    }

    private func resolved(_ text: String) throws(ConfigurationError) -> String {
        do {
            return try EnvironmentReference.resolve(text, with: settings)
        } catch {
            switch error {
            case .unset(let name): throw self.error(expected: "the variable \(name) to be set", found: "nothing")
            case .malformed(let text): throw malformed(text)
            }
        }
    }

    private func malformed(_ text: String) -> ConfigurationError {
        error(expected: "a reference such as ${NAME}", found: "\"\(text)\"")
    }
}
