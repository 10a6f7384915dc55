package import BusContract
import MessageBus
package import ServiceKit
package import ZeroMQ

/// The keys of a switchboard over TCP: its own pair, and who is let in.
package struct ServerKeys: Sendable {
    package let own: CurveKeyPair
    package let clients: [ServiceRole: CurveKey]

    package init(own: CurveKeyPair, clients: [ServiceRole: CurveKey]) {
        self.own = own
        self.clients = clients
    }

    /// Reads `BUS_KEY` and `BUS_CLIENT_KEYS` (`gateway=…,music=…`, public keys), or else the files in `BUS_KEYS`.
    package init(settings: Settings) throws(ConfigurationError) {
        let folder = KeyFolder(settings: settings)
        if let secretKey = settings.optionalSecret("BUS_KEY") {
            own = try BusLogin.keys(secretKey)
        } else {
            own = try folder.keys(of: .bus)
        }
        if let text = settings.optional("BUS_CLIENT_KEYS") {
            clients = try Self.parse(text)
        } else {
            clients = Dictionary(
                uniqueKeysWithValues: try folder.clients().map { (ServiceRole(rawValue: $0.key.rawValue), $0.value) }
            )
        }
        guard !clients.isEmpty else {
            throw ConfigurationError(
                key: "BUS_KEYS",
                expected: "the key file of at least one service in \(folder.path) (make keys)",
                found: "none: nobody could log in"
            )
        }
    }

    private static func parse(_ text: String) throws(ConfigurationError) -> [ServiceRole: CurveKey] {
        var clients: [ServiceRole: CurveKey] = [:]
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let key = CurveKey(z85: String(parts[1])) else {
                throw ConfigurationError(
                    key: "BUS_CLIENT_KEYS",
                    expected: "service=public key pairs, separated by commas",
                    found: "\(parts.first ?? "")= with something else than \(CurveKey.characters) characters of Z85"
                )
            }
            let role = ServiceRole(rawValue: String(parts[0]))
            if let other = clients.first(where: { $0.value == key })?.key {
                throw ConfigurationError(
                    key: "BUS_CLIENT_KEYS",
                    expected: "a key of its own for \(role.rawValue)",
                    found: "that of \(other.rawValue)"
                )
            }
            clients[role] = key
        }
        return clients
    }
}
