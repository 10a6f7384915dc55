import AsyncHTTPClient
import BusContract
import DiscordModel
import Foundation
import Logging
import MessageBus
import NIOCore
import NIOHTTP1
import Postgres
import Simulation
import Synchronization
import TestSupport
import Testing

/// A local Discord, a switchboard, a database, and what a service would see of the gateway between them.
struct GatewayBench: Sendable {
    let discord: SimulatedDiscord
    let url: String
    let database: TestDatabase
    let client: PostgresClient
    let bus: TestBus
    let service: BusConnection
    let received: Received
    let config: String

    /// Events as a service gets them.
    final class Received: Sendable {
        private let state = Mutex<[(topic: String, header: Header, payload: String)]>([])

        func add(_ events: [IncomingEvent]) {
            let decoded = events.map {
                (
                    String(decoding: $0.topic, as: UTF8.self), (try? $0.header) ?? Header(),
                    String(decoding: $0.payload, as: UTF8.self)
                )
            }
            state.withLock { $0 += decoded }
        }

        var all: [(topic: String, header: Header, payload: String)] { state.withLock { $0 } }

        /// Contents of MESSAGE_CREATEs, once for each stream and number.
        var messages: [String] {
            var seen: Set<[UInt64]> = []
            return all.filter { $0.topic.hasSuffix(".MESSAGE_CREATE.") }.compactMap { event in
                guard seen.insert([event.header.stream, event.header.seq]).inserted else { return nil }
                return (try? MessageEvent(json: Array(event.payload.utf8)))?.content
            }
        }
    }

    static func with<Result: Sendable>(
        tokens: [String] = ["rainbow", "iris"],
        cluster: PostgresCluster? = nil,
        discord configuration: SimulatedDiscord.Configuration = .unlimited,
        _ body: @escaping @Sendable (GatewayBench) async throws -> Result
    ) async throws -> Result {
        let discord = SimulatedDiscord(configuration: configuration)
        let server: PostgresCluster
        if let cluster { server = cluster } else { server = try await PostgresCluster.shared }
        let database = try await server.makeMigratedDatabase()
        let config = FileManager.default.temporaryDirectory.appending(path: "gateway-config-\(UUID())").path
        try FileManager.default.createDirectory(atPath: config, withIntermediateDirectories: true)
        var fleet = "bots:\n"
        for (index, name) in tokens.enumerated() {
            fleet +=
                "  - name: \(name)\n    primary: \(index == 0)\n    bot_config:\n      discord_token: ${TOKEN_\(name.uppercased())}\n"
        }
        try fleet.write(toFile: config + "/fleet.yaml", atomically: true, encoding: .utf8)
        return try await SimulationServer([discord]).withRunning { url in
            try await withTestBus { bus in
                try await bus.withConnection(.moderation) { service in
                    let client = try database.makeClient()
                    return try await withBackground {
                        try await client.run()
                    } body: {
                        let received = Received()
                        return try await withBackground {
                            try await service.withSubscription([.all]) { subscription in
                                for await batch in subscription { received.add(batch) }
                            }
                        } body: {
                            try await body(
                                GatewayBench(
                                    discord: discord,
                                    url: url,
                                    database: database,
                                    client: client,
                                    bus: bus,
                                    service: service,
                                    received: received,
                                    config: config
                                )
                            )
                        }
                    }
                }
            }
        }
    }

    func start(tokens: [String: String]? = nil, extra: [String: String] = [:]) throws -> GatewayProcess {
        try GatewayProcess(
            .init(
                discord: url,
                database: database.url(),
                bus: bus.endpoints.ipcDirectory ?? "",
                config: config,
                tokens: tokens ?? ["TOKEN_RAINBOW": "playground.rainbow", "TOKEN_IRIS": "playground.iris"],
                extra: extra
            )
        )
    }

    func status() async throws -> [String: BotStatus] {
        let fleet = try await service.request(FleetStatus(), timeout: .seconds(2))
        return Dictionary(fleet.bots.map { ($0.bot.rawValue, $0) }, uniquingKeysWith: { $1 })
    }

    /// Asks as the admin API does, which alone may.
    func order(_ bot: BotID, _ action: BotAction, timeout: Duration = .seconds(2)) async throws {
        try await bus.withConnection(.adminAPI) { admin in
            _ = try await admin.request(ControlBot(bot: bot, action: action), timeout: timeout)
        }
    }

    func waitUntilOnline(_ bots: String...) async throws {
        try await eventually("\(bots) online") {
            guard let status = try? await self.status() else { return false }
            return bots.allSatisfy { status[$0]?.state == .online }
        }
    }

    /// Does what an operator does, as the admin API.
    func control(_ bot: BotID, _ action: BotAction) async throws {
        try await bus.withConnection(.adminAPI) { api in
            _ = try await api.request(ControlBot(bot: bot, action: action), timeout: .seconds(10))
        }
    }

    /// Posts to the control API.
    @discardableResult
    func control(_ path: String, _ body: [String: String]) async throws -> String {
        var request = HTTPClientRequest(url: url + "/control" + path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
        return String(buffer: try await response.body.collect(upTo: 1 << 20))
    }

    /// Reads from the control API.
    func look(_ path: String) async throws -> String {
        let response = try await HTTPClient.shared.execute(
            HTTPClientRequest(url: url + "/control" + path),
            timeout: .seconds(5)
        )
        return String(buffer: try await response.body.collect(upTo: 1 << 22))
    }

    func say(_ content: String, as author: String = "bob", in channel: String = "general") async throws {
        try await control("/messages", ["channel": channel, "author": author, "content": content])
    }

    /// How many IDENTIFYs the gateway has written down.
    func identifies(_ bot: String) async throws -> Int {
        try await client.query("SELECT count(*) AS count FROM identifies WHERE bot = \(bot)").only().decode(
            Int.self,
            "count"
        )
    }
}
