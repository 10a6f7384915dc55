package import ServiceKit
package import ZeroMQ

/// What a process logs in to the bus with.
package enum BusLogin: Sendable {
    /// Over ipc: a password; nil where the permissions of the sockets' folder are the only guard.
    case password(Secret?)

    /// Over TCP: a key pair of its own, and the public key of the bus.
    case keys(CurveKeyPair, server: CurveKey)

    /// Sent in the place of a password when there is none: libzmq refuses an empty one.
    private static let noPassword = "none"

    /// Over ipc `BUS_SECRET`; over TCP `BUS_KEY` with `BUS_SERVER_KEY`, or else the files in `BUS_KEYS`.
    package init(
        settings: Settings,
        service: ServiceName,
        endpoints: BusEndpoints
    ) throws(ConfigurationError) {
        guard endpoints.isTCP else {
            self = .password(settings.optionalSecret("BUS_SECRET"))
            return
        }
        let folder = KeyFolder(settings: settings)
        guard let secretKey = settings.optionalSecret("BUS_KEY") else {
            self = .keys(try folder.keys(of: service), server: try folder.serverKey())
            return
        }
        let keys = try Self.keys(secretKey)
        guard let text = settings.optional("BUS_SERVER_KEY") else {
            self = .keys(keys, server: try folder.serverKey())
            return
        }
        guard let server = CurveKey(z85: text) else {
            throw ConfigurationError(
                key: "BUS_SERVER_KEY",
                expected: "the bus's public key, \(CurveKey.characters) characters of Z85",
                found: "another text"
            )
        }
        self = .keys(keys, server: server)
    }

    /// The pair of a secret key that came in `BUS_KEY`.
    package static func keys(_ secretKey: Secret) throws(ConfigurationError) -> CurveKeyPair {
        guard let keys = CurveKeyPair(secretKey: secretKey.reveal()) else {
            throw ConfigurationError(
                key: "BUS_KEY",
                expected: "a secret key, \(CurveKey.characters) characters of Z85",
                found: "another text"
            )
        }
        return keys
    }

    /// How sockets log in as `user`.
    func security(user: String) -> SocketSecurity {
        switch self {
        case .password(let secret): .plainClient(user: user, password: secret?.reveal() ?? Self.noPassword)
        case .keys(let keys, let server): .curveClient(serverKey: server, keys: keys)
        }
    }
}
