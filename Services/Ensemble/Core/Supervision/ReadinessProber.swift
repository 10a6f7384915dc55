import AsyncHTTPClient
import FoundationEssentials
import LocalPostgres
import NIOCore
import NIOHTTP1
import ServiceKit

/// Asks every running member whether it is ready: often until it is, then each second.
struct ReadinessProber: Sendable {
    /// For so long it asks more often, so that nobody waits for the question.
    private static let start = Duration.seconds(10)
    private static let calmInterval = Duration.seconds(1)

    let supervisor: Supervisor
    let ports: [ServiceName: Int]
    let cluster: LocalPostgres?
    let client: HTTPClient

    /// Asks until it is cancelled.
    func run() async {
        var lastFullRound = ContinuousClock.now
        while !Task.isCancelled {
            let records = supervisor.records
            let isFull = lastFullRound.duration(to: .now) >= Self.calmInterval
            if isFull { lastFullRound = .now }
            await withTaskGroup(of: Void.self) { group in
                for (member, record) in records {
                    switch record.state {
                    case .starting: group.addTask { await probe(member) }
                    case .ready where isFull: group.addTask { await probe(member) }
                    default: break
                    }
                }
            }
            try? await Task.sleep(for: supervisor.uptime < Self.start ? .milliseconds(25) : .milliseconds(100))
        }
    }

    private func probe(_ member: Member) async {
        switch member {
        case .database:
            supervisor.post(.readiness(member, cluster?.isAccepting ?? false, detail: nil))
        case .service(let service):
            guard let port = ports[service] else { return }
            let (isReady, detail) = await ask(port)
            supervisor.post(.readiness(member, isReady, detail: detail))
        }
    }

    private func ask(_ port: Int) async -> (Bool, String?) {
        do {
            let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/ready")
            let response = try await client.execute(request, timeout: .seconds(1))
            let body = try await response.body.collect(upTo: 64 << 10)
            if response.status == .ok { return (true, nil) }
            let report = try? JSONDecoder().decode(HealthReport.self, from: Data(body.readableBytesView))
            let missing = (report?.components ?? [:]).filter { !$0.value.ready }.sorted { $0.key < $1.key }
            return (false, missing.map { "\($0.key): \($0.value.detail ?? "not ready")" }.joined(separator: "; "))
        } catch {
            return (false, nil)
        }
    }
}
