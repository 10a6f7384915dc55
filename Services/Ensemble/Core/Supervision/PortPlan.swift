package import ServiceKit

/// The ports of this start: the operator's where they are set, the defaults where those are free, any others else.
package struct PortPlan: Sendable {
    /// Each service's port.
    package var services: [ServiceName: Int] = [:]
    /// The database's.
    package var database = 0
    /// The playground's Lavalink node's.
    package var lavalink = 0
    /// What was moved, in words for the operator.
    package var remarks: [String] = []

    /// The database's default: not 5432, which is a system PostgreSQL's.
    package static let defaultDatabase = 54_329
    /// Lavalink's customary port.
    package static let defaultLavalink = 2333

    /// Chooses the ports.
    ///
    /// - Parameters:
    ///   - isFree: whether a port can be listened on.
    ///   - any: gives a port that nobody uses.
    /// - Throws: when a port that was asked for is in use.
    package init(
        settings: Settings,
        isFree: (Int) -> Bool = { FreePort.isFree($0) },
        any: () -> Int? = { FreePort.any() }
    ) throws(ConfigurationError) {
        var taken: Set<Int> = []
        for plan in ServicePlan.all {
            let port = try settings.port(of: ServiceInstance(service: plan.service))
            services[plan.service] = try choose(
                port,
                variable: plan.service.portVariable,
                isDefault: port == plan.service.defaultPort,
                &taken,
                isFree,
                any
            )
        }
        let databasePort = try settings.int("DATABASE_PORT", default: Self.defaultDatabase, in: 0...65_535)
        database = try choose(
            databasePort,
            variable: "DATABASE_PORT",
            isDefault: databasePort == Self.defaultDatabase,
            &taken,
            isFree,
            any
        )
        let lavalinkPort = try settings.int("PLAYGROUND_LAVALINK_PORT", default: Self.defaultLavalink, in: 0...65_535)
        lavalink = try choose(
            lavalinkPort,
            variable: "PLAYGROUND_LAVALINK_PORT",
            isDefault: lavalinkPort == Self.defaultLavalink,
            &taken,
            isFree,
            any
        )
    }

    private mutating func choose(
        _ port: Int,
        variable: String,
        isDefault: Bool,
        _ taken: inout Set<Int>,
        _ isFree: (Int) -> Bool,
        _ any: () -> Int?
    ) throws(ConfigurationError) -> Int {
        if port != 0, !taken.contains(port), isFree(port) {
            taken.insert(port)
            return port
        }
        guard port == 0 || isDefault else {
            throw ConfigurationError(key: variable, expected: "a free port", found: "\(port), which is in use")
        }
        for _ in 0..<100 {
            guard let other = any(), !taken.contains(other) else { continue }
            taken.insert(other)
            if port != 0 { remarks.append("port \(port) is in use; \(variable) is \(other) this time") }
            return other
        }
        throw ConfigurationError(key: variable, expected: "a free port", found: "none on this machine")
    }
}
