import BusContract

/// Which service owns which command and which component, and how it is deferred. Pure.
struct ManifestIndex: Sendable {
    struct Owner: Hashable, Sendable {
        let service: ServiceRole
        let deferral: Deferral
    }

    private var commands: [String: Owner] = [:]
    private var components: [(prefix: String, owner: Owner)] = []
    /// The definitions of all commands, by name, as JSON text.
    private(set) var definitions: [String: String] = [:]

    init() {}

    /// The union of what services have declared. Of two that claim one name the first by the service's name wins.
    init(_ manifests: [DeclareCommands]) {
        for manifest in manifests.sorted(by: { $0.service < $1.service }) {
            let service = ServiceRole(rawValue: manifest.service)
            for command in manifest.commands where commands[command.name] == nil {
                commands[command.name] = Owner(service: service, deferral: command.deferral)
                definitions[command.name] = command.definition
            }
            for component in manifest.components {
                components.append((component.prefix, Owner(service: service, deferral: component.deferral)))
            }
        }
        // The longest prefix wins.
        components.sort { $0.prefix.utf8.count > $1.prefix.utf8.count }
    }

    func owner(ofCommand name: String) -> Owner? {
        commands[name]
    }

    func owner(ofComponent customID: String) -> Owner? {
        components.first { customID.hasPrefix($0.prefix) }?.owner
    }
}
