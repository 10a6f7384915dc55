import BusContract
import DiscordModel
import FoundationEssentials
import HTTPTypes
import MessageBus
import Postgres
import Routing
import ServiceKit
import Store

extension Endpoint {
    /// `GET /api/status`
    static func status(_ backend: any AdminBackend) -> Endpoint {
        Endpoint(
            method: .get,
            path: "/api/status",
            scope: .read,
            name: "getStatus",
            summary: "How the database, every service and every bot is; what cannot be told is named with the reason.",
            answer: Schema.reference("Status")
        ) { _ in
            // What is down must not take the page with it that says so.
            async let instances = Part("services") { try await backend.instances() }
            async let bots = Part("bots") { try await backend.bots() }
            async let gaps = Part("gaps") { try await backend.gaps() }
            let records = try await instances.items
            let live = records.compactMap(LiveInstance.init)
            let services = records.map { ServiceAnswer($0, backend.rules, among: live) }
            let troupe = try await bots.items
            let missing = try await [instances.missing, bots.missing, gaps.missing].compactMap(\.self)
            let database = backend.database()
            let isWell =
                database.state == .up && missing.isEmpty && services.allSatisfy { $0.status == "ok" }
                && !troupe.isEmpty && !troupe.contains { $0.state == .failed }
            return try Answer.json(
                StatusAnswer(
                    status: isWell ? "ok" : "degraded",
                    database: database,
                    missing: Dictionary(missing) { first, _ in first },
                    services: services,
                    bots: troupe.map(BotAnswer.init),
                    gaps: try await gaps.items.map(GapAnswer.init)
                )
            )
        }
    }
}

/// A list of the status, or why it cannot be read.
private struct Part<Item: Sendable>: Sendable {
    let items: [Item]
    let missing: (String, String)?

    init(_ name: String, _ read: () async throws -> [Item]) async throws {
        do {
            items = try await read()
            missing = nil
        } catch let error as PostgresError {
            items = []
            missing = (name, "the database does not answer: \(error.message)")
        } catch let error as BusError {
            items = []
            missing = (name, "the gateway does not answer: \(error.message)")
        }
    }
}

extension ServiceAnswer {
    /// A process that says nothing for so long is taken for gone.
    static let patience = 15.0

    init(_ record: InstanceRecord, _ rules: RoutingRules, among live: [LiveInstance]) {
        let report = try? JSONDecoder().decode(HealthReport.self, from: Data(record.report.utf8))
        service = record.service
        instance = record.instance
        host = record.host
        port = record.port
        silence = (record.silence * 10).rounded() / 10
        status = record.silence > Self.patience ? "silent" : report?.status ?? "degraded"
        uptime = report?.uptime ?? 0
        queueSizes = report?.queueSizes ?? [:]
        components = report?.components ?? [:]
        type = record.limits.type
        enabledCommands = record.limits.commands
        enabledChannels = record.limits.channels
        enabledGuilds = record.limits.guilds.map(\.description)
        load = (record.load * 1000).rounded() / 1000
        let instance = LiveInstance(record)
        routes = instance.map { rules.routes(of: $0, among: live).map(\.rawValue) } ?? []
    }
}
