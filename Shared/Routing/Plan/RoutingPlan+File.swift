import BusContract
import DiscordModel
import FoundationEssentials
package import ServiceKit

extension RoutingPlan {
    private enum StrategyName: String, CaseIterable {
        case function, server, load
    }

    /// Reads `ROUTING_FILE`, `routing.yaml` in the folder of configuration files when nothing is set.
    ///
    /// - Returns: nil when nothing is set and there is no such file: then any instance answers.
    /// - Throws: `ConfigurationError` with file, line and what was expected.
    package static func load(settings: Settings) throws(ConfigurationError) -> RoutingPlan? {
        let path = settings.path("ROUTING_FILE", default: "\(settings.configFolder)/routing.yaml")
        guard settings.has("ROUTING_FILE") || FileManager.default.fileExists(atPath: path) else { return nil }
        return try RoutingPlan(try ConfigFile.load(path, settings: settings))
    }

    /// Reads a plan from a file's text.
    package init(_ file: ConfigFile) throws(ConfigurationError) {
        let root = file.root
        let name = try root.require("strategy", Self.words(of: StrategyName.self))
        guard let strategy = StrategyName(rawValue: try name.string()) else {
            throw name.error(expected: Self.words(of: StrategyName.self))
        }
        let keys: Set<String> =
            switch strategy {
            case .function: ["routes"]
            case .server: ["servers", "overflow"]
            case .load: ["balanced", "standby"]
            }
        try root.allowOnly(keys.union(["strategy", "services"]))
        services = try root["services"].map(Self.services)
        switch strategy {
        case .function: self.strategy = try Self.function(try root.require("routes", "a table of routes"))
        case .server: self.strategy = try Self.server(root)
        case .load: self.strategy = try Self.load(root)
        }
    }

    private static func services(_ value: ConfigValue) throws(ConfigurationError) -> Set<ServiceRole> {
        let known = HandleInteraction.servers.subtracting([.gateway])
        var services: Set<ServiceRole> = []
        for element in try value.list() {
            let role = ServiceRole(rawValue: try element.string())
            guard known.contains(role) else {
                let names = known.map(\.rawValue).sorted().joined(separator: ", ")
                throw element.error(expected: "a service that answers members: \(names)")
            }
            services.insert(role)
        }
        guard !services.isEmpty else { throw value.error(expected: "at least one service") }
        return services
    }

    // MARK: By function

    private static func function(_ value: ConfigValue) throws(ConfigurationError) -> Strategy {
        var routes: [FunctionRoute] = []
        for entry in try value.table() {
            let isName = entry.key.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
            }
            guard isName, (1...32).contains(entry.key.utf8.count) else {
                throw entry.value.error(
                    expected: "a route's name of 1 to 32 of a-z, 0-9 and -",
                    found: "\"\(entry.key)\""
                )
            }
            routes.append(try route(RouteName(rawValue: entry.key), entry.value))
        }
        guard !routes.isEmpty else { throw value.error(expected: "at least one route") }
        return .function(routes)
    }

    private static func route(_ name: RouteName, _ value: ConfigValue) throws(ConfigurationError) -> FunctionRoute {
        try value.allowOnly(["channels", "commands", "instance_type", "fallback_instances"])
        let channels = try texts(value["channels"], "a pattern for channels' names").map(ChannelGlob.init)
        let commands = try texts(value["commands"], "a command's name").map(CommandName.plain)
        // What nothing else asks for comes to admin by itself.
        guard name == .admin || !channels.isEmpty || !commands.isEmpty else {
            throw value.error(expected: "channels or commands that take this route")
        }
        var type = InstanceType.admin
        if name != .admin || value["instance_type"] != nil {
            let kinds = InstanceType.allCases.filter { $0 != .all }
            let expected = "one of " + kinds.map(\.rawValue).joined(separator: ", ")
            let text = try value.require("instance_type", expected)
            guard let found = InstanceType(rawValue: try text.string()), kinds.contains(found) else {
                throw text.error(expected: expected)
            }
            type = found
        }
        return FunctionRoute(
            name: name,
            channels: channels,
            commands: Set(commands),
            type: type,
            fallbacks: try instances(value["fallback_instances"])
        )
    }

    // MARK: By server

    private static func server(_ root: ConfigValue) throws(ConfigurationError) -> Strategy {
        let list = try root.require("servers", "a list of instances with their guilds")
        var owners: [GuildID: String] = [:]
        for entry in try list.list() {
            try entry.allowOnly(["instance", "guilds"])
            let instance = try instance(try entry.require("instance", "an INSTANCE_ID"))
            for element in try entry.require("guilds", "a list of guilds' ids").list() {
                guard let guild = GuildID(try element.string()) else { throw element.error(expected: "a guild's id") }
                guard owners.updateValue(instance, forKey: guild) == nil else {
                    throw element.error(expected: "a guild that no other instance has")
                }
            }
        }
        return .server(owners, overflow: try instance(try root.require("overflow", "an INSTANCE_ID")))
    }

    // MARK: By load

    private static func load(_ root: ConfigValue) throws(ConfigurationError) -> Strategy {
        let list = try root.require("balanced", "a list of INSTANCE_IDs")
        let balanced = try instances(list)
        guard !balanced.isEmpty else { throw list.error(expected: "at least one INSTANCE_ID") }
        let value = try root.require("standby", "an INSTANCE_ID")
        let standby = try instance(value)
        guard !balanced.contains(standby) else {
            throw value.error(expected: "an instance that is not among the balanced ones")
        }
        return .load(balanced: balanced, standby: standby)
    }

    // MARK: Parts

    private static func instances(_ value: ConfigValue?) throws(ConfigurationError) -> [String] {
        var found: [String] = []
        for element in try value?.list() ?? [] {
            let id = try instance(element)
            guard !found.contains(id) else { throw element.error(expected: "each instance once") }
            found.append(id)
        }
        return found
    }

    private static func instance(_ value: ConfigValue) throws(ConfigurationError) -> String {
        let id = try value.string("an INSTANCE_ID")
        guard !id.isEmpty else { throw value.error(expected: "an INSTANCE_ID") }
        return id
    }

    private static func texts(_ value: ConfigValue?, _ expected: String) throws(ConfigurationError) -> [String] {
        var found: [String] = []
        for element in try value?.list() ?? [] {
            let text = try element.string(expected)
            guard !text.isEmpty else { throw element.error(expected: expected) }
            found.append(text)
        }
        return found
    }

    private static func words<Choice: RawRepresentable<String> & CaseIterable>(of type: Choice.Type) -> String {
        "one of " + type.allCases.map(\.rawValue).joined(separator: ", ")
    }
}
