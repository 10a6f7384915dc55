import Foundation
import TestSupport

/// A folder of programs for a supervisor, in which each service begins as a script: so a test can change what a service
/// starts with, its clock or its network, while the stack runs.
struct Launchers: Sendable {
    /// The supervisor itself; it takes the programs beside it.
    var supervisor: URL { folder.appending(path: "ensemble") }
    private let folder: URL

    private static let services = [
        "gateway", "music", "lavalink-bridge", "persona", "moderation", "scheduler", "community", "bus", "admin-api",
        "playground",
    ]

    init(in folder: URL) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // No symbolic link: it would lead the supervisor back to where it points. A hard one reaches no other volume.
        let program = BuiltProducts.executable("ensemble")
        do {
            try FileManager.default.linkItem(at: program, to: supervisor)
        } catch {
            try FileManager.default.copyItem(at: program, to: supervisor)
        }
        for service in Self.services {
            let script = """
                #!/bin/sh
                # The process stays the same one through all of it, with its id.
                while [ -e "$0.hold" ]; do sleep 0.1; done
                if [ -r "$0.setup" ]; then . "$0.setup"; fi
                exec $runner "\(BuiltProducts.executable(service).path)" "$@"

                """
            let file = folder.appending(path: service).path
            try script.write(toFile: file, atomically: true, encoding: .utf8)
            chmod(file, 0o755)
        }
    }

    /// What a service starts with from its next start on.
    ///
    /// - Parameters:
    ///   - environment: variables on top of those that the supervisor gives.
    ///   - runner: a command that becomes the program, given as its arguments.
    func set(_ service: String, environment: [String: String] = [:], runner: String = "") throws {
        let lines = environment.map { "export \($0.key)='\($0.value)'" }.sorted() + ["runner='\(runner)'"]
        let file = folder.appending(path: "\(service).setup").path
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
    }

    /// From its next start on a service does not come, until ``release(_:)``.
    func hold(_ service: String) throws { try Data().write(to: folder.appending(path: "\(service).hold")) }

    func release(_ service: String) {
        try? FileManager.default.removeItem(at: folder.appending(path: "\(service).hold"))
    }

    /// From its next start on a service starts as it always does.
    func reset(_ service: String) {
        try? FileManager.default.removeItem(at: folder.appending(path: "\(service).setup"))
    }
}
