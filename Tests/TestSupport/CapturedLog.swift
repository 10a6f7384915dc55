package import Logging
import Synchronization

/// A logger whose lines a test can read.
package final class CapturedLog: Sendable {
    private let contents = Mutex<[String]>([])

    package init() {}

    /// Each line: level, message, and the metadata in the order of their keys.
    package var lines: [String] { contents.withLock { $0 } }

    package func contains(_ parts: String...) -> Bool {
        lines.contains { line in parts.allSatisfy { line.contains($0) } }
    }

    package var logger: Logger {
        Logger(label: "captured") { [self] _ in Handler(log: self) }
    }

    private struct Handler: LogHandler {
        let log: CapturedLog
        var logLevel = Logger.Level.debug
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
            let text = fields.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
            log.contents.withLock { $0.append("\(event.level) \(event.message)\(text)") }
        }
    }
}
