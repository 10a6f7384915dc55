import Yams

/// Turns YAML (and JSON) into ``ConfigValue``s with the lines that libyaml marks.
struct YAMLReader {
    let file: String
    let settings: Settings

    func read(_ text: String) throws(ConfigurationError) -> ConfigValue {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw Self.complaint(error, file: file, text: text)
        } catch {
            throw ConfigurationError(file: file, expected: "YAML", found: "something else")
        }
        guard let node else { return value(.table([]), line: 1, path: "") }
        return try convert(node, path: "")
    }

    private func convert(_ node: Node, path: String) throws(ConfigurationError) -> ConfigValue {
        let line = node.mark?.line ?? 1
        switch node {
        case .scalar(let scalar):
            return value(Self.content(of: scalar), line: line, path: path)
        case .sequence(let sequence):
            var elements: [ConfigValue] = []
            for (index, element) in sequence.enumerated() {
                elements.append(try convert(element, path: "\(path)[\(index)]"))
            }
            return value(.list(elements), line: line, path: path)
        case .mapping(let mapping):
            var entries: [ConfigValue.Entry] = []
            for (keyNode, child) in mapping {
                guard let key = keyNode.scalar?.string else {
                    throw ConfigurationError(
                        file: file,
                        line: keyNode.mark?.line ?? line,
                        key: path,
                        expected: "a text as key",
                        found: "a list or a table"
                    )
                }
                let childPath = path.isEmpty ? key : "\(path).\(key)"
                entries.append(.init(key: key, value: try convert(child, path: childPath)))
            }
            return value(.table(entries), line: line, path: path)
        case .alias:
            throw ConfigurationError(
                file: file,
                line: line,
                key: path,
                expected: "an anchor for the alias",
                found: "none"
            )
        }
    }

    /// Plain scalars by the core schema of YAML 1.2: `no` and `on` are texts, as people who write them expect.
    private static func content(of scalar: Node.Scalar) -> ConfigValue.Content {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else { return .string(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        if let number = Int(text) { return .integer(number) }
        if let first = text.utf8.first, (0x30...0x39).contains(first) || first == 0x2D || first == 0x2E,
            let number = Double(text)
        {
            return .number(number)
        }
        return .string(text)
    }

    private func value(_ content: ConfigValue.Content, line: Int, path: String) -> ConfigValue {
        ConfigValue(content: content, file: file, line: line, path: path, settings: settings)
    }

    private static func complaint(_ error: YamlError, file: String, text: String) -> ConfigurationError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            ConfigurationError(file: file, line: mark.line, expected: "valid YAML", found: problem)
        case .duplicatedKeysInMapping(let duplicates, let context):
            ConfigurationError(
                file: file,
                line: repetition(of: duplicates, after: context.mark.line, in: text),
                expected: "each key once",
                found: duplicates.joined(separator: ", ") + " more than once"
            )
        case .reader(let problem, _, _, _):
            ConfigurationError(file: file, expected: "valid YAML", found: problem)
        default:
            ConfigurationError(file: file, expected: "valid YAML", found: "something else")
        }
    }

    /// The parser marks the table, not the key: looks for the last line that begins with one of the keys.
    private static func repetition(of keys: [String], after first: Int, in text: String) -> Int {
        var found = first
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where index + 1 >= first {
            let line = raw.drop { $0 == " " || $0 == "-" || $0 == "\"" }
            if keys.contains(where: { line.hasPrefix($0) }) { found = index + 1 }
        }
        return found
    }
}
