import DiscordModel
import ServiceKit

/// Reads personalities: `config/fleet.yaml` names a file (or has the text itself) for each bot.
enum PersonaFile {
    /// Every bot's personality.
    ///
    /// - Parameter folder: The configuration's folder; paths in the fleet file count from it.
    /// - Throws: `ConfigurationError` with file and line.
    static func loadAll(folder: String, settings: Settings) throws(ConfigurationError) -> [BotID: Persona] {
        let fleet = try ConfigFile.load("\(folder)/fleet.yaml", settings: settings)
        var personas: [BotID: Persona] = [:]
        for entry in try fleet.root.require("bots", "a list of bots").list() {
            let name = try entry.require("name", "a bot's name")
            guard let bot = BotID(rawValue: try name.string()) else {
                throw name.error(expected: "a bot's name: 1 to 32 of a-z, 0-9 and -")
            }
            let configuration = entry["bot_config"]
            var persona = Persona.plain(bot)
            if let prompt = configuration?["system_prompt"] {
                persona = try self.persona(of: bot, prompt: prompt, folder: folder, settings: settings)
            }
            if let own = configuration?["llm_config"] ?? entry["llm_config"] {
                persona.model = try ownModel(own)
            }
            personas[bot] = persona
        }
        return personas
    }

    /// The files that the personalities depend on, for noticing changes.
    static func paths(folder: String, settings: Settings) -> [String] {
        let fleetPath = "\(folder)/fleet.yaml"
        guard let fleet = try? ConfigFile.load(fleetPath, settings: settings),
            let entries = try? fleet.root["bots"]?.list()
        else { return [fleetPath] }
        let files = entries.compactMap { entry -> String? in
            guard let prompt = try? entry["bot_config"]?["system_prompt"]?.string(), isPath(prompt) else { return nil }
            return path(prompt, in: folder)
        }
        return [fleetPath] + files
    }

    /// Reads one personality's TOML.
    static func persona(_ file: ConfigFile) throws(ConfigurationError) -> Persona {
        let root = file.root
        try root.allowOnly(["name", "traits", "system_prompt", "language", "model", "context"])
        let prompt = try root.require("system_prompt", "the text that tells the model who it is")
        var persona = Persona(
            name: try root.require("name", "the bot's name as people say it").string(),
            systemPrompt: try prompt.string()
        )
        guard !persona.systemPrompt.allSatisfy(\.isWhitespace) else {
            throw prompt.error(expected: "a text that tells the model who it is", found: "an empty one")
        }
        if let traits = root["traits"] {
            for trait in try traits.list() { persona.traits.append(try trait.string()) }
        }
        if let language = root["language"] {
            try language.allowOnly(["reply", "default", "cyrillic"])
            if let reply = language["reply"], try reply.string() != "member" {
                persona.language.fixed = try self.language(reply, orWord: "member")
            }
            if let fallback = language["default"] { persona.language.fallback = try self.language(fallback) }
            if let cyrillic = language["cyrillic"] { persona.language.cyrillic = try self.language(cyrillic) }
        }
        if let model = root["model"] {
            try model.allowOnly(["temperature", "maximum_tokens"])
            persona.temperature = try model["temperature"]?.double(in: 0...2)
            if let tokens = model["maximum_tokens"] { persona.maximumTokens = try tokens.int(in: 16...8192) }
        }
        if let context = root["context"] {
            try context.allowOnly(["messages"])
            if let messages = context["messages"] { persona.contextMessages = try messages.int(in: 0...50) }
        }
        return persona
    }

    private static func persona(
        of bot: BotID,
        prompt: ConfigValue,
        folder: String,
        settings: Settings
    ) throws(ConfigurationError) -> Persona {
        let text = try prompt.string("a file in personas/ or the text itself")
        guard isPath(text) else {
            var persona = Persona.plain(bot)
            persona.systemPrompt = text
            return persona
        }
        return try persona(try ConfigFile.load(path(text, in: folder), settings: settings))
    }

    private static func isPath(_ text: String) -> Bool {
        text.hasSuffix(".toml") && !text.contains(where: \.isNewline)
    }

    private static func path(_ text: String, in folder: String) -> String {
        text.hasPrefix("/") ? text : "\(folder)/\(text)"
    }

    private static func ownModel(_ value: ConfigValue) throws(ConfigurationError) -> OwnModel {
        try value.allowOnly(["base_url", "api_key", "model"])
        let address = try value.require("base_url", "the address of a model server")
        let url = try address.string()
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw address.error(expected: "an http or https URL")
        }
        return OwnModel(baseURL: url, key: try value["api_key"]?.secretIfSet(), model: try value["model"]?.string())
    }

    private static func language(
        _ value: ConfigValue,
        orWord word: String? = nil
    ) throws(ConfigurationError) -> ReplyLanguage {
        guard let language = ReplyLanguage(rawValue: try value.string()) else {
            let codes = ReplyLanguage.allCases.map(\.rawValue)
            throw value.error(expected: "one of \(([word].compactMap(\.self) + codes).joined(separator: ", "))")
        }
        return language
    }
}
