import Foundation
import TestSupport

/// One of our services as a child process, outside of any supervisor: it can be killed, and stays dead.
final class ServiceProcess: Sendable {
    private let process: Process
    private let file: URL

    /// - Parameter settings: all that it sees beside `PATH`.
    init(_ executable: String, _ settings: [String: String]) throws {
        file = FileManager.default.temporaryDirectory.appending(path: "\(executable)-\(UUID().uuidString).log")
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        let process = Process()
        process.executableURL = BuiltProducts.executable(executable)
        process.currentDirectoryURL = BuiltProducts.checkout
        process.environment = ["PATH": "/usr/bin:/bin", "LOG_FORMAT": "json"].merging(settings) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        self.process = process
    }

    /// As a crash does it.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// As an operator does it.
    func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    /// Ends what still runs, and forgets what it printed.
    func remove() {
        if process.isRunning { kill() }
        try? FileManager.default.removeItem(at: file)
    }

    /// What it printed.
    var log: String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }
}
