package import DiscordModel

/// A registered application command.
package struct ApplicationCommand: Sendable, Equatable {
    /// Discord's command types.
    package enum Kind: Int, Sendable {
        case chatInput = 1
        case user = 2
        case message = 3
    }

    package let id: CommandID
    package let applicationID: ApplicationID
    /// nil for a global command.
    package let guildID: GuildID?
    package let kind: Kind
    package internal(set) var version: UInt64
    /// The definition as registered, completed; without id, application and version.
    package internal(set) var definition: [String: JSONValue]

    package var name: String { definition["name"]?.stringValue ?? "" }
    package var options: [JSONValue] { definition["options"]?.arrayValue ?? [] }

    /// What a member needs to see the command; nil when everyone may.
    package var memberPermissions: Permissions? {
        definition["default_member_permissions"]?.stringValue.flatMap { UInt64($0) }.map(Permissions.init)
    }

    package var json: JSONValue {
        var members = definition
        members["id"] = .id(id)
        members["application_id"] = .id(applicationID)
        members["version"] = .string(String(version))
        if let guildID { members["guild_id"] = .id(guildID) }
        return .object(members)
    }
}

/// All registered commands, by scope: an application's global ones, and those of one guild.
package struct CommandTable: Sendable {
    package struct Scope: Sendable, Hashable {
        package let application: ApplicationID
        package let guild: GuildID?

        package init(application: ApplicationID, guild: GuildID?) {
            self.application = application
            self.guild = guild
        }
    }

    private var scopes: [Scope: [CommandID: ApplicationCommand]] = [:]

    package func all(in scope: Scope) -> [ApplicationCommand] {
        (scopes[scope] ?? [:]).values.sorted { $0.id < $1.id }
    }

    /// What a member of a guild can use: each application's guild commands, and its global ones of other names.
    package func usable(in guild: GuildID?) -> [ApplicationCommand] {
        var seen: Set<String> = []
        func key(_ command: ApplicationCommand) -> String {
            "\(command.applicationID)/\(command.kind.rawValue)/\(command.name)"
        }
        let local = guild.map { guild in scopes.filter { $0.key.guild == guild }.flatMap(\.value.values) } ?? []
        let global = scopes.filter { $0.key.guild == nil }.flatMap(\.value.values)
        return (local + global).filter { seen.insert(key($0)).inserted }
            .sorted { ($0.name, $0.applicationID) < ($1.name, $1.applicationID) }
    }

    package subscript(scope: Scope, id: CommandID) -> ApplicationCommand? {
        get { scopes[scope]?[id] }
        set { scopes[scope, default: [:]][id] = newValue }
    }

    mutating func replace(_ scope: Scope, with commands: [ApplicationCommand]) {
        scopes[scope] = Dictionary(commands.map { ($0.id, $0) }) { $1 }
    }
}
