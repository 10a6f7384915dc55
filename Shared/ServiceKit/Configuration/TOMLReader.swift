import TOMLKit

/// Turns TOML into ``ConfigValue``s. The parser tells no positions of values, so lines are found again in the text.
struct TOMLReader {
    let file: String
    let settings: Settings
    let text: String

    func read() throws(ConfigurationError) -> ConfigValue {
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw ConfigurationError(
                file: file,
                line: error.source.begin.line,
                expected: "valid TOML",
                found: error.description
            )
        } catch {
            throw ConfigurationError(file: file, expected: "valid TOML", found: "something else")
        }
        return try convert(table, path: "", lines: TOMLLineIndex(text))
    }

    private func convert(
        _ node: any TOMLValueConvertible,
        path: String,
        lines: TOMLLineIndex
    ) throws(ConfigurationError) -> ConfigValue {
        let content: ConfigValue.Content
        if let table = node.table {
            var entries: [ConfigValue.Entry] = []
            for key in table.keys {
                guard let child = table[key] else { continue }
                let childPath = path.isEmpty ? key : "\(path).\(key)"
                entries.append(.init(key: key, value: try convert(child, path: childPath, lines: lines)))
            }
            entries.sort { $0.value.line < $1.value.line }
            content = .table(entries)
        } else if let array = node.array {
            var elements: [ConfigValue] = []
            for index in 0..<array.count {
                elements.append(try convert(array[index], path: "\(path)[\(index)]", lines: lines))
            }
            content = .list(elements)
        } else if let text = node.string {
            content = .string(text)
        } else if let flag = node.bool {
            content = .bool(flag)
        } else if let number = node.int {
            content = .integer(number)
        } else if let number = node.double {
            content = .number(number)
        } else {
            content = .string(node.debugDescription)
        }
        return ConfigValue(content: content, file: file, line: lines.line(of: path), path: path, settings: settings)
    }
}

/// The line on which each key and table of a TOML text begins.
struct TOMLLineIndex {
    private var lines: [String: Int] = [:]

    init(_ text: String) {
        var table = ""
        var tableCounts: [String: Int] = [:]
        var openQuotes: String?
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let quotes = openQuotes {
                if raw.contains(quotes) { openQuotes = nil }
                continue
            }
            let line = raw.drop { $0 == " " || $0 == "\t" }
            if line.hasPrefix("[[") {
                let name = Self.key(line.dropFirst(2).prefix { $0 != "]" })
                table = "\(name)[\(tableCounts[name, default: 0])]"
                tableCounts[name, default: 0] += 1
                lines[table] = index + 1
            } else if line.hasPrefix("[") {
                table = Self.key(line.dropFirst().prefix { $0 != "]" })
                lines[table] = index + 1
            } else if let equals = line.firstIndex(of: "="), !line.hasPrefix("#") {
                let key = Self.key(line[..<equals])
                lines[table.isEmpty ? key : "\(table).\(key)"] = index + 1
                let value = line[line.index(after: equals)...]
                for quotes in ["\"\"\"", "'''"] where value.ranges(of: quotes).count == 1 {
                    openQuotes = quotes
                }
            }
        }
    }

    /// The line of a path; what has none of its own (an element of an inline list) takes that of its parent.
    func line(of path: String) -> Int {
        var path = path
        while !path.isEmpty {
            if let line = lines[path] { return line }
            guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { break }
            path = String(path[..<cut])
        }
        return 1
    }

    private static func key(_ text: Substring) -> String {
        String(text.filter { $0 != " " && $0 != "\t" && $0 != "\"" && $0 != "'" && $0 != "\r" })
    }
}
