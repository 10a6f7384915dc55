import Foundation
import TestSupport
import Testing

/// `ensemble up` as an operator meets it, from the built executables: what the screen says, and what becomes of it when
/// something is missing, wrong or killed.
@Suite("ensemble up", .serialized, .timeLimit(.minutes(5)))
struct SupervisorTests {
    @Test("the screen shows every service and bot, and leaves the terminal as it was")
    func screen() async throws {
        try await Premises.with { premises in
            let terminal = try Pseudoterminal(columns: 110, rows: 50)
            try await premises.up(terminal: terminal) { run in
                try await eventually("the screen says that all is ready", within: .seconds(60)) {
                    terminal.lines.first?.contains("ready after") == true
                }
                let bots = ["rainbow", "iris", "aurora", "selene"]
                try await eventually("the screen shows the bots online") {
                    bots.allSatisfy { row($0, terminal).contains("online") }
                }
                for name in [
                    "postgres", "bus", "playground", "gateway", "moderation", "persona", "music", "lavalink-bridge",
                    "scheduler", "community", "admin-api",
                ] {
                    let row = row(name, terminal)
                    #expect(row.contains("ready"), "\(name)")
                    #expect(row.contains(" MB"), "\(name)")
                }
                for name in ["PLAYGROUND", "ADMIN_API"] {
                    #expect(terminal.lines.contains { $0.contains(premises.address(name)) })
                }
                // Nothing that started in good order has anything to warn of.
                #expect(!terminal.lines.contains { $0.contains("LATEST WARNINGS") }, "\(terminal.lines)")

                run.signal(SIGINT)
                try await run.waitUntilEnded()
                #expect(run.exitCode == 0)
                #expect(terminal.text.contains("\u{1B}[?1049l"))
                let log = try String(contentsOf: premises.folder.appending(path: "logs/up.log"), encoding: .utf8)
                let alarms = log.split(separator: "\n").filter { $0.contains(" WARNING ") || $0.contains(" ERROR ") }
                #expect(alarms.isEmpty, "a stop is no reason for alarm")
            }
        }
    }

    private func row(_ name: String, _ terminal: Pseudoterminal) -> String {
        terminal.lines.first { $0.split(separator: " ").first == Substring(name) } ?? ""
    }

    @Test("a database of the operator's that is down keeps the bots offline, says so, and is taken up when it returns")
    func databaseDownAtStart() async throws {
        let cluster = try await PostgresCluster.start()
        let database = try await cluster.makeDatabase()
        await cluster.stop()
        try await Premises.with { premises in
            try await premises.up(["DATABASE_URL": database.url()]) { run in
                try await eventually("the operator is told") {
                    run.log.contains("The database cannot be reached, the bots stay offline")
                }
                try await eventually("the admin API tells its callers") {
                    do {
                        let api = HTTP(base: premises.address("ADMIN_API"), headers: ["X-API-Key": "any"])
                        try await api.send("GET", "/api/status", body: nil)
                        return false
                    } catch let error as HTTP.Refused {
                        return error.status == 503 && error.body.contains("the database does not answer")
                    } catch {
                        return false
                    }
                }
                try await eventually("the gateway says why it is not ready") {
                    do {
                        try await HTTP(base: premises.address("GATEWAY")).send("GET", "/ready", body: nil)
                        return false
                    } catch let error as HTTP.Refused {
                        return error.status == 503 && error.body.contains("offline until the database is there")
                    } catch {
                        return false
                    }
                }

                try await cluster.restart()
                try await premises.waitUntilReady(run)
                try await eventually("all bots are online") {
                    let status: Status? = try? await premises.admin.get("/api/status")
                    return status?.bots.filter { $0.state == "online" }.count == 4
                }
                #expect(!FileManager.default.fileExists(atPath: premises.folder.appending(path: "postgres").path))

                await cluster.stop()
                try await eventually("the status says so, and what can be known without it") {
                    let status: Status = try await premises.admin.get("/api/status")
                    let music = status.services.first { $0.service == "music" }
                    return status.database.state == "down" && status.database.since != nil
                        && status.database.reason?.isEmpty == false && status.missing.keys.sorted() == ["gaps"]
                        && status.bots.filter { $0.state == "online" }.count == 4
                        && music?.components["database"]?.ready == false
                        && !status.services.contains { $0.status == "silent" }
                }
                try await cluster.restart()
                try await eventually("all is well again", within: .seconds(60)) {
                    let status: Status = try await premises.admin.get("/api/status")
                    return status.status == "ok" && status.database.state == "up" && status.missing.isEmpty
                }
            }
        }
        await cluster.stop()
    }

    @Test("after kill -9 of the supervisor the next start ends what is left, takes the same ports and has lost nothing")
    func killedSupervisor() async throws {
        try await Premises.with { premises in
            var left: [Int32] = []
            try await premises.up { run in
                try await premises.waitUntilReady(run)
                try await eventually("an offence is a case") {
                    if try await cases(premises).isEmpty {
                        try await premises.playground.write("a floopword", as: "mallory", in: "general")
                        try await eventually("the case") { try await !cases(premises).isEmpty }
                    }
                    return true
                }
                left = run.children.map(\.id)
                #expect(left.count >= 11)
                run.signal(SIGKILL)
                try await run.waitUntilEnded()
            }
            try await premises.up { run in
                try await premises.waitUntilReady(run)
                #expect(left.allSatisfy { !isAlive($0) })
                let found = try await cases(premises)
                #expect(found.last == 1)
                #expect(run.log.contains("all ready after") || run.isRunning)
            }
        }
    }

    private func isAlive(_ id: Int32) -> Bool {
        // What has ended and is not waited for yet is no more.
        let status = (try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)) ?? ""
        return !status.isEmpty && !status.contains(") Z ")
    }

    @Test("a mistake in the fleet's file is one line with its place, and exit code 78")
    func wrongFleet() async throws {
        try await Premises.with { premises in
            let folder = try configuration(premises, "fleet.yaml", "bots:\n  - name: rainbow\n    enabled: [unclosed\n")
            try await premises.up(["ENSEMBLE_CONFIG": folder]) { run in
                try await run.waitUntilEnded()
                #expect(run.exitCode == 78)
                let lines = run.log.split(separator: "\n")
                #expect(lines.count == 1)
                #expect(lines.first?.contains("fleet.yaml:") == true, "\(run.log)")
                #expect(lines.first?.contains("expected") == true, "\(run.log)")
            }
        }
    }

    @Test("a mistake in one service's file stops that service alone, with file, line and what was expected")
    func wrongModeration() async throws {
        try await Premises.with { premises in
            let folder = try configuration(premises, "moderation.yaml", "# the list\nwords: 7\n")
            try await premises.up(["ENSEMBLE_CONFIG": folder]) { run in
                try await premises.waitUntilReady(run, Premises.services.filter { $0 != "MODERATION" })
                try await eventually("the operator is told") {
                    run.log.split(separator: "\n").contains {
                        $0.contains("moderation stays stopped until its configuration is repaired")
                            && $0.contains("moderation.yaml:2") && $0.contains("expected")
                    }
                }
            }
        }
    }

    /// A copy of the repository's configuration with one file replaced.
    private func configuration(_ premises: Premises, _ name: String, _ text: String) throws -> String {
        let folder = premises.folder.appending(path: "config")
        try FileManager.default.copyItem(at: BuiltProducts.checkout.appending(path: "config"), to: folder)
        try Data(text.utf8).write(to: folder.appending(path: name))
        return folder.path
    }

    private func cases(_ premises: Premises) async throws -> [Int] {
        let cases: Cases = try await premises.admin.get("/api/cases")
        return cases.items.map(\.number)
    }

    private struct Cases: Decodable {
        struct Item: Decodable {
            let number: Int
        }

        let items: [Item]
    }

    private struct Status: Decodable {
        struct Bot: Decodable {
            let state: String
        }

        struct Database: Decodable {
            let state: String
            let reason: String?
            let since: Int64?
        }

        struct Service: Decodable {
            struct Component: Decodable {
                let ready: Bool
            }

            let service: String
            let status: String
            let components: [String: Component]
        }

        let status: String
        let database: Database
        let missing: [String: String]
        let services: [Service]
        let bots: [Bot]
    }
}
