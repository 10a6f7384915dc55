/// A service tells the gateway which slash commands and components it owns; the gateway keeps the row, and registers the
/// union of all rows with Discord when it has changed.
///
/// The union of the rows counts, never of who is alive: a service that is down keeps its commands.
package struct DeclareCommands: BusRequest {
    package typealias Reply = Acknowledgement
    package static let typeName = "ensemble.interactions.v1.DeclareCommands"
    package static let repetition = Repetition.repeatable
    package static let servers: Set<ServiceRole> = [.gateway]
    package static let callers: Set<ServiceRole>? = HandleInteraction.servers

    /// The service that owns what follows and serves it at `commands.<service>`.
    package var service: String
    /// Grows with the release; an older version never overwrites a newer one.
    package var version: Int64
    package var commands: [DeclaredCommand]
    package var components: [DeclaredComponent]

    package init(service: String, version: Int64, commands: [DeclaredCommand], components: [DeclaredComponent]) {
        self.service = service
        self.version = version
        self.commands = commands
        self.components = components
    }
}

package struct DeclaredCommand: Codable, Hashable, Sendable {
    package var name: String
    /// How the gateway defers it when no answer came within 1.5 s.
    package var deferral: Deferral
    /// Discord's application command object as JSON text, localisations included.
    package var definition: String

    package init(name: String, deferral: Deferral, definition: String) {
        self.name = name
        self.deferral = deferral
        self.definition = definition
    }
}

/// Custom ids of components and modals that begin with the prefix belong to the service.
package struct DeclaredComponent: Codable, Hashable, Sendable {
    /// Ends in a colon, for example `queue:`.
    package var prefix: String
    package var deferral: Deferral

    package init(prefix: String, deferral: Deferral) {
        self.prefix = prefix
        self.deferral = deferral
    }
}

package struct Deferral: OpenEnum {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// "… is thinking", seen by the channel.
    package static let visible = Self(rawValue: "public")
    /// "… is thinking", seen by the member alone.
    package static let ephemeral = Self(rawValue: "ephemeral")
    /// The component's message stays as it is until the answer comes.
    package static let update = Self(rawValue: "update")
    /// Never: a modal follows, and a modal cannot follow a deferral.
    package static let never = Self(rawValue: "never")
}
