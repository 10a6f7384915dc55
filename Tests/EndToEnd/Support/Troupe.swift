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
    /// How the services are started.
    let launchers: Launchers
    /// By the name of their variable, without `_PORT`.
    let ports: [String: Int]
    let supervisor: Process
    private let output: URL

    private init(
        supervisor: Process,
        folder: URL,
        output: URL,
        databaseURL: String,
        launchers: Launchers,
        ports: [String: Int],
        playground: Playground,
        admin: HTTP
    ) {
        self.databaseURL = databaseURL
        self.launchers = launchers
        self.ports = ports
        self.supervisor = supervisor
        self.folder = folder
        self.output = output
        self.playground = playground
        self.admin = admin
    }

    /// Starts the stack, waits until every service is ready, runs the body, stops the stack.
    ///
    /// - Parameters:
    ///   - elsewhere: services, by their ports' variables, that nobody here can ask whether they are ready.
    ///   - prepare: is given the launchers before anything starts.
    static func withTroupe(
        _ settings: [String: String] = [:],
        elsewhere: Set<String> = [],
        preparing prepare: (Launchers) throws -> Void = { _ in },
        _ body: (Troupe) async throws -> Void
    ) async throws {
        let troupe = try await start(settings, elsewhere: elsewhere, preparing: prepare)
        do {
            try await body(troupe)
        } catch {
            let log = troupe.log.suffix(6_000)
            await troupe.stop()
            throw TroupeFailure(cause: error, log: String(log))
        }
        await troupe.stop()
    }

    static func start(
        _ settings: [String: String] = [:],
        elsewhere: Set<String> = [],
        preparing prepare: (Launchers) throws -> Void = { _ in }
    ) async throws -> Troupe {
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

        let launchers = try Launchers(in: folder.appending(path: "programs"))
        try prepare(launchers)
        let output = folder.appending(path: "output.log")
        try Data().write(to: output)
        let supervisor = Process()
        supervisor.executableURL = launchers.supervisor
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
            launchers: launchers,
            ports: Dictionary(uniqueKeysWithValues: zip(names, ports)),
            playground: Playground(http: HTTP(base: "http://127.0.0.1:\(ports[9])")),
            admin: admin
        )
        do {
            for name in names.prefix(9) where !elsewhere.contains(name) { try await troupe.waitUntilReady(name) }
            let key = try String(contentsOf: folder.appending(path: "admin.key"), encoding: .utf8)
            return Troupe(
                supervisor: supervisor,
                folder: folder,
                output: output,
                databaseURL: troupe.databaseURL,
                launchers: launchers,
                ports: troupe.ports,
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

    /// Waits until a service, by its name or its port's, says that it is ready.
    func waitUntilReady(_ service: String) async throws {
        let port = ports[service.uppercased().replacing("-", with: "_")] ?? 0
        try await eventually("\(service) is ready", within: .seconds(60)) {
            guard supervisor.isRunning else { throw SupervisorEnded() }
            return (try? await HTTP(base: "http://127.0.0.1:\(port)").send("GET", "/ready", body: nil)) != nil
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
