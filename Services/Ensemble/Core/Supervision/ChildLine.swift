import FoundationEssentials
package import Logging

/// One line of a child's output, read for the screen.
package struct ChildLine: Sendable, Equatable {
    /// The member that wrote it.
    package let source: String
    /// How serious it is; what is no log line of ours counts as a warning when it speaks of an error.
    package let level: Logger.Level
    /// The message.
    package let message: String
    /// Metadata as `key=value`, without what the screen shows anyway.
    package let details: String

    /// A line of our own.
    package init(_ message: String, level: Logger.Level, from source: String) {
        self.source = source
        self.level = level
        self.message = message
        details = ""
    }

    /// Reads a line: JSON as our services write it, PostgreSQL's log, or any text.
    package init(_ line: String, from source: String) {
        self.source = source
        if line.hasPrefix("{"),
            let object = try? JSONDecoder().decode([String: String].self, from: Data(line.utf8)),
            let message = object["message"]
        {
            level = object["level"].flatMap { Logger.Level(rawValue: $0) } ?? .info
            self.message = message
            details = object.filter { !Self.shown.contains($0.key) }.sorted { $0.key < $1.key }
                .map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            return
        }
        details = ""
        if source == Member.database.description {
            // `2026-11-21 08:00:00.000 UTC [123] LOG:  database system is ready`
            let text = line.firstRange(of: "] ").map { line[$0.upperBound...] } ?? line[...]
            let isSerious = text.hasPrefix("FATAL") || text.hasPrefix("PANIC")
            // It says so to each client while it starts or stops: the supervisor knows already.
            let isExpected = Self.expected.contains { text.contains($0) }
            level = isSerious && !isExpected ? .error : .debug
            message = String(text)
        } else {
            level = .warning
            message = line
        }
    }

    private static let expected = [
        "the database system is", "administrator command", "connection to client lost",
        "database \"ensemble\" does not exist",
    ]
    private static let shown: Set<String> = ["time", "level", "service", "instance", "logger", "message"]
}
