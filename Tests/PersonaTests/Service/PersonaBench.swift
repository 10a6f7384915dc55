import BusContract
import DiscordModel
import DurableEvents
import FoundationEssentials
import LLM
import Logging
import MessageBus
import Postgres
import ServiceKit
import Store
import TestSupport

@testable import PersonaCore

/// The persona service's parts on a real database and a real switchboard, with Discord and the model played.
struct PersonaBench: Sendable {
    let discord: FakeDiscord
    let database: PostgresClient
    let bus: BusConnection
    let spine: Spine
    let model: ScriptedModel
    let personas: PersonaCatalogue
    let fleet: FleetDirectory
    var configuration: PersonaConfiguration

    var turns: Turns { Turns(database) }

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` with everything in place.
    ///
    /// - Parameter hasGateway: Whether the fake gateway serves from the beginning.
    static func run(
        _ model: ScriptedModel,
        hasGateway: Bool = true,
        _ body: (PersonaBench) async throws -> Void
    ) async throws {
        let database = try await PostgresCluster.shared.makeMigratedDatabase().makeClient(maximumConnections: 16)
        let folder = try configurationFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let personas = try PersonaCatalogue(folder: folder, settings: Settings(environment: [:]), logger: logger)
        let discord = FakeDiscord()
        try await withTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.persona) { connection in
                    let instance = ServiceInstance(service: .persona)
                    var configuration = PersonaConfiguration()
                    // Short, for tests wait until a dead worker's claim runs out; long enough for a busy machine.
                    configuration.lease = .seconds(2)
                    configuration.pollInterval = .milliseconds(20)
                    configuration.editInterval = .milliseconds(20)
                    let bench = PersonaBench(
                        discord: discord,
                        database: database,
                        bus: connection,
                        spine: Spine(
                            database: database,
                            bus: connection,
                            instance: instance,
                            logger: logger,
                            metrics: MetricsRegistry(instance: instance)
                        ),
                        model: model,
                        personas: personas,
                        fleet: FleetDirectory(bus: connection, logger: logger),
                        configuration: configuration
                    )
                    guard hasGateway else { return try await body(bench) }
                    try await withBackground {
                        try await discord.serve(gateway)
                    } body: {
                        try await eventually("the gateway answers") { await bench.fleet.refresh() }
                        try await body(bench)
                    }
                }
            }
        }
        await database.close()
    }

    private static func configurationFolder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "persona-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let fleet = """
            bots:
              - name: rainbow
                bot_config: {system_prompt: You are warm.}
              - name: iris
                bot_config: {system_prompt: You are dry.}
            """
        try Data(fleet.utf8).write(to: URL(filePath: folder + "/fleet.yaml"))
        return folder
    }

    /// A worker of its own: as another process would be.
    ///
    /// - Parameter ahead: how far its clock is ahead of the database's.
    func runner(metrics: MetricsRegistry? = nil, clockAheadBy ahead: Duration = .zero) throws -> TurnRunner {
        try TurnRunner(
            configuration: configuration,
            database: database,
            bus: bus,
            personas: personas,
            fleet: fleet,
            models: ModelDirectory(common: model),
            metrics: metrics ?? MetricsRegistry(instance: ServiceInstance(service: .persona)),
            logger: Self.logger,
            now: { UInt64((Date().timeIntervalSince1970 + ahead.seconds) * 1000) }
        )
    }

    /// Runs a pool of workers while `body` runs, then kills it.
    func withPool(
        _ worker: String = "persona/1",
        clockAheadBy ahead: Duration = .zero,
        _ body: () async throws -> Void
    ) async throws {
        let pool = TurnPool(runner: try runner(clockAheadBy: ahead), database: database, worker: worker)
        try await withBackground {
            try await pool.run()
        } body: {
            try await body()
        }
    }

    /// A member asks something, and a turn is there.
    @discardableResult
    func ask(
        _ content: String,
        _ bot: BotID = FakeDiscord.rainbow,
        in channel: ChannelID = ChannelID(1),
        named channelName: String = ""
    ) async throws -> NewTurn {
        let message = discord.write(content, in: channel)
        return try await add(message, content, bot, in: channel, named: channelName)
    }

    @discardableResult
    func add(
        _ message: MessageID,
        _ content: String,
        _ bot: BotID = FakeDiscord.rainbow,
        in channel: ChannelID = ChannelID(1),
        named channelName: String = ""
    ) async throws -> NewTurn {
        let event = MessageEvent(
            id: message,
            channelID: channel,
            guildID: FakeDiscord.guild,
            author: .init(id: FakeDiscord.member, username: "alice"),
            content: content,
            timestamp: Timestamp(milliseconds: 0)
        )
        let turn = NewTurn(
            message: message,
            bot: bot,
            guild: FakeDiscord.guild,
            channel: channel,
            author: FakeDiscord.member,
            request: try .json(Question(event)),
            channelName: channelName,
            expiresAt: Date().addingTimeInterval(600)
        )
        _ = try await turns.add(turn)
        return turn
    }

    /// A turn's row.
    func row(of turn: NewTurn) async throws -> Turn {
        guard let row = try await turns.find(message: turn.message, bot: turn.bot) else {
            throw ConditionNotMet(what: "a row of the turn", limit: .zero)
        }
        return row
    }

    /// How a turn ended; nil while it has not.
    func outcome(of turn: NewTurn) async throws -> String? {
        let row = try await row(of: turn)
        guard row.finishedAt != nil else { return nil }
        struct Record: Decodable { let outcome: String }
        return try JSONDecoder().decode(Record.self, from: Data(row.record.utf8)).outcome
    }

    func expect(_ outcome: String, of turn: NewTurn, within limit: Duration = .seconds(15)) async throws {
        try await eventually("the turn ends", within: limit) { try await self.outcome(of: turn) != nil }
        let found = try await self.outcome(of: turn)
        if found != outcome {
            throw ConditionNotMet(what: "outcome \(outcome), found \(found ?? "none")", limit: limit)
        }
    }

    /// Claims the next turn as another worker would, waiting until a dead one's claim has run out.
    func claim() async throws -> Turn {
        var claimed: Turn?
        try await eventually("a turn can be claimed") {
            claimed = try await turns.claim(worker: "test", lifetime: configuration.lease)
            return claimed != nil
        }
        guard let claimed else { throw ConditionNotMet(what: "claim", limit: .zero) }
        return claimed
    }

    /// Carries the turn out until `moment`, then dies as a killed process does: nothing is given back.
    func killDuring(_ turn: Turn, when moment: @escaping @Sendable () async throws -> Bool) async throws {
        let runner = try runner()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await runner.run(turn) }
            try await eventually("the moment to die comes") { try await moment() }
            group.cancelAll()
        }
    }
}
