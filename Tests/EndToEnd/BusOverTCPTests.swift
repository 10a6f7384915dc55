import Foundation
import TestSupport
import Testing

/// The bus over TCP as an operator meets it, from the built executables.
@Suite("the bus over TCP", .serialized, .timeLimit(.minutes(5)))
struct BusOverTCPTests {
    /// A folder with an address and the place of its keys.
    private func withKeys(_ body: ([String: String], URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bus-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let port = try FreePorts.first(of: 3)
        let settings = [
            "ENSEMBLE_BUS": "tcp://127.0.0.1:\(port)", "BUS_KEYS": folder.appending(path: "keys").path,
            "ENSEMBLE_STATE": folder.path,
        ]
        try await body(settings, folder.appending(path: "keys"))
    }

    @Test("without keys nothing starts: one line, and exit code 78", arguments: ["bus", "community", "ensemble"])
    func withoutKeys(executable: String) async throws {
        try await withKeys { settings, _ in
            let arguments = executable == "ensemble" ? ["up"] : []
            let run = try await Command.run(executable, arguments, settings.merging(ports) { _, new in new })
            #expect(run.code == 78)
            let lines = run.output.split(separator: "\n")
            #expect(lines.count == 1, "\(run.output)")
            #expect(lines.first?.contains("make keys") == true, "\(run.output)")
        }
    }

    @Test("keys that others can read are refused: one line, and exit code 78", arguments: ["bus", "community"])
    func openKeys(executable: String) async throws {
        try await withKeys { settings, keys in
            #expect(try await Command.run("ensemble", ["keys"], settings).code == 0)
            let file = keys.appending(path: "\(executable).key").path
            chmod(file, 0o644)
            let run = try await Command.run(executable, [], settings.merging(ports) { _, new in new })
            #expect(run.code == 78)
            let lines = run.output.split(separator: "\n")
            #expect(lines.count == 1 && lines[0].contains(file) && lines[0].contains("chmod 600"), "\(run.output)")
        }
    }

    @Test("an address that is not this machine's is told, with exit code 78", arguments: ["192.0.2.1", "no-such-host"])
    func foreignAddress(host: String) async throws {
        try await withKeys { settings, _ in
            #expect(try await Command.run("ensemble", ["keys"], settings).code == 0)
            let address = ["ENSEMBLE_BUS": "tcp://\(host):5570", "BUS_PORT": "0", "LOG_LEVEL": "critical"]
            let run = try await Command.run("bus", [], settings.merging(address) { _, new in new })
            #expect(run.code == 78)
            #expect(run.output.contains("ENSEMBLE_BUS") && run.output.contains(host), "\(run.output)")
        }
    }

    @Test("`ensemble keys` makes what is missing, says what to copy, and touches nothing again")
    func makingKeys() async throws {
        try await withKeys { settings, keys in
            let first = try await Command.run("ensemble", ["keys"], settings)
            #expect(first.code == 0)
            #expect(first.output.contains("made \(keys.path)/gateway.key"), "\(first.output)")
            #expect(first.output.contains("\(keys.path)/bus.pub\n"))
            #expect(!first.output.contains("secret-key"))
            let before = try Data(contentsOf: keys.appending(path: "gateway.key"))
            let second = try await Command.run("ensemble", ["keys"], settings)
            #expect(second.code == 0 && !second.output.contains("made "), "\(second.output)")
            #expect(try Data(contentsOf: keys.appending(path: "gateway.key")) == before)
        }
    }

    @Test("the main job and the tap work over TCP with CURVE, and a stranger's tap is refused")
    func mainJob() async throws {
        try await withKeys { settings, keys in
            #expect(try await Command.run("ensemble", ["keys"], settings).code == 0)
            let bus = settings.filter { $0.key != "ENSEMBLE_STATE" }
            try await Troupe.withTroupe(bus) { troupe in
                // What another host needs, and no more.
                let other = try copy(["ensemble.key", "bus.pub"], of: keys, to: "other")
                let elsewhere = settings.merging(["BUS_KEYS": other.path]) { _, new in new }
                let tap = try await withThrowingTaskGroup(of: Command?.self) { group in
                    group.addTask {
                        let filter = ["--topic", "discord.", "--text", "floopword", "--limit", "1"]
                        return try await Command.run("ensemble", ["bus", "tap"] + filter, elsewhere)
                    }
                    // Again until the tap has seen one: it opens when it does.
                    group.addTask {
                        while !Task.isCancelled {
                            let id = try await troupe.playground.write("a floopword", as: "mallory", in: "general")
                            try await eventually("the message is gone") {
                                try await !troupe.playground.transcript("general").contains { $0.id == id }
                            }
                        }
                        return nil
                    }
                    let first = try await group.next() ?? nil
                    group.cancelAll()
                    return first
                }
                #expect(tap?.code == 0 && tap?.output.contains("discord.") == true, "\(tap?.output ?? "")")

                try await eventually("the commands are registered") {
                    (try? await troupe.playground.use("/daily", as: "bob")) != nil
                }
                _ = try await troupe.playground.message("the coins", in: "bot-commands") { $0.content.contains("100") }

                // Somebody with a key of his own making.
                let made = keys.deletingLastPathComponent().appending(path: "made")
                let making = settings.merging(["BUS_KEYS": made.path]) { _, new in new }
                #expect(try await Command.run("ensemble", ["keys"], making).code == 0)
                let own = try copy(["ensemble.key"], of: made, to: "own")
                try FileManager.default.copyItem(
                    at: keys.appending(path: "bus.pub"),
                    to: own.appending(path: "bus.pub")
                )
                let stranger = settings.merging(["BUS_KEYS": own.path]) { _, new in new }
                let refused = try await Command.run("ensemble", ["bus", "tap", "--limit", "1"], stranger)
                #expect(refused.code == 78)
                #expect(refused.output.contains("cannot log in to the bus"), "\(refused.output)")
                try await eventually("the bus has said whose key it was") {
                    troupe.log.contains("a log-in to the bus was refused")
                }
            }
        }
    }

    /// A folder beside `keys` with some of its files.
    private func copy(_ names: [String], of keys: URL, to name: String) throws -> URL {
        let folder = keys.deletingLastPathComponent().appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        chmod(folder.path, 0o700)
        for name in names {
            try FileManager.default.copyItem(at: keys.appending(path: name), to: folder.appending(path: name))
        }
        return folder
    }

    /// Ports that are free, so that nothing else can be what stops a process.
    private var ports: [String: String] {
        ["BUS_PORT": "0", "COMMUNITY_PORT": "0", "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"]
    }
}
