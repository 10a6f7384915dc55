import Foundation
import Simulation
import TestSupport

/// The gateway's own executable as a child process, which can be killed.
final class GatewayProcess {
    private let process = Process()
    private let log: URL

    struct Setup {
        var discord: String
        var database: String
        var bus: String
        var config: String
        var tokens: [String: String]
        var extra: [String: String] = [:]
    }

    init(_ setup: Setup) throws {
        log = FileManager.default.temporaryDirectory.appending(path: "gateway-\(UUID()).log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        process.executableURL = BuiltProducts.executable("gateway")
        var environment = [
            "DISCORD_API_URL": setup.discord + "/api/v10", "DATABASE_URL": setup.database,
            "ENSEMBLE_BUS": "ipc://\(setup.bus)",
            "ENSEMBLE_CONFIG": setup.config, "GATEWAY_PORT": "0", "LOG_FORMAT": "json", "LOG_LEVEL": "debug",
            "PATH": "/usr/bin:/bin", "DISCORD_GATEWAY_COMPRESSION": "zlib-stream",
        ]
        environment.merge(setup.tokens) { _, new in new }
        environment.merge(setup.extra) { _, new in new }
        process.environment = environment
        let handle = try FileHandle(forWritingTo: log)
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
    }

    /// As the kernel does it when memory is short.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// As a supervisor does it.
    func stop() {
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
    }

    var isRunning: Bool { process.isRunning }

    var exitStatus: Int32 { process.terminationStatus }

    var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
}
