import DiscordModel
import ServiceKit

/// The bots of `config/fleet.yaml`, as far as the gateway needs them.
///
/// Keys for the persona and others (`system_prompt`, `llm_config`, `protection_level`) are theirs to read.
struct FleetConfiguration: Sendable {
    struct Bot: Sendable {
        var id: BotID
        /// Owns the slash commands.
        var isPrimary: Bool
        /// Nil: the variable that should hold it is not set.
        var token: Secret?
        /// What to say about a missing token: the variable's name.
        var tokenVariable: String
        /// Whether it is started; default true.
        var isEnabled: Bool
        /// How it shows itself; nil leaves it to Discord.
        var presence: BotPresence?
        /// Verifies interactions that come by HTTP; nil takes what Discord says at login.
        var publicKey: InteractionKey?
    }

    var bots: [Bot]

    var primary: Bot? { bots.first(where: \.isPrimary) }

    /// Reads the file.
    ///
    /// - Throws: `ConfigurationError` with file and line for anything that is not as `config/fleet.yaml` describes.
    static func load(_ path: String, settings: Settings) throws(ConfigurationError) -> Self {
        try parse(try ConfigFile.load(path, settings: settings))
    }

    static func parse(_ file: ConfigFile) throws(ConfigurationError) -> Self {
        try file.root.allowOnly(["bots"])
        guard let list = file.root["bots"] else {
            throw file.root.error(expected: "a list of bots under the key bots")
        }
        var bots: [Bot] = []
        for entry in try list.list() {
            try entry.allowOnly([
                "name", "primary", "enabled", "presence", "bot_config", "discord_token", "llm_config", "system_prompt",
                "protection_level", "persona", "public_key",
            ])
            guard let nameValue = entry["name"] else { throw entry.error(expected: "a bot with a name") }
            guard let id = BotID(rawValue: try nameValue.string()) else {
                throw nameValue.error(expected: "1 to 32 of a-z, 0-9 and -")
            }
            guard !bots.contains(where: { $0.id == id }) else {
                throw nameValue.error(expected: "a name that no other bot has")
            }
            let nested = entry["bot_config"]
            try nested?.allowOnly([
                "discord_token", "llm_config", "system_prompt", "protection_level", "persona", "public_key",
            ])
            let token = nested?["discord_token"] ?? entry["discord_token"]
            bots.append(
                Bot(
                    id: id,
                    isPrimary: try entry["primary"]?.bool() ?? false,
                    token: try token?.secretIfSet(),
                    tokenVariable: token?.variables.first ?? "discord_token",
                    isEnabled: try entry["enabled"]?.bool() ?? true,
                    presence: try entry["presence"].map(presence),
                    publicKey: try (nested?["public_key"] ?? entry["public_key"]).map(publicKey)
                )
            )
        }
        guard !bots.isEmpty else { throw list.error(expected: "at least one bot") }
        let primaries = bots.filter(\.isPrimary).count
        if primaries == 0 { bots[0].isPrimary = true }
        guard primaries <= 1 else { throw list.error(expected: "one primary bot, not \(primaries)") }
        return Self(bots: bots)
    }

    private static func publicKey(_ value: ConfigValue) throws(ConfigurationError) -> InteractionKey {
        guard let key = InteractionKey(hex: try value.string()) else {
            throw value.error(expected: "the application's public key, 64 hexadecimal digits in quotes")
        }
        return key
    }

    /// `{status: online, activity: {kind: listening, name: the harbour}}`, each part optional.
    private static func presence(_ value: ConfigValue) throws(ConfigurationError) -> BotPresence {
        try value.allowOnly(["status", "activity"])
        var presence = BotPresence()
        if let status = value["status"] { presence.status = try choice(status) }
        guard let activity = value["activity"] else { return presence }
        try activity.allowOnly(["kind", "name"])
        guard let kind = activity["kind"], let name = activity["name"] else {
            throw activity.error(expected: "an activity with kind and name")
        }
        let text = try name.string()
        guard (1...128).contains(text.unicodeScalars.count) else {
            throw name.error(expected: "1 to 128 characters")
        }
        presence.activity = BotPresence.Activity(kind: try choice(kind), name: text)
        return presence
    }

    private static func choice<Choice>(_ value: ConfigValue) throws(ConfigurationError) -> Choice
    where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
        guard let choice = Choice(rawValue: try value.string()) else {
            throw value.error(expected: Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }
}
