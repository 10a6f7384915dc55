import FoundationEssentials
import ServiceKit
import Subprocess
import SystemPackage

/// Runs the scripts of `Tests/Fixtures/python` with the pinned clients of its requirements.txt.
package enum PythonClient {
    /// A script ended with an error.
    package struct ScriptFailed: Error, CustomStringConvertible {
        /// The script's file name.
        package let script: String
        /// How it ended.
        package let status: String
        /// What it wrote, both streams.
        package let output: String

        package var description: String { "\(script) \(status)\n\(output)" }
    }

    private static let outputLimit = 1 << 20
    /// Making the virtual environment downloads packages, once.
    private static let installationLimit = Duration.seconds(300)

    private static let folder = FilePath(#filePath)
        .removingLastComponent().removingLastComponent().removingLastComponent()
        .appending("Fixtures/python")

    /// Runs a script to its end.
    ///
    /// - Returns: what it wrote to its standard output.
    /// - Throws: ``ScriptFailed``, or ``DeadlineExceeded`` when it took too long; it is killed then.
    @discardableResult
    package static func run(
        _ script: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        within limit: Duration = .seconds(60)
    ) async throws -> String {
        let installed = try await execute(
            FilePath("/bin/sh"),
            [folder.appending("venv.sh").string],
            [:],
            name: "venv.sh",
            within: installationLimit
        )
        let interpreter = String(installed.split(separator: "\n").last ?? "")
        return try await execute(
            FilePath(interpreter),
            ["-X", "faulthandler", folder.appending(script).string] + arguments,
            environment,
            name: script,
            within: limit
        )
    }

    private static func execute(
        _ executable: FilePath,
        _ arguments: [String],
        _ environment: [String: String],
        name: String,
        within limit: Duration
    ) async throws -> String {
        var variables = Environment.inherit.updating(["PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"])
        for (key, value) in environment { variables = variables.updating([Environment.Key(stringLiteral: key): value]) }
        let prepared = variables
        let record = try await withDeadline(limit) {
            try await Subprocess.run(
                .path(executable),
                arguments: Arguments(arguments),
                environment: prepared,
                output: .string(limit: outputLimit),
                error: .string(limit: outputLimit)
            )
        }
        let output = record.standardOutput
        guard record.terminationStatus.isSuccess else {
            throw ScriptFailed(
                script: name,
                status: "\(record.terminationStatus)",
                output: output + record.standardError
            )
        }
        return output
    }
}
