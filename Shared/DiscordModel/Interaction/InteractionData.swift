/// What was asked: which command with which options, or which component with which values.
package struct InteractionData: Codable, Hashable, Sendable {
    // Commands
    package var id: CommandID?
    package var name: String?
    /// 1 slash command, 2 on a user, 3 on a message.
    package var commandType: Int?
    package var options: [InteractionDataOption]
    /// The user or message that a context-menu command was used on.
    package var targetID: UInt64?
    package var resolved: ResolvedObjects?

    // Components and forms
    package var customID: String?
    package var componentType: Int?
    /// What was picked in a select menu.
    package var values: [String]
    /// The form's fields by their custom id, whatever rows or labels wrap them.
    package var fields: [String: String]

    package init(
        name: String? = nil,
        customID: String? = nil,
        options: [InteractionDataOption] = [],
        values: [String] = []
    ) {
        self.name = name
        self.customID = customID
        self.options = options
        self.values = values
        fields = [:]
    }

    package enum CodingKeys: String, CodingKey {
        case id, name, options, resolved, values, components
        case commandType = "type"
        case targetID = "target_id"
        case customID = "custom_id"
        case componentType = "component_type"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = container.lenient(.id)
        name = container.lenient(.name)
        commandType = container.lenient(.commandType)
        options = try container.decodeIfPresent([InteractionDataOption].self, forKey: .options) ?? []
        targetID = container.lenient(Snowflake<InteractionData>.self, .targetID)?.rawValue
        resolved = container.lenient(.resolved)
        customID = container.lenient(.customID)
        componentType = container.lenient(.componentType)
        values = container.lenientArray(.values)
        fields = [:]
        for component in container.lenientArray(SubmittedComponent.self, .components) {
            component.collect(into: &fields)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(id, forKey: .id)
        try container.encodeIfPresent(name, forKey: .name)
        try container.encodeIfPresent(commandType, forKey: .commandType)
        if !options.isEmpty { try container.encode(options, forKey: .options) }
        try container.encodeIfPresent(targetID.map { Snowflake<InteractionData>($0) }, forKey: .targetID)
        try container.encodeIfPresent(resolved, forKey: .resolved)
        try container.encodeIfPresent(customID, forKey: .customID)
        try container.encodeIfPresent(componentType, forKey: .componentType)
        if !values.isEmpty { try container.encode(values, forKey: .values) }
        if !fields.isEmpty {
            let components = fields.sorted { $0.key < $1.key }.map {
                SubmittedComponent(customID: $0.key, value: $0.value)
            }
            try container.encode(components, forKey: .components)
        }
    }
}

/// A component of a submitted form: a field, or a row or label around fields.
private struct SubmittedComponent: Codable {
    var customID: String?
    var value: String?
    var component: [SubmittedComponent] = []

    enum CodingKeys: String, CodingKey {
        case value, component, components
        case customID = "custom_id"
    }

    init(customID: String, value: String) {
        self.customID = customID
        self.value = value
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        customID = container.lenient(.customID)
        value = container.lenient(.value)
        component = container.lenientArray(.components)
        if let inner = container.lenient(SubmittedComponent.self, .component) { component.append(inner) }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(customID, forKey: .customID)
        try container.encodeIfPresent(value, forKey: .value)
    }

    func collect(into fields: inout [String: String]) {
        if let customID, let value { fields[customID] = value }
        for inner in component { inner.collect(into: &fields) }
    }
}

/// One option of a command: a value, or a subcommand with options of its own.
package struct InteractionDataOption: Codable, Hashable, Sendable {
    package var name: String
    /// 1 subcommand, 2 group, 3 string, 4 integer, 5 boolean, 6 user, 7 channel, 8 role, 9 mentionable, 10 number, 11 file.
    package var type: Int
    package var value: InteractionValue?
    package var options: [InteractionDataOption]
    /// The option that the member is typing, in autocompletion.
    package var focused: Bool

    package init(
        name: String,
        type: Int,
        value: InteractionValue? = nil,
        options: [InteractionDataOption] = [],
        focused: Bool = false
    ) {
        self.name = name
        self.type = type
        self.value = value
        self.options = options
        self.focused = focused
    }

    package enum CodingKeys: String, CodingKey {
        case name, type, value, options, focused
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        type = try container.decode(Int.self, forKey: .type)
        value = container.lenient(.value)
        options = try container.decodeIfPresent([InteractionDataOption].self, forKey: .options) ?? []
        focused = container.lenient(.focused, or: false)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(type, forKey: .type)
        try container.encodeIfPresent(value, forKey: .value)
        if !options.isEmpty { try container.encode(options, forKey: .options) }
        if focused { try container.encode(true, forKey: .focused) }
    }
}

/// The value of an option. Ids arrive as strings.
package enum InteractionValue: Codable, Hashable, Sendable {
    case string(String)
    case integer(Int64)
    case number(Double)
    case boolean(Bool)

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .string(try container.decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .string(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .boolean(let value): try container.encode(value)
        }
    }
}

/// The objects that options and selects name, by id.
package struct ResolvedObjects: Codable, Hashable, Sendable {
    package var users: [UserID: User]
    package var members: [UserID: Member]
    package var roles: [RoleID: Role]
    package var channels: [ChannelID: ResolvedChannel]

    /// A channel as interactions describe it: without overwrites, with the invoker's rights.
    package struct ResolvedChannel: Codable, Hashable, Sendable {
        package var id: ChannelID
        package var type: ChannelType
        package var name: String?
        package var permissions: Permissions?
    }

    package init() {
        users = [:]
        members = [:]
        roles = [:]
        channels = [:]
    }

    package enum CodingKeys: String, CodingKey {
        case users, members, roles, channels
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        users = container.lenient(.users, or: [:])
        members = container.lenient(.members, or: [:])
        roles = container.lenient(.roles, or: [:])
        channels = container.lenient(.channels, or: [:])
    }
}
