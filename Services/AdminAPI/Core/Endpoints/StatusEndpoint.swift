import BusContract
import FoundationEssentials
import HTTPTypes
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
            summary: "How every service and every bot is.",
            answer: Schema.reference("Status")
        ) { _ in
            let instances = try await backend.instances()
            // A gateway that is down must not take the page with it that says so.
            let bots = (try? await backend.bots()) ?? []
            let services = instances.map(ServiceAnswer.init)
            let isWell =
                services.allSatisfy { $0.status == "ok" } && !bots.isEmpty && !bots.contains { $0.state == .failed }
            return try Answer.json(
                StatusAnswer(
                    status: isWell ? "ok" : "degraded",
                    services: services,
                    bots: bots.map(BotAnswer.init),
                    gaps: try await backend.gaps().map(GapAnswer.init)
                )
            )
        }
    }
}

extension ServiceAnswer {
    /// A process that says nothing for so long is taken for gone.
    static let patience = 15.0

    init(_ record: InstanceRecord) {
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
    }
}
