import FoundationEssentials
import Logging
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

    /// What decides whether others leave work to this process.
    private struct Duty: Equatable {
        let isReady: Bool
        let isFull: Bool
    }

    private var duty: Duty { Duty(isReady: host.health.isReady, isFull: host.health.load >= 1) }

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var failing = false
            while true {
                let told = duty
                do {
                    failing = try await report() ? false : failing
                } catch is CancellationError {
                    return
                } catch {
                    // The database's own component tells the operator; here it is worth a line once.
                    if !failing {
                        host.logger.debug("not registered", metadata: [LogKey.error: "\(error)"])
                    }
                    failing = true
                }
                guard host.context.address.current != nil else {
                    try await Task.sleep(for: .milliseconds(50))
                    continue
                }
                let due = ContinuousClock.now + Self.interval
                repeat { try await Task.sleep(for: Self.lookInterval) } while duty == told && ContinuousClock.now < due
            }
        }
        let instance = host.instance
        try? await withDeadline(.seconds(1)) {
            try await Instances(host.database).remove(
                service: instance.service.rawValue,
                instance: instance.id,
                pid: Int(getpid())
            )
        }
    }

    /// - Returns: false while the server has no port yet.
    private func report() async throws -> Bool {
        guard let port = host.context.address.current else { return false }
        let health = try JSONEncoder().encode(host.health.report(for: host.instance))
        try await Instances(host.database).report(
            service: host.instance.service.rawValue,
            instance: host.instance.id,
            host: host.settings.string("HTTP_HOST", default: "127.0.0.1"),
            port: port,
            pid: Int(getpid()),
            report: String(decoding: health, as: UTF8.self),
            limits: host.profile.limits,
            load: host.health.load,
            isReady: host.health.isReady
        )
        return true
    }
}
