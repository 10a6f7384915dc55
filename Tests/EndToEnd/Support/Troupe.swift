import Foundation
import Synchronization
import TestSupport

/// The whole stack as `make up` runs it, from the executables of this build: supervisor, PostgreSQL, every service.
///
/// It has a state folder and free ports of its own, so that it disturbs nothing else on the machine, and it is gone,
/// with every process, when `withTroupe` returns.
final class Troupe: Sendable {
    let playground: Playground
    let admin: HTTP
    let folder: URL
    /// The cluster's owner, over its socket.
    let databaseURL: String
    private let supervisor: Process
    private let output: URL

    private init(
        supervisor: Process,
        folder: URL,
        output: URL,
        databaseURL: String,
        playground: Playground,
        admin: HTTP
    ) {
        self.databaseURL = databaseURL
        self.supervisor = supervisor
        self.folder = folder
        self.output = output
        self.playground = playground
        self.admin = admin
    }

    /// Starts the stack, waits until every service is ready, runs the body, stops the stack.
    static func withTroupe(
        _ settings: [String: String] = [:],
        _ body: (Troupe) async throws -> Void
    ) async throws {
        let troupe = try await start(settings)
        do {
            try await body(troupe)
        } catch {
            let log = troupe.log.suffix(6_000)
            await troupe.stop()
            throw TroupeFailure(cause: error, log: String(log))
        }
        await troupe.stop()
    }

    static func start(_ settings: [String: String] = [:]) async throws -> Troupe {
        let folder = URL(filePath: "/tmp").appending(path: "ensemble-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let ports = try FreePorts.take(20)
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("DISCORD_") }
        let names = [
            "GATEWAY", "MUSIC", "LAVALINK_BRIDGE", "PERSONA", "MODERATION", "SCHEDULER", "COMMUNITY", "BUS",
            "ADMIN_API",
            "PLAYGROUND", "PLAYGROUND_LAVALINK", "DATABASE",
        ]
        for (name, port) in zip(names, ports) {
            environment["\(name)_PORT"] = String(port)
        }
        environment["ENSEMBLE_STATE"] = folder.path
        environment.merge(settings) { _, new in new }

        let output = folder.appending(path: "output.log")
        try Data().write(to: output)
        let supervisor = Process()
        supervisor.executableURL = BuiltProducts.executable("ensemble")
        supervisor.arguments = ["up"]
        supervisor.currentDirectoryURL = BuiltProducts.checkout
        supervisor.environment = environment
        supervisor.standardInput = FileHandle.nullDevice
        let handle = try FileHandle(forWritingTo: output)
        supervisor.standardOutput = handle
        supervisor.standardError = handle
        try supervisor.run()

        let admin = HTTP(base: "http://127.0.0.1:\(ports[8])")
        let troupe = Troupe(
            supervisor: supervisor,
            folder: folder,
            output: output,
            databaseURL: "host=\(folder.path)/run/postgres port=\(ports[11]) user=ensemble dbname=ensemble",
            playground: Playground(http: HTTP(base: "http://127.0.0.1:\(ports[9])")),
            admin: admin
        )
        do {
            try await troupe.waitUntilReady(ports: Array(ports[0...8]))
            let key = try String(contentsOf: folder.appending(path: "admin.key"), encoding: .utf8)
            return Troupe(
                supervisor: supervisor,
                folder: folder,
                output: output,
                databaseURL: troupe.databaseURL,
                playground: troupe.playground,
                admin: HTTP(
                    base: admin.base,
                    headers: ["X-API-Key": key.trimmingCharacters(in: .whitespacesAndNewlines)]
                )
            )
        } catch {
            let log = troupe.log.suffix(6_000)
            await troupe.stop()
            throw TroupeFailure(cause: error, log: String(log))
        }
    }

    /// What the supervisor and its services printed.
    var log: String {
        (try? String(contentsOf: output, encoding: .utf8)) ?? ""
    }

    /// Ends one service at once, as a crash would: it gets no chance to finish anything.
    func kill(_ executable: String) throws { send(SIGKILL, to: executable) }

    /// Stops one service where it stands; it knows nothing of the time until ``thaw(_:)``.
    func freeze(_ executable: String) { send(SIGSTOP, to: executable) }

    func thaw(_ executable: String) { send(SIGCONT, to: executable) }

    private func send(_ signal: Int32, to executable: String) {
        for process in ChildProcesses.descendants(of: supervisor.processIdentifier)
        where process.executable == executable {
            Foundation.kill(process.id, signal)
        }
    }

    /// Starts one more process of a service, with what the supervisor has given to the first; whoever starts it ends it.
    func startAnother(_ executable: String, instance: String) throws -> Process {
        guard
            let first = ChildProcesses.descendants(of: supervisor.processIdentifier)
                .first(where: { $0.executable == executable })
        else { throw NotRunning(executable: executable) }
        var environment: [String: String] = [:]
        for entry in try Data(contentsOf: URL(filePath: "/proc/\(first.id)/environ")).split(separator: 0) {
            let parts = String(decoding: entry, as: UTF8.self).split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { environment[parts[0]] = parts[1] }
        }
        environment["INSTANCE_ID"] = instance
        environment["\(executable.uppercased().replacing("-", with: "_"))_PORT"] = "0"
        let process = Process()
        process.executableURL = BuiltProducts.executable(executable)
        process.currentDirectoryURL = BuiltProducts.checkout
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let log = folder.appending(path: "\(executable)-\(instance).log")
        try Data().write(to: log)
        let handle = try FileHandle(forWritingTo: log)
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        return process
    }

    private struct NotRunning: Error {
        let executable: String
    }

    /// The services' processes, by executable.
    var running: [String] {
        ChildProcesses.descendants(of: supervisor.processIdentifier).map(\.executable)
    }

    func stop() async {
        let ids = ChildProcesses.descendants(of: supervisor.processIdentifier).map(\.id)
        supervisor.terminate()
        let stopped: Void? = try? await eventually("the supervisor has stopped") {
            !supervisor.isRunning
        }
        if stopped == nil {
            for id in ids + [supervisor.processIdentifier] { Foundation.kill(id, SIGKILL) }
        }
        try? FileManager.default.removeItem(at: folder)
    }

    private func waitUntilReady(ports: [Int]) async throws {
        for port in ports {
            try await eventually("port \(port) is ready", within: .seconds(60)) {
                guard supervisor.isRunning else { throw SupervisorEnded() }
                return (try? await HTTP(base: "http://127.0.0.1:\(port)").send("GET", "/ready", body: nil)) != nil
            }
        }
    }

    private struct SupervisorEnded: Error {}
}

/// What went wrong in a test of the whole stack, with what the stack printed last.
struct TroupeFailure: Error, CustomStringConvertible {
    let cause: any Error
    let log: String

    var description: String { "\(cause)\n--- the stack's last lines ---\n\(log)" }
}
