package import ServiceKit

extension NodeConfiguration {
    /// The nodes: `LAVALINK_NODES` if it is set, else `lavalink.yaml` in the configuration's folder.
    ///
    /// `LAVALINK_NODES` lists `name=host:port:password:role`, separated by commas; `https://` before the host asks for
    /// TLS, the role may be left out (both).
    package static func load(_ settings: Settings) throws(ConfigurationError) -> [NodeConfiguration] {
        let nodes: [NodeConfiguration]
        if let text = settings.optional("LAVALINK_NODES") {
            var parsed: [NodeConfiguration] = []
            for item in text.split(separator: ",") {
                parsed.append(try parse(String(item.trimmingSpaces), number: parsed.count + 1))
            }
            nodes = parsed
        } else {
            nodes = try read(ConfigFile.load("\(settings.configFolder)/lavalink.yaml", settings: settings))
        }
        try check(nodes)
        return nodes
    }

    /// Reads the file's `nodes`.
    package static func read(_ file: ConfigFile) throws(ConfigurationError) -> [NodeConfiguration] {
        var nodes: [NodeConfiguration] = []
        for item in try file.root.require("nodes", "a list of Lavalink nodes").list() {
            try item.allowOnly(["name", "host", "port", "password", "role", "secure"])
            let roleValue = item["role"]
            let roleName = try roleValue?.string("search, worker or both") ?? "both"
            guard let role = NodeRole(name: roleName) else {
                throw (roleValue ?? item).error(expected: "search, worker or both", found: "\"\(roleName)\"")
            }
            let host = try item.require("host", "a host name").string("a host name")
            let password = try item.require("password", "the node's password")
            guard let secret = try password.secretIfSet() else {
                throw password.error(expected: "the node's password", found: "nothing")
            }
            nodes.append(
                NodeConfiguration(
                    name: NodeName(rawValue: try item["name"]?.string() ?? "node\(nodes.count + 1)"),
                    host: host,
                    port: try item["port"]?.int(in: 1...65_535) ?? 2333,
                    password: secret,
                    secure: try item["secure"]?.bool() ?? false,
                    role: role
                )
            )
        }
        return nodes
    }

    /// Reads one item of `LAVALINK_NODES`. Nothing of it is shown in an error, for it holds a password.
    package static func parse(_ text: String, number: Int) throws(ConfigurationError) -> NodeConfiguration {
        let wrong = ConfigurationError(
            key: "LAVALINK_NODES",
            expected: "name=host:port:password:role, separated by commas (role: search, worker or both)",
            found: "something else in item \(number)"
        )
        var rest = Substring(text)
        var name = "node\(number)"
        if let equals = rest.firstIndex(of: "="), !rest[..<equals].contains(":") {
            name = String(rest[..<equals])
            rest = rest[rest.index(after: equals)...]
        }
        var secure = false
        for (scheme, isSecure) in [("https://", true), ("wss://", true), ("http://", false), ("ws://", false)]
        where rest.hasPrefix(scheme) {
            secure = isSecure
            rest = rest.dropFirst(scheme.count)
            break
        }
        let host: String
        if rest.hasPrefix("["), let close = rest.firstIndex(of: "]") {
            host = String(rest[rest.index(after: rest.startIndex)..<close])
            rest = rest[rest.index(after: close)...]
            guard rest.hasPrefix(":") else { throw wrong }
            rest = rest.dropFirst()
        } else {
            guard let colon = rest.firstIndex(of: ":") else { throw wrong }
            host = String(rest[..<colon])
            rest = rest[rest.index(after: colon)...]
        }
        guard let colon = rest.firstIndex(of: ":"), let port = Int(rest[..<colon]), (1...65_535).contains(port),
            !host.isEmpty, !name.isEmpty
        else { throw wrong }
        rest = rest[rest.index(after: colon)...]
        // The password may hold colons; the role never does.
        var role = NodeRole.both
        if let last = rest.lastIndex(of: ":"), let named = NodeRole(name: String(rest[rest.index(after: last)...])) {
            role = named
            rest = rest[..<last]
        }
        guard !rest.isEmpty else { throw wrong }
        return NodeConfiguration(
            name: NodeName(rawValue: name),
            host: host,
            port: port,
            password: Secret(String(rest)),
            secure: secure,
            role: role
        )
    }

    private static func check(_ nodes: [NodeConfiguration]) throws(ConfigurationError) {
        func fail(_ found: String, _ expected: String) -> ConfigurationError {
            ConfigurationError(key: "nodes", expected: expected, found: found)
        }
        if nodes.isEmpty { throw fail("none", "at least one Lavalink node") }
        if Set(nodes.map(\.name)).count != nodes.count { throw fail("one name twice", "a name of its own a node") }
        if !nodes.contains(where: { $0.role.contains(.search) }) {
            throw fail("none", "at least one node with the role search or both")
        }
        if !nodes.contains(where: { $0.role.contains(.worker) }) {
            throw fail("none", "at least one node with the role worker or both")
        }
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var result = self
        while result.first?.isWhitespace == true { result.removeFirst() }
        while result.last?.isWhitespace == true { result.removeLast() }
        return result
    }
}
