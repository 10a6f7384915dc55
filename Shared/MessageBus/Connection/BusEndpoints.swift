package import ServiceKit

/// The three addresses of the switchboard.
package struct BusEndpoints: Hashable, Sendable {
    /// Where publishers connect.
    package var eventsIn: String
    /// Where subscribers connect.
    package var eventsOut: String
    /// Where requesters and workers connect.
    package var requests: String

    package init(eventsIn: String, eventsOut: String, requests: String) {
        self.eventsIn = eventsIn
        self.eventsOut = eventsOut
        self.requests = requests
    }

    /// Unix sockets in a folder of our own.
    package static func ipc(directory: String) -> Self {
        Self(
            eventsIn: "ipc://\(directory)/events-in",
            eventsOut: "ipc://\(directory)/events-out",
            requests: "ipc://\(directory)/requests"
        )
    }

    /// Three ports in a row: events in, events out, requests.
    package static func tcp(host: String, port: Int) -> Self {
        Self(
            eventsIn: "tcp://\(host):\(port)",
            eventsOut: "tcp://\(host):\(port + 1)",
            requests: "tcp://\(host):\(port + 2)"
        )
    }

    /// Whether they can be reached over a network, loopback included: then every connection is encrypted by CURVE.
    package var isTCP: Bool {
        [eventsIn, eventsOut, requests].contains { !$0.hasPrefix("ipc://") }
    }

    /// The same for who connects: where the bus listens on every address of this machine, it is reached on loopback.
    var reachable: Self {
        func reachable(_ endpoint: String) -> String {
            for any in ["tcp://*:", "tcp://0.0.0.0:"] where endpoint.hasPrefix(any) {
                return "tcp://127.0.0.1:" + endpoint.dropFirst(any.count)
            }
            return endpoint
        }
        return Self(
            eventsIn: reachable(eventsIn),
            eventsOut: reachable(eventsOut),
            requests: reachable(requests)
        )
    }

    /// The folder of the sockets; nil over TCP.
    package var ipcDirectory: String? {
        let prefix = "ipc://"
        guard eventsIn.hasPrefix(prefix), let slash = eventsIn.lastIndex(of: "/") else { return nil }
        let path = eventsIn[eventsIn.index(eventsIn.startIndex, offsetBy: prefix.count)..<slash]
        return String(path)
    }

    /// `ENSEMBLE_BUS`: `ipc://<folder>` (default `.local/run/bus`) or `tcp://<host>:<port of events in>`.
    package init(settings: Settings) throws(ConfigurationError) {
        let text = settings.string("ENSEMBLE_BUS", default: "ipc://.local/run/bus")
        guard let endpoints = Self(text) else {
            throw ConfigurationError(
                key: "ENSEMBLE_BUS",
                expected: "ipc://<folder> of at most 90 bytes, or tcp://<host>:<port>",
                found: text
            )
        }
        self = endpoints
    }

    /// Reads the form of `ENSEMBLE_BUS`.
    init?(_ text: String) {
        if text.hasPrefix("ipc://") {
            var directory = String(text.dropFirst("ipc://".count))
            while directory.count > 1, directory.hasSuffix("/") { directory.removeLast() }
            guard !directory.isEmpty, directory.utf8.count <= 90 else { return nil }
            self = .ipc(directory: directory)
        } else if text.hasPrefix("tcp://") {
            let address = text.dropFirst("tcp://".count)
            guard let colon = address.lastIndex(of: ":"), colon != address.startIndex,
                let port = Int(address[address.index(after: colon)...]), (1...65_533).contains(port)
            else { return nil }
            self = .tcp(host: String(address[..<colon]), port: port)
        } else {
            return nil
        }
    }
}

extension ConfigurationError {
    /// The bus shall be reached over TCP without keys.
    package static let keysNeeded = ConfigurationError(
        key: "ENSEMBLE_BUS",
        expected: "ipc://<folder>, or CURVE keys for tcp:// (make keys; see CONFIG.md)",
        found: "tcp:// without keys"
    )
}
