package import ServiceKit
package import ServiceLifecycle

/// A service of the platform: it talks over the bus and keeps its state in the database.
///
/// `run()` lives as long as the process; graceful stop comes by `ServiceLifecycle`.
package protocol HostedService: Service {
    /// Which service it is.
    static var name: ServiceName { get }

    /// Whether the service runs an HTTP server of its own, made with ``RuntimeContext/httpServer(_:)``.
    static var servesHTTP: Bool { get }

    /// Builds the service. Bus and database are not running yet: whatever needs them belongs in `run()`.
    init(host: Host) async throws
}

extension HostedService {
    package static var servesHTTP: Bool { false }
}

/// A service with neither bus nor database: the switchboard itself, the playground.
package protocol StandaloneService: Service {
    /// Which service it is.
    static var name: ServiceName { get }

    /// Whether the service runs an HTTP server of its own, made with ``RuntimeContext/httpServer(_:)``.
    static var servesHTTP: Bool { get }

    /// Builds the service.
    init(context: RuntimeContext) async throws
}

extension StandaloneService {
    package static var servesHTTP: Bool { false }
}
