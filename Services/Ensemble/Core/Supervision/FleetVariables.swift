package import ServiceKit

/// The variables that `config/fleet.yaml` names: whose they are decides which process may see them.
package struct FleetVariables: Sendable, Equatable {
    /// One bot and the variable of its token.
    package struct Bot: Sendable, Equatable {
        /// The bot's name in the file.
        package let name: String
        /// The variables that its token is made of; normally one.
        package let tokenVariables: [String]
    }

    /// The bots, in the order of the file.
    package let bots: [Bot]
    /// Every variable in a `discord_token`: for the gateway alone.
    package let tokens: Set<String>
    /// Every variable in an `llm_config`: for the persona service alone.
    package let models: Set<String>

    /// Reads a configuration; keys are looked for at any depth, as `bot_config` may be nested or not.
    package init(_ root: ConfigValue) {
        var bots: [Bot] = []
        var tokens: Set<String> = []
        var models: Set<String> = []
        Self.walk(root, name: "") { name, key, value in
            switch key {
            case "discord_token":
                bots.append(Bot(name: name, tokenVariables: value.variables))
                tokens.formUnion(value.variables)
            case "llm_config":
                Self.collect(value, into: &models)
            default: break
            }
        }
        self.bots = bots
        self.tokens = tokens
        self.models = models.subtracting(tokens)
    }

    private static func walk(_ value: ConfigValue, name: String, _ visit: (String, String, ConfigValue) -> Void) {
        switch value.content {
        case .table(let entries):
            let own = entries.first { ["name", "id", "bot"].contains($0.key) }.flatMap { try? $0.value.string() }
            for entry in entries {
                let below =
                    own ?? (["bot_config", "bots"].contains(entry.key) ? name : (name.isEmpty ? entry.key : name))
                visit(own ?? name, entry.key, entry.value)
                walk(entry.value, name: below, visit)
            }
        case .list(let elements):
            for element in elements { walk(element, name: name, visit) }
        default: break
        }
    }

    private static func collect(_ value: ConfigValue, into names: inout Set<String>) {
        switch value.content {
        case .table(let entries): for entry in entries { collect(entry.value, into: &names) }
        case .list(let elements): for element in elements { collect(element, into: &names) }
        default: names.formUnion(value.variables)
        }
    }
}
