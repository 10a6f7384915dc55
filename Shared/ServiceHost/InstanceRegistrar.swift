import FoundationEssentials
import Logging
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

    let host: Host

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var failing = false
            while true {
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
                try await Task.sleep(for: host.context.address.current == nil ? .milliseconds(50) : Self.interval)
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
            report: String(decoding: health, as: UTF8.self)
        )
        return true
    }
}
