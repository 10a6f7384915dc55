package import BusContract
package import ServiceKit
package import ZeroMQ

/// How a process takes part in the bus.
package struct BusConfiguration: Sendable {
    package var endpoints: BusEndpoints

    /// The name to log in with; it decides what the switchboard lets this process publish and serve.
    package var role: ServiceRole

    /// What to log in with.
    package var login: BusLogin

    /// Events that wait to be sent while the switchboard is away or slow; more are dropped and counted.
    package var outgoingEvents = 20_000

    /// Bytes of such events.
    package var outgoingBytes = 64 << 20

    /// Requests of this process without an answer; more are refused.
    package var pendingRequests = 10_000

    /// How often both sides say that they live.
    package var pulse: Duration = .milliseconds(500)

    /// How long silence may last before the switchboard counts as gone.
    package var patience: Duration = .seconds(3)

    /// How long log-ins may fail before the log says so, and between one such line and the next.
    package var loginPatience: Duration = .seconds(5)

    /// Options of every socket; security is filled in from `role` and `login`.
    package var sockets = SocketOptions()

    package init(endpoints: BusEndpoints, role: ServiceRole, login: BusLogin) {
        self.endpoints = endpoints.reachable
        self.role = role
        self.login = login
        sockets.linger = .milliseconds(500)
    }

    package init(endpoints: BusEndpoints, role: ServiceRole, secret: Secret? = nil) {
        self.init(endpoints: endpoints, role: role, login: .password(secret))
    }

    /// Reads `ENSEMBLE_BUS` and what to log in with (see `BusLogin`).
    package init(settings: Settings, service: ServiceName) throws(ConfigurationError) {
        let endpoints = try BusEndpoints(settings: settings)
        self.init(
            endpoints: endpoints,
            role: ServiceRole(rawValue: service.rawValue),
            login: try BusLogin(settings: settings, service: service, endpoints: endpoints)
        )
    }

    /// The options of a socket, with its security.
    var securedSockets: SocketOptions {
        var options = sockets
        options.security = login.security(user: role.rawValue)
        return options
    }

    /// A password must not travel over a network, and nothing else without encryption.
    func check() throws(ConfigurationError) {
        if endpoints.isTCP, case .password = login { throw .keysNeeded }
    }
}
