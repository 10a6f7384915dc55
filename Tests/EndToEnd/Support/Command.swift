import Foundation
import TestSupport

/// One of our executables, run to its end.
struct Command {
    let code: Int32
    /// Both streams.
    let output: String

    /// Runs it in the checkout with these variables and no others of ours.
    static func run(
        _ executable: String,
        _ arguments: [String] = [],
        _ settings: [String: String],
        within limit: Duration = .seconds(60)
    ) async throws -> Command {
        let file = FileManager.default.temporaryDirectory.appending(path: "command-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let handle = try FileHandle(forWritingTo: file)
        let process = Process()
        process.executableURL = BuiltProducts.executable(executable)
        process.arguments = arguments
        process.currentDirectoryURL = BuiltProducts.checkout
        process.environment = ["PATH": "/usr/bin:/bin"].merging(settings) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        do {
            try await eventually("\(executable) ends", within: limit) { !process.isRunning }
        } catch {
            kill(process.processIdentifier, SIGKILL)
            throw error
        }
        return Command(code: process.terminationStatus, output: try String(contentsOf: file, encoding: .utf8))
    }
}
