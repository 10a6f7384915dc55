/// What is wrong with a setting or a configuration file, in one line that says where, what was expected and what was found.
///
/// A service that meets one while it starts prints the line and exits with 78 (`EX_CONFIG` of sysexits.h).
package struct ConfigurationError: Error, Hashable, Sendable {
    /// The file, as it was given; nil for an environment variable.
    package let file: String?
    /// The line in the file, from 1; nil where the whole file is meant.
    package let line: Int?
    /// The variable (`DATABASE_URL`) or the place in the file (`bots[1].llm_config.base_url`).
    package let key: String?
    /// What would have been accepted: "a whole number from 1 to 65535".
    package let expected: String
    /// What was there: "\"many\"", "nothing".
    package let found: String

    /// Describes a mistake in the configuration.
    package init(file: String? = nil, line: Int? = nil, key: String? = nil, expected: String, found: String) {
        self.file = file
        self.line = line
        self.key = key
        self.expected = expected
        self.found = found
    }

    /// A variable that must be set is not.
    package static func missing(_ variable: String, expected: String = "a value") -> Self {
        Self(key: variable, expected: expected, found: "nothing")
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// `config/fleet.yaml:12: bots[1].name: expected a bot's name, found "Iris!"`.
    package var description: String {
        var place = ""
        if let file {
            place += file
            if let line { place += ":\(line)" }
            place += ": "
        }
        if let key { place += "\(key): " }
        return "\(place)expected \(expected), found \(found)"
    }
}
