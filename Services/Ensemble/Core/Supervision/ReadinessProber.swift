import AsyncHTTPClient
import FoundationEssentials
import LocalPostgres
import NIOCore
import NIOHTTP1
import ServiceKit

/// Asks every running member whether it is ready: often until it is, then each second, one after the other.
struct ReadinessProber: Sendable {
    /// For so long it asks more often, so that nobody waits for the question.
    private static let start = Duration.seconds(10)
    private static let calmInterval = Duration.seconds(1)
    /// Rounds in a calm interval. Each asks a part of those that are ready: all at once would take the processors away
    /// from what they are there for.
    private static let parts = 10

    let supervisor: Supervisor
    let ports: [ServiceName: Int]
    let cluster: LocalPostgres?
    let client: HTTPClient

    /// Asks until it is cancelled.
    func run() async {
        var asked: [Member: ContinuousClock.Instant] = [:]
        while !Task.isCancelled {
            let records = supervisor.records
            let now = ContinuousClock.now
            let ready = records.filter { $0.value.state == .ready }.keys
            let due = ready.filter { asked[$0].map { $0 + Self.calmInterval <= now } ?? true }
                .sorted { asked[$0] ?? now < asked[$1] ?? now }
                .prefix((ready.count + Self.parts - 1) / Self.parts)
            for member in due { asked[member] = now }
            await withTaskGroup(of: Void.self) { group in
                for (member, record) in records {
                    switch record.state {
                    case .starting: group.addTask { await probe(member) }
                    case .ready where due.contains(member): group.addTask { await probe(member) }
                    default: break
                    }
                }
            }
            try? await Task.sleep(
                for: supervisor.uptime < Self.start ? .milliseconds(25) : Self.calmInterval / Self.parts
            )
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
