package import Logging
import ServiceKit
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Takes the output of all children: a file gets every line, the screen the latest warnings, a plain terminal all of it.
package final class LogHub: Sendable {
    /// Warnings kept for the screen.
    package static let keptWarnings = 50

    private struct State {
        var warnings: [ChildLine] = []
        var last: [String: String] = [:]
    }

    private let state = Mutex(State())
    private let file: Int32
    private let echo: Bool
    private let level: Logger.Level

    /// Opens the log file, which starts empty.
    ///
    /// - Parameters:
    ///   - echo: whether lines go to standard output as well.
    ///   - level: the least serious level that is echoed.
    package init(file path: String, echo: Bool, level: Logger.Level) {
        file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        self.echo = echo
        self.level = level
    }

    deinit {
        if file >= 0 { close(file) }
    }

    /// Takes one line of a child.
    package func take(_ text: String, from source: String) {
        record(ChildLine(text, from: source))
    }

    /// Says something of our own.
    package func say(_ message: String, level: Logger.Level = .info) {
        record(ChildLine(message, level: level, from: "ensemble"))
    }

    private func record(_ line: ChildLine) {
        let shown = Self.format(line)
        Self.write("\(shown)\n", to: file)
        state.withLock { state in
            state.last[line.source] = line.message
            guard line.level >= .warning else { return }
            state.warnings.append(line)
            if state.warnings.count > Self.keptWarnings { state.warnings.removeFirst() }
        }
        if echo, line.level >= level { Self.write("\(shown)\n", to: STDOUT_FILENO) }
    }

    /// The latest warnings and errors, oldest first.
    package var warnings: [ChildLine] {
        state.withLock { $0.warnings }
    }

    /// The last message of a member: of one that has just ended, mostly the reason.
    package func lastMessage(of source: String) -> String? {
        state.withLock { $0.last[source] }
    }

    static func format(_ line: ChildLine) -> String {
        let source = line.source.padding(to: 15)
        let level = line.level.rawValue.uppercased().padding(to: 8)
        let details = line.details.isEmpty ? "" : " \(line.details)"
        return "\(LogTime.local()) \(source) \(level) \(ConsoleLogHandler.oneLine(line.message + details))"
    }

    private static func write(_ text: String, to descriptor: Int32) {
        guard descriptor >= 0 else { return }
        let bytes = Array(text.utf8)
        _ = Glibc.write(descriptor, bytes, bytes.count)
    }
}

extension String {
    /// The text with blanks after it, so wide.
    func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
