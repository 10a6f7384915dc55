/// A command as JSON, compared as Discord means it: what a definition leaves out is the same as Discord's default.
///
/// Discord answers with every member of a command, ids and versions among them, where a definition has only those that
/// its author wrote.
indirect enum CommandShape: Decodable, Sendable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([CommandShape])
    case object([String: CommandShape])

    /// What only Discord knows, and what it fills in by the application's settings when a definition is silent.
    private static let discordsOwn: Set<String> = [
        "id", "application_id", "guild_id", "version", "dm_permission", "default_permission", "integration_types",
        "contexts", "handler", "name_localized", "description_localized",
    ]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([CommandShape].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: CommandShape].self))
        }
    }

    subscript(_ key: String) -> CommandShape {
        if case .object(let members) = self { members[key] ?? .null } else { .null }
    }

    /// The command's name and type, which tell it from the others of its application.
    var identity: String? {
        guard case .text(let name) = self["name"] else { return nil }
        if case .number(let type) = self["type"] { return "\(Int(type)) \(name)" }
        return "1 \(name)"
    }

    /// Whether Discord's command is this definition's.
    func isSame(as registered: CommandShape) -> Bool {
        switch (self, registered) {
        case (.object(let wanted), .object(let given)):
            return Set(wanted.keys).union(given.keys).allSatisfy { key in
                let (mine, its) = (wanted[key] ?? .null, given[key] ?? .null)
                if Self.discordsOwn.contains(key), wanted[key] == nil { return true }
                // A command without a type is a slash command.
                if key == "type", mine.isEmpty, case .number(1) = its { return true }
                return mine.isSame(as: its)
            }
        case (.list(let wanted), .list(let given)):
            return wanted.count == given.count && zip(wanted, given).allSatisfy { $0.isSame(as: $1) }
        case (.flag(let wanted), .flag(let given)): return wanted == given
        case (.number(let wanted), .number(let given)): return wanted == given
        case (.text(let wanted), .text(let given)): return wanted == given
        // Permissions may be sent as a number and come back as text.
        case (.number(let wanted), .text(let given)): return Double(given) == wanted
        default: return isEmpty && registered.isEmpty
        }
    }

    /// Whether it says no more than its absence would.
    private var isEmpty: Bool {
        switch self {
        case .null: true
        case .flag(let value): !value
        case .list(let values): values.isEmpty
        case .object(let members): members.isEmpty
        case .number, .text: false
        }
    }
}
