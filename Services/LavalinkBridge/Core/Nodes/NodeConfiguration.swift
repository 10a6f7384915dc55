package import ServiceKit

/// What a node is for.
package struct NodeRole: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Answers searches.
    package static let search = Self(rawValue: 1)
    /// Plays.
    package static let worker = Self(rawValue: 2)
    package static let both: Self = [.search, .worker]

    /// Reads `search`, `worker` or `both`.
    package init?(name: String) {
        switch name {
        case "search": self = .search
        case "worker": self = .worker
        case "both": self = .both
        default: return nil
        }
    }
}

/// The operator's name of a node.
package struct NodeName: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package var description: String { rawValue }

    package static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Where a Lavalink node is and what it is for.
package struct NodeConfiguration: Sendable {
    package var name: NodeName
    package var host: String
    package var port: Int
    package var password: Secret
    /// TLS for REST and WebSocket.
    package var secure: Bool
    package var role: NodeRole

    package init(
        name: NodeName,
        host: String,
        port: Int,
        password: Secret,
        secure: Bool = false,
        role: NodeRole = .both
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.password = password
        self.secure = secure
        self.role = role
    }

    /// `http://host:port`, without a slash at its end.
    package var restBase: String {
        "\(secure ? "https" : "http")://\(hostInURL):\(port)"
    }

    /// `ws://host:port/v4/websocket`.
    package var webSocketURL: String {
        "\(secure ? "wss" : "ws")://\(hostInURL):\(port)/v4/websocket"
    }

    private var hostInURL: String {
        host.contains(":") ? "[\(host)]" : host
    }
}
