package import BusContract
package import BusCore
import Glibc
package import Logging
package import MessageBus
package import ServiceKit
package import ZeroMQ

/// A real switchboard over ipc in a folder of its own, in this process, and connections to it.
///
/// ```swift
/// try await withTestBus { bus in
///     try await bus.withConnection(.gateway) { connection in … }
/// }
/// ```
package struct TestBus: Sendable {
    package let endpoints: BusEndpoints
    package var configuration: SwitchboardConfiguration

    /// What the switchboard counts.
    package let metrics: MetricsRegistry

    /// Over TCP, what services log in with.
    package var keys: [ServiceRole: CurveKeyPair] = [:]

    /// Where the switchboard logs to.
    package var logger = Logger(label: "test-bus")

    package init(endpoints: BusEndpoints, configuration: SwitchboardConfiguration, metrics: MetricsRegistry) {
        self.endpoints = endpoints
        self.configuration = configuration
        self.metrics = metrics
    }

    /// The configuration of a connection that logs in as that service.
    package func configuration(_ role: ServiceRole) -> BusConfiguration {
        guard let server = configuration.keys?.own.publicKey, let keys = keys[role] else {
            return BusConfiguration(endpoints: endpoints, role: role, secret: configuration.secrets?[role])
        }
        return BusConfiguration(endpoints: endpoints, role: role, login: .keys(keys, server: server))
    }

    /// A running connection for as long as `body` runs.
    package func withConnection<R>(
        _ role: ServiceRole,
        configure: (inout BusConfiguration) -> Void = { _ in },
        metrics: MetricsRegistry? = nil,
        logger: Logger? = nil,
        _ body: (BusConnection) async throws -> R
    ) async throws -> R {
        var configuration = configuration(role)
        configure(&configuration)
        let instance = ServiceInstance(service: ServiceName(rawValue: role.rawValue) ?? .ensemble)
        let connection = try BusConnection(
            configuration: configuration,
            instance: instance,
            logger: logger ?? Logger(label: "test-bus-\(role.rawValue)"),
            metrics: metrics ?? MetricsRegistry(instance: instance)
        )
        return try await withBackground {
            try await connection.run()
        } body: {
            try await body(connection)
        }
    }
}

/// Runs a switchboard for as long as `body` runs.
///
/// - Parameter configure: changes its limits, policy or secrets first.
package func withTestBus<R>(
    configure: (inout SwitchboardConfiguration) -> Void = { _ in },
    _ body: (TestBus) async throws -> R
) async throws -> R {
    let folder = temporaryBusFolder()
    defer { removeBusFolder(folder) }
    var configuration = SwitchboardConfiguration(endpoints: .ipc(directory: folder))
    configure(&configuration)
    let bus = TestBus(
        endpoints: configuration.endpoints,
        configuration: configuration,
        metrics: MetricsRegistry(instance: ServiceInstance(service: .bus))
    )
    return try await withSwitchboard(bus) { try await body(bus) }
}

/// Runs a switchboard over TCP with CURVE, and keys for each of `roles`, for as long as `body` runs.
package func withCurveTestBus<R>(
    roles: [ServiceRole],
    logger: Logger = Logger(label: "test-bus"),
    configure: (inout SwitchboardConfiguration) -> Void = { _ in },
    _ body: (TestBus) async throws -> R
) async throws -> R {
    let keys = Dictionary(uniqueKeysWithValues: try roles.map { ($0, try CurveKeyPair.make()) })
    var configuration = SwitchboardConfiguration(
        endpoints: .tcp(host: "127.0.0.1", port: try FreePorts.first(of: 3))
    )
    configuration.keys = ServerKeys(own: try CurveKeyPair.make(), clients: keys.mapValues(\.publicKey))
    configure(&configuration)
    var bus = TestBus(
        endpoints: configuration.endpoints,
        configuration: configuration,
        metrics: MetricsRegistry(instance: ServiceInstance(service: .bus))
    )
    bus.keys = keys
    bus.logger = logger
    return try await withSwitchboard(bus) { try await body(bus) }
}

/// Runs the switchboard of `bus` for as long as `body` runs: again, for tests that restart it.
package func withSwitchboard<R>(_ bus: TestBus, _ body: () async throws -> R) async throws -> R {
    let switchboard = try Switchboard(
        configuration: bus.configuration,
        logger: bus.logger,
        metrics: bus.metrics
    )
    return try await withBackground {
        try await switchboard.run()
    } body: {
        await switchboard.waitUntilOpen()
        return try await body()
    }
}

/// A folder with a short path, since Unix socket paths end at 107 bytes.
package func temporaryBusFolder() -> String {
    "/tmp/eb-\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
}

package func removeBusFolder(_ folder: String) {
    for name in ["events-in", "events-out", "requests", "lock"] { unlink("\(folder)/\(name)") }
    rmdir(folder)
}

/// Runs `background` while `body` runs, cancels it afterwards, and waits for its end.
package func withBackground<R>(
    _ background: @escaping @Sendable () async throws -> Void,
    body: () async throws -> R
) async throws -> R {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await background() }
        let result: Result<R, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        group.cancelAll()
        do {
            try await group.waitForAll()
        } catch is CancellationError {}
        return try result.get()
    }
}
