// The only contract between services: what travels on the bus, as Codable types, each with its proto3 twin under
// `protos/` and a golden message beside it. The module owns no state and does no I/O. A new message is one struct in
// the folder of its domain, its proto, its golden JSON and one line in `MessageCatalogue`.

package import DiscordModel

/// A message of ours that travels on the bus as canonical proto3 JSON.
package protocol BusMessage: Codable, Hashable, Sendable {
    /// The proto's full name, for example `ensemble.music.v1.LoadTracks`.
    static var typeName: String { get }

    /// Grows when a field changes its meaning; adding a field does not change it.
    static var schemaVersion: UInt64 { get }
}

extension BusMessage {
    package static var schemaVersion: UInt64 { 1 }
}

/// A message that is published to whoever listens.
package protocol BusEvent: BusMessage {
    /// `ensemble.<domain>.<event>.`, with the dot at its end.
    static var topic: Topic { get }

    /// The one service that may publish it; the bus refuses it from any other.
    static var publisher: ServiceRole { get }
}

/// A message that is answered by one worker.
package protocol BusRequest: BusMessage {
    associatedtype Reply: BusMessage

    /// Whether the broker may hand it over a second time when its worker died.
    static var repetition: Repetition { get }

    /// The services that may serve it.
    static var servers: Set<ServiceRole> { get }

    /// The services that may ask; nil, for what only tells facts, lets everyone who is logged in.
    static var callers: Set<ServiceRole>? { get }
}

/// A request about one guild.
package protocol GuildRequest: BusRequest {
    var guild: GuildID { get }
}

extension BusRequest {
    package static var callers: Set<ServiceRole>? { nil }

    /// Where the request goes when its sender names no other address.
    package static var address: RequestAddress { RequestAddress(rawValue: typeName) }

    /// Where the gateway that runs the shard takes it: gateways pass on to each other what another one has to answer.
    package static func address(ofShard shard: Int) -> RequestAddress {
        RequestAddress(rawValue: "\(typeName)\(RequestAddress.shardMark)\(shard)")
    }
}

/// Whether a request that was handed to a worker may be handed to another.
package enum Repetition: Sendable {
    /// It may: doing it twice has one effect, or the worker recognises its key.
    case repeatable
    /// It may not: when its worker dies, the caller gets `outcomeUnknown`.
    case once
}

/// The name by which a queue of requests is known to the broker.
package struct RequestAddress: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Stands between a type's name and the number of a shard.
    package static let shardMark = "/shard/"

    /// Stands between the address of a service's commands and the id of an instance.
    package static let instanceMark = "/instance/"

    /// Where one instance alone takes what the address is for. It goes to that instance or to nobody: the broker says at
    /// once when it is not there, and says so too when it dies over a request, which it hands to no other.
    ///
    /// - Parameter instance: the `INSTANCE_ID`.
    package func ofInstance(_ instance: String) -> Self {
        Self(rawValue: "\(rawValue)\(Self.instanceMark)\(instance)")
    }

    /// The address without its instance; nil if it names none.
    package var withoutInstance: Self? {
        // Runs for every request: most have no slash at all.
        guard rawValue.utf8.contains(UInt8(ascii: "/")), let mark = rawValue.firstRange(of: Self.instanceMark),
            mark.upperBound < rawValue.endIndex
        else { return nil }
        return Self(rawValue: String(rawValue[..<mark.lowerBound]))
    }

    /// Interactions of the commands that the service owns.
    package static func commands(of service: ServiceRole) -> Self {
        Self(rawValue: "commands.\(service.rawValue)")
    }

    /// Jobs that the scheduler fires at the service.
    package static func jobs(of service: ServiceRole) -> Self {
        Self(rawValue: "jobs.\(service.rawValue)")
    }
}

/// The part a process plays on the bus: its login there, and what the contract lets it publish, ask and serve.
package struct ServiceRole: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let gateway = Self(rawValue: "gateway")
    package static let music = Self(rawValue: "music")
    package static let lavalinkBridge = Self(rawValue: "lavalink-bridge")
    package static let persona = Self(rawValue: "persona")
    package static let moderation = Self(rawValue: "moderation")
    package static let scheduler = Self(rawValue: "scheduler")
    package static let adminAPI = Self(rawValue: "admin-api")
    package static let community = Self(rawValue: "community")
    package static let ensemble = Self(rawValue: "ensemble")

    /// The services of the platform, without the operator's command line.
    package static let services: Set<Self> = [
        .gateway, .music, .lavalinkBridge, .persona, .moderation, .scheduler, .adminAPI, .community,
    ]
}

/// The reply of a request that has nothing to tell but that it was done.
package struct Acknowledgement: BusMessage {
    package static let typeName = "ensemble.bus.v1.Acknowledgement"

    package init() {}
}
