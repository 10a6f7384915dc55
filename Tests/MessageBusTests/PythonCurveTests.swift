import BusContract
import BusCore
import DiscordModel
import FoundationEssentials
import Glibc
import MessageBus
import ServiceKit
import TestSupport
import Testing
import ZeroMQ

/// A peer in Python with pyzmq's own CURVE, from key files as `ensemble keys` writes them.
@Suite(.timeLimit(.minutes(5))) struct PythonCurveTests {
    private static let protos = BuiltProducts.checkout.appending(path: "protos").path()
    private let roles: [ServiceRole] = [.gateway, .moderation, .community]

    /// A bus, and a folder with the files of its keys and of a stranger.
    private func withBus(_ log: CapturedLog, _ body: (TestBus, String) async throws -> Void) async throws {
        try await withCurveTestBus(roles: roles, logger: log.logger) { bus in
            let folder = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString)").path()
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            chmod(folder, 0o700)
            func write(_ file: KeyFile, _ name: String) throws {
                try Data(file.text(remark: "of a test").reveal().utf8).write(to: URL(filePath: "\(folder)/\(name)"))
            }
            for (role, keys) in bus.keys { try write(KeyFile(keys), "\(role.rawValue).key") }
            try write(KeyFile(try CurveKeyPair.make()), "stranger.key")
            try write(KeyFile(publicKey: try #require(bus.configuration.keys).own.publicKey), "bus.pub")
            try await body(bus, folder)
        }
    }

    private func run(
        _ role: String,
        _ bus: TestBus,
        _ folder: String,
        key: String,
        _ more: [String: String] = [:]
    ) async throws -> [String] {
        let text = try await PythonClient.run(
            "bus_peer.py",
            arguments: [Self.protos, bus.endpoints.eventsOut, bus.endpoints.requests, role],
            environment: [
                "KEY_FILE": "\(folder)/\(key).key", "SERVER_KEY_FILE": "\(folder)/bus.pub",
                "EVENTS_IN": bus.endpoints.eventsIn,
            ].merging(more) { _, new in new },
            within: .seconds(90)
        )
        return text.split(separator: "\n").map(String.init)
    }

    private func count(_ bus: TestBus, _ name: String, labels: [String: String] = [:]) -> Int {
        bus.metrics.counter(name, help: "", labels: labels).current
    }

    /// What is needed to publish a case, which moderation alone may.
    private func caseOpened(_ folder: String) throws -> [String: String] {
        let event = CaseOpened(
            guild: GuildID(3),
            number: 12,
            type: "warn",
            user: UserID(4),
            moderator: nil,
            reason: ""
        )
        return [
            "TYPE": CaseOpened.typeName, "TOPIC": CaseOpened.topic.rawValue,
            "BODY": String(decoding: try BusJSON.encode(event), as: UTF8.self), "STOP_FILE": "\(folder)/stop",
        ]
    }

    @Test func aKnownKeySubscribesPublishesAndAsks() async throws {
        try await withBus(CapturedLog()) { bus, folder in
            let publishing = try caseOpened(folder)
            async let publisher = run("publisher", bus, folder, key: "moderation", publishing)
            let lines = try await run(
                "subscriber",
                bus,
                folder,
                key: "community",
                ["COUNT": "2", "OPEN_FILE": "\(folder)/open"]
            )
            #expect(FileManager.default.createFile(atPath: "\(folder)/stop", contents: nil))
            _ = try await publisher
            #expect(lines.filter { $0.contains(CaseOpened.typeName) }.count == 2, "\(lines)")

            try await bus.withConnection(.gateway) { gateway in
                try await withBackground {
                    try await gateway.serve(QueryGuild.self) { request, context in
                        #expect(context.caller == .community)
                        return GuildFacts(known: true, guild: request.guild, name: "Harbour", bots: [])
                    }
                } body: {
                    let reply = try await run("requester", bus, folder, key: "community")
                    #expect(reply == [#"{"code": "", "name": "Harbour", "bots": []}"#])
                }
            }
            #expect(count(bus, "bus_switch_logins_refused_total") == 0)
        }
    }

    @Test func anUnknownKeyGetsNothingAndIsLogged() async throws {
        let log = CapturedLog()
        try await withBus(log) { bus, folder in
            try await bus.withConnection(.moderation) { moderation in
                try await withBackground {
                    while !Task.isCancelled {
                        moderation.publish(
                            CaseOpened(
                                guild: GuildID(3),
                                number: 1,
                                type: "warn",
                                user: UserID(4),
                                moderator: nil,
                                reason: ""
                            )
                        )
                        try await Task.sleep(for: .milliseconds(20))
                    }
                } body: {
                    let seen = try await run(
                        "subscriber",
                        bus,
                        folder,
                        key: "stranger",
                        ["COUNT": "1", "OPEN_FILE": "\(folder)/open", "PATIENCE": "3"]
                    )
                    #expect(seen == ["nothing came"])
                    // Events went round meanwhile.
                    #expect(count(bus, "bus_switch_events_total") > 0)
                }
            }
            let failure = await #expect(throws: PythonClient.ScriptFailed.self) {
                _ = try await run("requester", bus, folder, key: "stranger", ["PATIENCE": "3"])
            }
            #expect(failure?.output.contains("no welcome came") == true, "\(String(describing: failure))")
            let key = try KeyFile(
                parsing: String(contentsOf: URL(filePath: "\(folder)/stranger.key"), encoding: .utf8),
                file: ""
            ).publicKey.z85
            #expect(log.contains("a log-in to the bus was refused", key, "address=127.0.0.1"))
            #expect(count(bus, "bus_switch_logins_refused_total") >= 2)
        }
    }

    @Test func anotherServicesTopicAndAddressAreRefused() async throws {
        let log = CapturedLog()
        try await withBus(log) { bus, folder in
            let publishing = try caseOpened(folder).merging(["PATIENCE": "3"]) { _, new in new }
            _ = try await run("publisher", bus, folder, key: "community", publishing)
            #expect(count(bus, "bus_switch_events_refused_total") > 0)
            #expect(count(bus, "bus_switch_events_total") == 0)
            #expect(log.contains("may not publish", "user=community", CaseOpened.topic.rawValue))

            // Serving QueryGuild is the gateway's.
            _ = await #expect(throws: PythonClient.ScriptFailed.self) {
                _ = try await run("worker", bus, folder, key: "community", ["PATIENCE": "3"])
            }
            #expect(count(bus, "bus_switch_broker_notes_total", labels: ["kind": "permission"]) >= 1)
            #expect(log.contains("a peer tried what it may not", "user=community"))
        }
    }
}
