import Foundation
import TestSupport

/// A tool of the system, run to its end: `mount`, `ip`.
enum SystemCommand {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// - Throws: ``Failed`` with what it printed when it does not end with 0 in time.
    static func run(_ words: String..., within limit: Duration = .seconds(20)) async throws {
        try await run(words, within: limit)
    }

    static func run(_ words: [String], within limit: Duration = .seconds(20)) async throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        do {
            try await eventually("\(words.joined(separator: " ")) ends", within: limit) { !process.isRunning }
        } catch {
            kill(process.processIdentifier, SIGKILL)
            throw error
        }
        guard process.terminationStatus == 0 else {
            let text = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            throw Failed(description: "\(words.joined(separator: " ")): \(text)")
        }
    }
}
