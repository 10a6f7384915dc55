import FoundationEssentials

/// A configuration file in YAML, JSON or TOML, told apart by its extension.
///
/// A mistake throws a ``ConfigurationError`` with file, line, what was expected and what was found; the caller keeps
/// the file that was in force before.
package struct ConfigFile: Sendable {
    /// The languages of configuration files.
    package enum Format: Sendable {
        /// YAML 1.1; JSON is a part of it and takes the same way.
        case yaml
        case toml

        /// Recognised by the extension of a file name.
        package init?(fileName: String) {
            switch fileName.split(separator: ".").last.map({ $0.lowercased() }) {
            case "yaml", "yml", "json": self = .yaml
            case "toml": self = .toml
            default: return nil
            }
        }
    }

    /// The path, as it was given.
    package let path: String
    /// The outermost value.
    package let root: ConfigValue

    /// Files above this size are refused; a configuration of this platform is a few kilobytes.
    package static let maximumBytes = 4 << 20

    /// Reads and parses a file.
    package static func load(_ path: String, settings: Settings) throws(ConfigurationError) -> ConfigFile {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ConfigurationError(file: path, expected: "a readable file", found: "none")
        }
        guard data.count <= maximumBytes else {
            throw ConfigurationError(
                file: path,
                expected: "at most \(maximumBytes >> 20) MB",
                found: "\(data.count) bytes"
            )
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw ConfigurationError(file: path, expected: "UTF-8 text", found: "other bytes")
        }
        return try parse(text, path: path, settings: settings)
    }

    /// Parses a text as if it came from `path`; the extension of the path chooses the language unless `format` does.
    package static func parse(
        _ text: String,
        path: String,
        format: Format? = nil,
        settings: Settings
    ) throws(ConfigurationError) -> ConfigFile {
        guard let format = format ?? Format(fileName: path) else {
            throw ConfigurationError(
                file: path,
                expected: "a name that ends in .yaml, .yml, .json or .toml",
                found: path
            )
        }
        let root: ConfigValue
        switch format {
        case .yaml: root = try YAMLReader(file: path, settings: settings).read(text)
        case .toml: root = try TOMLReader(file: path, settings: settings, text: text).read()
        }
        return ConfigFile(path: path, root: root)
    }
}
