import Foundation
import TestSupport

/// What a test does to the processes of the stack.
extension Troupe {
    /// Ends one service at once, as a crash would: it gets no chance to finish anything.
    func kill(_ executable: String) { send(SIGKILL, to: executable) }

    /// Stops one service where it stands; it knows nothing of the time until ``thaw(_:)``.
    func freeze(_ executable: String) { send(SIGSTOP, to: executable) }

    func thaw(_ executable: String) { send(SIGCONT, to: executable) }

    /// Asks one service to stop, as a deploy would.
    func terminate(_ executable: String) { send(SIGTERM, to: executable) }

    private func send(_ signal: Int32, to executable: String) {
        for id in processes(of: executable) { Foundation.kill(id, signal) }
    }

    /// The services' processes, by executable.
    var running: [String] {
        ChildProcesses.descendants(of: supervisor.processIdentifier).map(\.executable)
    }

    /// The ids of a service's processes: of the database's many, of others one.
    func processes(of executable: String) -> [Int32] {
        ChildProcesses.descendants(of: supervisor.processIdentifier).filter { $0.executable == executable }.map(\.id)
    }

    /// Waits until a service has a process that was not there before, and none that was.
    func waitUntilReplaced(_ executable: String, _ before: [Int32]) async throws {
        try await eventually("\(executable) runs again") {
            let now = processes(of: executable)
            return !now.isEmpty && Set(now).isDisjoint(with: before)
        }
    }

    /// Starts one more process of a service, as an operator does: with what the supervisor has given to the first, and an
    /// `INSTANCE_ID` of its own. Whoever starts it ends it.
    func startAnother(_ executable: String, instance: String) throws -> Process {
        let port = "\(executable.uppercased().replacing("-", with: "_"))_PORT"
        let log = log(of: executable, instance: instance)
        try Data().write(to: log)
        let handle = try FileHandle(forWritingTo: log)
        let process = Process()
        process.executableURL = BuiltProducts.executable(executable)
        process.currentDirectoryURL = BuiltProducts.checkout
        process.environment = try environment(of: executable)
            .merging(["INSTANCE_ID": instance, port: "0"]) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        return process
    }

    /// Where one more process writes.
    func log(of executable: String, instance: String) -> URL {
        folder.appending(path: "\(executable)-\(instance).log")
    }

    /// What a running service was started with.
    private func environment(of executable: String) throws -> [String: String] {
        guard let id = processes(of: executable).first else {
            throw ConditionNotMet(what: "\(executable) runs", limit: .zero)
        }
        let bytes = try Data(contentsOf: URL(filePath: "/proc/\(id)/environ"))
        var environment: [String: String] = [:]
        for entry in bytes.split(separator: 0) {
            let text = String(decoding: entry, as: UTF8.self)
            guard let sign = text.firstIndex(of: "=") else { continue }
            environment[String(text[..<sign])] = String(text[text.index(after: sign)...])
        }
        return environment
    }
}
