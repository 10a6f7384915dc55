package import BusContract
package import ServiceKit
package import ZeroMQ

/// How a process takes part in the bus.
package struct BusConfiguration: Sendable {
    package var endpoints: BusEndpoints

    /// The name to log in with; it decides what the switchboard lets this process publish and serve.
    package var role: ServiceRole

    /// The password of the log-in; nil where the folder's permissions are the only guard.
    package var secret: Secret?

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

    /// Options of every socket; security is filled in from `role` and `secret`.
    package var sockets = SocketOptions()

    /// Sent in the place of a password when there is none: libzmq refuses an empty one.
    private static let noSecret = "none"

    package init(endpoints: BusEndpoints, role: ServiceRole, secret: Secret? = nil) {
        self.endpoints = endpoints
        self.role = role
        self.secret = secret
        sockets.linger = .milliseconds(500)
        sockets.security = .plainClient(user: role.rawValue, password: secret?.reveal() ?? Self.noSecret)
    }

    /// Reads `ENSEMBLE_BUS` and `BUS_SECRET`.
    package init(settings: Settings, service: ServiceName) throws(ConfigurationError) {
        self.init(
            endpoints: try BusEndpoints(settings: settings),
            role: ServiceRole(rawValue: service.rawValue),
            secret: settings.optionalSecret("BUS_SECRET")
        )
    }
}
