package import BusContract
package import MessageBus
package import ServiceKit
package import ZeroMQ

/// How the switchboard listens.
package struct SwitchboardConfiguration: Sendable {
    package var endpoints: BusEndpoints

    /// The password of each service; nil lets in every known service, where file permissions guard the sockets.
    package var secrets: [ServiceRole: Secret]?

    /// Over TCP: the bus's own keys and those of the services, which log in by them alone.
    package var keys: ServerKeys?

    package var policy = AccessPolicy.contract
    package var limits = BrokerLimits()

    /// Options of every socket; security is filled in by the switchboard.
    package var sockets = SocketOptions()

    package init(endpoints: BusEndpoints, secrets: [ServiceRole: Secret]? = nil) {
        self.endpoints = endpoints
        self.secrets = secrets
        sockets.linger = .milliseconds(500)
    }

    /// Reads `ENSEMBLE_BUS`, and `BUS_SECRETS` (`gateway=…,music=…`, made by the supervisor at each start) or over TCP the
    /// keys (see `ServerKeys`).
    package init(settings: Settings) throws(ConfigurationError) {
        self.init(endpoints: try BusEndpoints(settings: settings))
        if endpoints.isTCP {
            keys = try ServerKeys(settings: settings)
            return
        }
        guard let text = settings.optionalSecret("BUS_SECRETS")?.reveal(), !text.isEmpty else { return }
        var secrets: [ServiceRole: Secret] = [:]
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else {
                throw ConfigurationError(
                    key: "BUS_SECRETS",
                    expected: "service=secret pairs, separated by commas",
                    found: "a part without '='"
                )
            }
            secrets[ServiceRole(rawValue: String(parts[0]))] = Secret(String(parts[1]))
        }
        self.secrets = secrets
    }

    /// Nothing is served over a network without encryption.
    func check() throws(ConfigurationError) {
        if endpoints.isTCP, keys == nil { throw .keysNeeded }
    }

    /// How a socket takes log-ins; `domain` tells the ZAP handler which one asks.
    func security(domain: String) -> SocketSecurity {
        if let keys { .curveServer(keys: keys.own, domain: domain) } else { .plainServer(domain: domain) }
    }
}
