import Foundation
import MessageBus
import Postgres
import Simulation
import Synchronization
import TestSupport

/// A playground, a bus, a database and a gateway, and as many instances of services beside them as a test starts.
final class RoutingStage: Sendable {
    let playground: Playground
    let client: PostgresClient
    private let url: String
    private let databaseURL: String
    private let bus: String
    private let config: String
    private let processes = Mutex<[String: ServiceProcess]>([:])

    private init(url: String, databaseURL: String, client: PostgresClient, bus: String, config: String) {
        self.url = url
        self.databaseURL = databaseURL
        self.client = client
        self.bus = bus
        self.config = config
        playground = Playground(http: HTTP(base: url))
    }

    /// - Parameter plan: the text of `routing.yaml`; nil leaves the file out.
    static func with(plan: String?, _ body: @escaping @Sendable (RoutingStage) async throws -> Void) async throws {
        let database = try await PostgresCluster.shared.makeMigratedDatabase()
        let client = try database.makeClient()
        let config = FileManager.default.temporaryDirectory.appending(path: "routing-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: config) }
        try FileManager.default.createDirectory(at: config, withIntermediateDirectories: true)
        let files = [
            "fleet.yaml": """
            bots:
              - name: rainbow
                primary: true
                bot_config: {discord_token: "${TOKEN_RAINBOW}", system_prompt: You are warm.}
            """,
            "moderation.yaml": "words: [floopword]",
        ]
        for (name, text) in files { try Data(text.utf8).write(to: config.appending(path: name)) }
        try plan.map { try Data($0.utf8).write(to: config.appending(path: "routing.yaml")) }
        // Slow enough for an answer to be interrupted.
        let model = LanguageModelDouble(configuration: .init(tokenDelay: .milliseconds(60)))
        let discord = SimulatedDiscord(configuration: .unlimited)
        try await SimulationServer([discord, model]).withRunning { url in
            try await withTestBus { bus in
                try await withBackground {
                    try await client.run()
                } body: {
                    let stage = RoutingStage(
                        url: url,
                        databaseURL: database.url(),
                        client: client,
                        bus: bus.endpoints.ipcDirectory ?? "",
                        config: config.path
                    )
                    do {
                        try await body(stage)
                        stage.removeAll()
                    } catch {
                        let logs = stage.removeAll()
                        throw TroupeFailure(cause: error, log: logs)
                    }
                }
            }
        }
    }

    @discardableResult
    private func removeAll() -> String {
        let all = processes.withLock { processes in
            defer { processes = [:] }
            return processes
        }
        let logs = all.map { "--- \($0) ---\n\($1.log.suffix(4_000))" }.joined(separator: "\n")
        for process in all.values { process.remove() }
        return logs
    }

    /// Starts an instance of a service; the name is for ``subscript(_:)``, such as `persona-4`.
    func start(_ service: String, _ instance: String = "1", _ settings: [String: String] = [:]) throws {
        var environment = [
            "INSTANCE_ID": instance, "DATABASE_URL": databaseURL, "ENSEMBLE_BUS": "ipc://\(bus)",
            "ENSEMBLE_CONFIG": config, "LOG_LEVEL": "debug",
            "\(service.uppercased())_PORT": "0", "DISCORD_API_URL": "\(url)/api/v10",
            "TOKEN_RAINBOW": "playground.rainbow", "OPENAI_BASE_URL": "\(url)/v1", "OPENAI_API_KEY": "playground",
            "PERSONA_PROVIDER": "openai", "PERSONA_EDIT_INTERVAL": "100ms",
        ]
        environment.merge(settings) { _, new in new }
        let process = try ServiceProcess(service, environment)
        processes.withLock { $0["\(service)-\(instance)"] = process }
    }

    /// A running instance. Taken out of the dictionary only at the end, so that its log is there when a test fails.
    func process(_ name: String) throws -> ServiceProcess {
        guard let process = processes.withLock({ $0[name] }) else { throw ConditionNotMet(what: name, limit: .zero) }
        return process
    }

    /// Waits until the registry has exactly these instances of a service as alive and ready.
    func waitUntilReady(_ service: String, _ instances: [String], within limit: Duration = .seconds(60)) async throws {
        try await eventually("\(service) \(instances) ready", within: limit) {
            let rows = try await client.query(
                """
                SELECT instance FROM instances
                WHERE service = \(service) AND ready AND seen_at > now() - interval '9 s' ORDER BY instance
                """
            )
            return try rows.map { try $0.decode(String.self, "instance") } == instances
        }
    }

    /// Makes a text channel, as a bot with the right to does.
    func makeChannel(_ name: String) async throws {
        struct Guild: Decodable { let id: String }
        let api = HTTP(base: "\(url)/api/v10", headers: ["Authorization": "Bot playground.rainbow"])
        let guilds: [Guild] = try await api.get("/users/@me/guilds")
        guard let guild = guilds.first else { throw ConditionNotMet(what: "a guild", limit: .zero) }
        struct Channel: Encodable {
            let name: String
            let type = 0
        }
        try await api.send("POST", "/guilds/\(guild.id)/channels", body: try JSONEncoder().encode(Channel(name: name)))
    }

    /// Asks Rainbow something and waits for its only answer; gives the instance that gave it, and the route.
    func ask(_ question: String, in channel: String, within limit: Duration = .seconds(60)) async throws -> String {
        let id = try await playground.write("@Rainbow \(question)", as: "bob", in: channel)
        return try await worker(of: id, in: channel, within: limit)
    }

    /// Waits for the only answer to a message; gives the instance that finished it, and the route.
    func worker(of id: String, in channel: String, within limit: Duration = .seconds(60)) async throws -> String {
        var worker = ""
        try await eventually("\(id) is answered in \(channel)", within: limit) {
            let rows = try await client.query(
                """
                SELECT worker || ' ' || route AS worker FROM turns
                WHERE message::text = \(id) AND state = 'answered'
                """
            )
            worker = try rows.first?.decode(String.self, "worker") ?? ""
            return !worker.isEmpty
        }
        let answers = try await playground.transcript(channel).filter { $0.replyTo == id }
        guard answers.count == 1, answers[0].content.isEmpty == false else {
            throw ConditionNotMet(what: "one answer to \(id), found \(answers.count)", limit: limit)
        }
        return worker
    }
}
