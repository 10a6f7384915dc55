import MessageBus
import ServiceKit
import ZeroMQ

/// What `up` gives its children to log in to the bus with, to each its own.
enum BusAccess: Sendable {
    /// Over ipc: passwords made at this start.
    case passwords([ServiceName: Secret])
    /// Over TCP: the keys of this installation.
    case keys(bus: CurveKeyPair, services: [ServiceName: CurveKeyPair], clients: [ServiceName: CurveKey])

    /// The access to a bus at `endpoints`, for the given services and the command line.
    ///
    /// - Throws: when the bus is to listen on TCP, and a key is missing or lies open.
    init(
        endpoints: BusEndpoints,
        services: [ServiceName],
        folder: KeyFolder
    ) throws(ConfigurationError) {
        guard endpoints.isTCP else {
            self = .passwords(Dictionary(uniqueKeysWithValues: services.map { ($0, RandomSecret.make()) }))
            return
        }
        var keys: [ServiceName: CurveKeyPair] = [:]
        for service in services where KeyFolder.parties.contains(service) {
            keys[service] = try folder.keys(of: service)
        }
        self = .keys(bus: try folder.keys(of: .bus), services: keys, clients: try folder.clients())
    }

    /// How a service logs in; nil for one without access.
    func login(of service: ServiceName) -> BusLogin? {
        switch self {
        case .passwords(let secrets): secrets[service].map { .password($0) }
        case .keys(let bus, let services, _): services[service].map { .keys($0, server: bus.publicKey) }
        }
    }

    /// Sets what the service needs to log in, or the bus to let in.
    func apply(to environment: inout [String: String], of service: ServiceName) {
        switch (self, service) {
        case (.passwords(let secrets), .bus): environment["BUS_SECRETS"] = Self.list(secrets.mapValues { $0.reveal() })
        case (.passwords(let secrets), _): environment["BUS_SECRET"] = secrets[service]?.reveal()
        case (.keys(let bus, _, let clients), .bus):
            environment["BUS_KEY"] = bus.revealSecretKey()
            environment["BUS_CLIENT_KEYS"] = Self.list(clients.mapValues(\.z85))
        case (.keys(let bus, let services, _), _):
            environment["BUS_KEY"] = services[service]?.revealSecretKey()
            environment["BUS_SERVER_KEY"] = bus.publicKey.z85
        }
    }

    private static func list(_ values: [ServiceName: String]) -> String {
        values.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue)=\($0.value)" }
            .joined(separator: ",")
    }
}
