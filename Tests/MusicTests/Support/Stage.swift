import BusContract
import DiscordModel
import DurableEvents
import FoundationEssentials
import LavalinkBridgeCore
import Logging
import MessageBus
import MusicCore
import Postgres
import ServiceHost
import ServiceKit
import ServiceLifecycle
import Simulation
import Store
import Synchronization
import TestSupport
import Testing

/// Music and bridge as they run in production, between a real database, a real switchboard, local Lavalink nodes and a
/// stand-in for the gateway. Services can be killed and started again.
struct Stage: Sendable {
    let bus: TestBus
    let gatewayBus: BusConnection
    let gateway: FakeGateway
    let database: PostgresClient
    let url: String
    let nodes: [(name: String, double: LavalinkDouble, url: String)]
    private let interactions = Counter64()

    final class Counter64: Sendable {
        private let value = Mutex<UInt64>(1000)
        func next() -> UInt64 {
            value.withLock {
                $0 += 1
                return $0
            }
        }
    }

    init(
        bus: TestBus,
        gatewayBus: BusConnection,
        gateway: FakeGateway,
        database: PostgresClient,
        url: String,
        nodes: [(name: String, double: LavalinkDouble, url: String)]
    ) {
        self.bus = bus
        self.gatewayBus = gatewayBus
        self.gateway = gateway
        self.database = database
        self.url = url
        self.nodes = nodes
    }

    private var settings: Settings {
        let list = nodes.map { "\($0.name)=\($0.url.dropFirst("http://".count)):youshallnotpass:both" }
        return Settings(
            environment: [
                "LAVALINK_NODES": list.joined(separator: ","), "LOG_LEVEL": "warning", "LOG_FORMAT": "json",
                "MUSIC_IDLE_TIMEOUT": "1h",
            ]
        )
    }

    /// Runs a service while the body runs, then kills it: its tasks are cancelled, and nothing is said to anybody.
    func with<Hosted: HostedService, Result: Sendable>(
        _ type: Hosted.Type,
        _ body: () async throws -> Result
    ) async throws -> Result {
        let context = try RuntimeContext(Hosted.name, settings: settings)
        let connection = try BusConnection(
            configuration: bus.configuration(ServiceRole(rawValue: Hosted.name.rawValue)),
            instance: context.instance,
            logger: context.logger,
            metrics: context.metrics
        )
        let client = try PostgresClient(configuration: PostgresConfiguration(url: url), logger: context.logger)
        let spine = Spine(
            database: client,
            bus: connection,
            instance: context.instance,
            logger: context.logger,
            metrics: context.metrics
        )
        let service = try await type.init(
            host: Host(context: context, bus: connection, database: client, spine: spine)
        )
        // In the order in which a process starts its parts; they end in the opposite one.
        return try await withBackground {
            try await connection.run()
        } body: {
            try await withBackground {
                try await client.run()
            } body: {
                try await withBackground {
                    try await spine.run()
                } body: {
                    try await withBackground {
                        try await service.run()
                    } body: {
                        try await body()
                    }
                }
            }
        }
    }

    /// Uses a command as a member; the answer's text, or its embed's.
    func use(
        _ command: String,
        _ user: UInt64,
        options: [String: String] = [:],
        locale: String = "en-US",
        interaction: UInt64? = nil
    ) async throws -> String {
        let request = HandleInteraction(
            bot: FakeGateway.troupe[0],
            interaction: InteractionID(interaction ?? interactions.next()),
            kind: .command,
            name: command,
            guild: FakeGateway.guild,
            channel: ChannelID(1),
            member: InteractionMember(user: UserID(user), name: "m\(user)", displayName: "M\(user)"),
            locale: locale,
            options: options.map { InteractionOption(name: $0.key, value: $0.value) },
            receivedAt: 0
        )
        let reply = try await gatewayBus.request(request, to: .commands(of: .music), timeout: .seconds(15))
        struct Message: Decodable {
            struct Card: Decodable {
                var title: String?
                var description: String?
            }
            var content: String?
            var embeds: [Card]?
        }
        let message = try JSONDecoder().decode(Message.self, from: Data(reply.data.utf8))
        let cards = (message.embeds ?? []).map { "\($0.title ?? "") \($0.description ?? "")" }
        return ([message.content ?? ""] + cards).joined(separator: "\n")
    }

    /// Asks for music as a member, and again while told to or told that no bot is there: services that have just started
    /// may not know a node or the bots yet.
    ///
    /// - Parameter interaction: when given, it is asked once, for an answer to an interaction is given once.
    func play(_ query: String, _ user: UInt64, interaction: UInt64? = nil) async throws -> String {
        var answer = try await use("play", user, options: ["query": query], interaction: interaction)
        guard interaction == nil else { return answer }
        try await eventually("music takes a request for \(query)") {
            guard ["Try again", "try again", "No bot"].contains(where: answer.contains) else { return true }
            answer = try await use("play", user, options: ["query": query])
            return false
        }
        return answer
    }

    /// What a bot plays, at whichever node: title, position and whether it is heard.
    func playing(_ bot: String) -> (title: String, entry: String, position: Int64, node: String)? {
        guard let bot = BotID(rawValue: bot) else { return nil }
        for node in nodes {
            for session in node.double.node.sessions.values where session.user == FakeGateway.user(of: bot).rawValue {
                guard session.link == .connected || session.isResuming,
                    let player = session.players["\(FakeGateway.guild)"], let track = player.track, player.isConnected
                else { continue }
                return (track.title, player.userData["entry"]?.stringValue ?? "", player.position, node.name)
            }
        }
        return nil
    }
}

/// An answer to a member holds these words.
func expectAnswer(_ answer: String, _ words: String, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(answer.contains(words), sourceLocation: sourceLocation)
}

/// Sets the stage for one test.
func withStage(
    nodes count: Int = 1,
    lengths: ClosedRange<Int64> = 60...90,
    _ body: @Sendable (Stage) async throws -> Void
) async throws {
    let database = try await PostgresCluster.shared.makeMigratedDatabase()
    let client = try database.makeClient()
    try await withTestBus { bus in
        try await bus.withConnection(.gateway) { connection in
            let gateway = FakeGateway(bus: connection)
            let doubles = (0..<count).map { _ in
                LavalinkDouble(
                    configuration: .init(
                        start: EpochMilliseconds(Date().timeIntervalSince1970 * 1000),
                        catalogue: TrackCatalogue(lengths: lengths)
                    ),
                    authority: gateway
                )
            }
            try await withBackground {
                try await gateway.serve()
            } body: {
                try await withNodes(doubles, []) { nodes in
                    try await withBackground {
                        try await client.run()
                    } body: {
                        try await body(
                            Stage(
                                bus: bus,
                                gatewayBus: connection,
                                gateway: gateway,
                                database: client,
                                url: database.url(),
                                nodes: nodes
                            )
                        )
                    }
                }
            }
        }
    }
}

private typealias Node = (name: String, double: LavalinkDouble, url: String)

private func withNodes(
    _ doubles: [LavalinkDouble],
    _ running: [Node],
    _ body: @Sendable ([Node]) async throws -> Void
) async throws {
    guard let next = doubles.first else { return try await body(running) }
    try await SimulationServer([next]).withRunning { url in
        let node = (name: "node\(running.count + 1)", double: next, url: url)
        try await withNodes(Array(doubles.dropFirst()), running + [node], body)
    }
}
