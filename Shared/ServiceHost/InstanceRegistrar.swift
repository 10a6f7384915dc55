import FoundationEssentials
import Logging
import Postgres
import Routing
import ServiceKit
import ServiceLifecycle
import Store

#if canImport(Glibc)
import Glibc
#endif

/// Keeps this process in the registry of instances, so that Prometheus, the admin API and other instances find it
/// whatever its port is.
struct InstanceRegistrar: Service {
    /// How often a process says that it runs.
    static let interval = Duration.seconds(3)
    /// How often it looks whether there is something that others should know sooner.
    private static let lookInterval = Duration.milliseconds(500)

    let host: Host
    /// Names this run of the process.
    private let run = UUID().uuidString

    init(host: Host) {
        self.host = host
    }

    /// What decides whether others leave work to this process.
    private struct Duty: Equatable {
        let isReady: Bool
        let isFull: Bool
    }

    private var duty: Duty { Duty(isReady: host.health.isReady, isFull: host.health.load >= 1) }

    /// - Throws: `ConfigurationError` when another process runs as the same instance, and was there before.
    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await tellForever() }
        } catch is CancellationError {
            // The process stops.
        }
        let instance = host.instance
        try? await withDeadline(.seconds(1)) {
            try await Instances(host.database).remove(
                service: instance.service.rawValue,
                instance: instance.id,
                run: run
            )
        }
    }

    private func tellForever() async throws {
        var claim = InstanceClaim(own: run)
        var failing = false
        while true {
            let told = duty
            if let port = host.context.address.current {
                do {
                    try heed(claim.entered(over: try await tell(port)))
                    failing = false
                } catch let error as PostgresError {
                    // The database's own component tells the operator; here it is worth a line once.
                    if !failing { host.logger.debug("not registered", metadata: [LogKey.error: "\(error)"]) }
                    failing = true
                }
                let due = ContinuousClock.now + Self.interval
                repeat { try await Task.sleep(for: Self.lookInterval) } while duty == told && ContinuousClock.now < due
            } else {
                // The server has no port yet.
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private func heed(_ verdict: InstanceClaim.Verdict) throws {
        switch verdict {
        case .alone: break
        case .joined(let other):
            host.logger.error(
                "another process runs as this instance: it needs an INSTANCE_ID of its own, and stops",
                metadata: [
                    "instance": "\(host.instance)", "pid": "\(other.pid)", "address": "\(other.host):\(other.port)",
                ]
            )
        case .taken(let other):
            throw ConfigurationError(
                key: "INSTANCE_ID",
                expected: "one that no other running process of \(host.instance.service.rawValue) has",
                found: "\"\(host.instance.id)\", which the process \(other.pid) at \(other.host):\(other.port) has"
            )
        }
    }

    /// - Returns: whose entry it was before.
    private func tell(_ port: Int) async throws -> InstanceRun? {
        let health = try JSONEncoder().encode(host.health.report(for: host.instance))
        return try await Instances(host.database).report(
            service: host.instance.service.rawValue,
            instance: host.instance.id,
            InstanceRun(
                run: run,
                host: host.settings.string("HTTP_HOST", default: "127.0.0.1"),
                port: port,
                pid: Int(getpid())
            ),
            report: String(decoding: health, as: UTF8.self),
            limits: host.profile.limits,
            load: host.health.load,
            isReady: host.health.isReady
        )
    }
}
