// Who answers: which instances of a service may take a member's mention or command.
//
// `Plan/` decides, without I/O: a plan (`config/routing.yaml`) puts each piece of work on a route and orders the instances
// of a route into tiers, and every instance has limits of its own (`InstanceProfile`). `Directory/` reads what decisions
// are made from: the live instances from the table `instances`, names of channels from the gateway. The module owns no
// state of the platform. A new strategy is a case of `RoutingPlan.Strategy`, read in `RoutingPlan+File`.

package import BusContract
package import DiscordModel

/// The operator's plan of who answers what. Pure.
package struct RoutingPlan: Hashable, Sendable {
    /// How work is shared out.
    package enum Strategy: Hashable, Sendable {
        /// By what the channel is for; the first route in the file that fits.
        case function([FunctionRoute])
        /// By guild: each instance has its own, and one takes the rest and stands in.
        case server([GuildID: String], overflow: String)
        /// By load: the balanced instances share everything; the standby works while all of them are down or full.
        case load(balanced: [String], standby: String)
    }

    /// A route by function.
    package struct FunctionRoute: Hashable, Sendable {
        package var name: RouteName
        package var channels: [ChannelGlob]
        /// Names of slash commands that take this route in whatever channel.
        package var commands: Set<String>
        package var type: InstanceType
        /// Instances that stand in, in this order, while no instance of the type is there.
        package var fallbacks: [String]
    }

    package var strategy: Strategy
    /// The services that it concerns; nil: all. Of others any instance answers.
    package var services: Set<ServiceRole>?

    package init(_ strategy: Strategy, services: Set<ServiceRole>? = nil) {
        self.strategy = strategy
        self.services = services
    }

    package func concerns(_ service: ServiceRole) -> Bool {
        services?.contains(service) ?? true
    }

    /// The route that the work takes.
    package func route(of work: Work) -> RouteName {
        switch strategy {
        case .function(let routes):
            let command = work.command.map(CommandName.plain)
            if let command, let route = routes.first(where: { $0.commands.contains(command) }) { return route.name }
            return routes.first { route in
                route.channels.contains { $0.matches(channel: work.channel, category: work.category) }
            }?.name ?? .admin
        case .server(let owners, _):
            return work.guild.flatMap { owners[$0] }.map(RouteName.server) ?? .overflow
        case .load:
            return .load
        }
    }

    /// All routes that there are.
    package var routes: [RouteName] {
        switch strategy {
        case .function(let routes):
            routes.map(\.name) + (routes.contains { $0.name == .admin } ? [] : [.admin])
        case .server(let owners, _): Set(owners.values).sorted().map(RouteName.server) + [.overflow]
        case .load: [.load]
        }
    }

    /// The instances that it names.
    package var instances: Set<String> {
        switch strategy {
        case .function(let routes): Set(routes.flatMap(\.fallbacks))
        case .server(let owners, let overflow): Set(owners.values).union([overflow])
        case .load(let balanced, let standby): Set(balanced).union([standby])
        }
    }

    /// The instances of a route in the order in which they are to take its work: one of a later tier only while there is
    /// none of an earlier one. An instance stands in the first tier that it belongs to; tiers may be empty.
    ///
    /// - Parameter live: instances of one service that can work now.
    package func tiers(of route: RouteName, among live: [LiveInstance]) -> [[LiveInstance]] {
        let wanted: [(LiveInstance) -> Bool]
        switch strategy {
        case .function(let routes):
            let route = routes.first { $0.name == route }
            let type = route?.type ?? .admin
            wanted =
                [{ $0.profile.type == type || $0.profile.type == .all }]
                + (route?.fallbacks ?? []).map { id in { $0.id == id } }
                + [{ $0.profile.type == .admin }]
        case .server(_, let overflow):
            wanted = [{ RouteName.server($0.id) == route }, { $0.id == overflow }]
        case .load(let balanced, let standby):
            let balanced = Set(balanced)
            wanted = [
                { balanced.contains($0.id) && !$0.isFull }, { $0.id == standby },
                // Full, but there: what nobody has room for waits with them.
                { balanced.contains($0.id) },
            ]
        }
        var rest = live
        return wanted.map { belongs in
            let tier = rest.filter(belongs)
            rest.removeAll(where: belongs)
            return tier
        }
    }
}

/// A route of a plan, by its name.
package struct RouteName: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Where work goes that no route by function asks for.
    package static let admin = Self(rawValue: "admin")
    /// Guilds that no instance owns.
    package static let overflow = Self(rawValue: "overflow")
    /// The one route by load.
    package static let load = Self(rawValue: "load")

    /// The guilds of an instance.
    package static func server(_ instance: String) -> Self { Self(rawValue: "server/\(instance)") }
}
