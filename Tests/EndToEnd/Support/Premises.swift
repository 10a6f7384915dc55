import Foundation
import TestSupport

/// A place to run `ensemble up` in, again and again: a state folder and ports of its own.
struct Premises: Sendable {
    /// Everything that answers `/ready`, by the name of its port's variable.
    static let services = [
        "GATEWAY", "MUSIC", "LAVALINK_BRIDGE", "PERSONA", "MODERATION", "SCHEDULER", "COMMUNITY", "BUS", "ADMIN_API",
        "PLAYGROUND",
    ]

    let folder: URL
    private let ports: [String: Int]

    private init() throws {
        folder = URL(filePath: "/tmp/ensemble-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let names = Self.services + ["PLAYGROUND_LAVALINK", "DATABASE"]
        ports = Dictionary(uniqueKeysWithValues: zip(names, try FreePorts.take(names.count)))
    }

    /// Runs the body and removes the folder.
    static func with(_ body: (Premises) async throws -> Void) async throws {
        let premises = try Premises()
        defer { try? FileManager.default.removeItem(at: premises.folder) }
        try await body(premises)
    }

    /// Starts `ensemble up`, runs the body and stops what still runs.
    ///
    /// - Parameter terminal: where it prints; a file of the folder if there is none.
    func up(
        _ settings: [String: String] = [:],
        terminal: Pseudoterminal? = nil,
        _ body: (SupervisorProcess) async throws -> Void
    ) async throws {
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("DISCORD_") }
        for name in ["NO_SCREEN", "NO_COLOR", "DATABASE_URL"] { environment[name] = nil }
        for (name, port) in ports { environment["\(name)_PORT"] = String(port) }
        environment["ENSEMBLE_STATE"] = folder.path
        environment.merge(settings) { _, new in new }
        let run = try SupervisorProcess.start(environment: environment, folder: folder, terminal: terminal)
        do {
            try await body(run)
            await run.stop()
        } catch {
            let log = run.log.suffix(6_000)
            await run.stop()
            throw TroupeFailure(cause: error, log: String(log))
        }
    }

    func address(_ name: String) -> String { "http://127.0.0.1:\(ports[name] ?? 0)" }

    var playground: Playground { Playground(http: HTTP(base: address("PLAYGROUND"))) }

    /// The admin API, with the key that `up` made.
    var admin: HTTP {
        get throws {
            let key = try String(contentsOf: folder.appending(path: "admin.key"), encoding: .utf8)
            let trimmed = key.trimmingCharacters(in: .whitespacesAndNewlines)
            return HTTP(base: address("ADMIN_API"), headers: ["X-API-Key": trimmed])
        }
    }

    /// Waits until services answer that they are ready.
    func waitUntilReady(_ run: SupervisorProcess, _ names: [String] = Premises.services) async throws {
        for name in names {
            try await eventually("\(name) is ready", within: .seconds(60)) {
                guard run.isRunning else { throw SupervisorProcess.Ended(code: run.exitCode) }
                return (try? await HTTP(base: address(name)).send("GET", "/ready", body: nil)) != nil
            }
        }
    }
}

/// One `ensemble up`.
final class SupervisorProcess: Sendable {
    /// It ended where it should run.
    struct Ended: Error {
        let code: Int32?
    }

    private let process: Process
    private let output: URL

    private init(process: Process, output: URL) {
        self.process = process
        self.output = output
    }

    fileprivate static func start(
        environment: [String: String],
        folder: URL,
        terminal: Pseudoterminal?
    ) throws -> SupervisorProcess {
        let output = folder.appending(path: "output.log")
        try Data().write(to: output)
        let process = Process()
        process.executableURL = BuiltProducts.executable("ensemble")
        process.arguments = ["up"]
        process.currentDirectoryURL = BuiltProducts.checkout
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let file = try FileHandle(forWritingTo: output)
        process.standardOutput = terminal?.device ?? file
        process.standardError = file
        try process.run()
        terminal?.closeDevice()
        return SupervisorProcess(process: process, output: output)
    }

    var isRunning: Bool { process.isRunning }

    /// How it ended; nil while it runs.
    var exitCode: Int32? { process.isRunning ? nil : process.terminationStatus }

    /// What it and its services printed.
    var log: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

    /// The services' processes and the database's.
    var children: [ChildProcesses.Entry] { ChildProcesses.descendants(of: process.processIdentifier) }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    func waitUntilEnded() async throws {
        try await eventually("the supervisor has ended", within: .seconds(40)) { !process.isRunning }
    }

    fileprivate func stop() async {
        let ids = children.map(\.id)
        signal(SIGTERM)
        guard (try? await waitUntilEnded()) == nil else { return }
        for id in ids + [process.processIdentifier] { kill(id, SIGKILL) }
    }
}
