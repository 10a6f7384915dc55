package import DiscordModel

/// A bot's personality: what its file in `config/personas/` says.
package struct Persona: Sendable, Hashable {
    /// The name that the bot gives itself.
    package var name: String
    /// A few words for its voice.
    package var traits: [String]
    /// The operator's text to the model.
    package var systemPrompt: String
    package var language: LanguageRule
    /// 0 to 2; nil leaves it to the provider.
    package var temperature: Double?
    /// The longest answer in tokens.
    package var maximumTokens: Int
    /// How many of the channel's last messages the model reads, 0 to 50.
    package var contextMessages: Int
    /// The bot's own model server, if it has one.
    package var model: OwnModel?

    package init(
        name: String,
        traits: [String] = [],
        systemPrompt: String,
        language: LanguageRule = LanguageRule(),
        temperature: Double? = nil,
        maximumTokens: Int = 900,
        contextMessages: Int = 15,
        model: OwnModel? = nil
    ) {
        self.name = name
        self.traits = traits
        self.systemPrompt = systemPrompt
        self.language = language
        self.temperature = temperature
        self.maximumTokens = maximumTokens
        self.contextMessages = contextMessages
        self.model = model
    }

    /// For a bot that is not in the configuration (yet): it answers, without a character of its own.
    package static func plain(_ bot: BotID) -> Persona {
        let name = bot.rawValue.prefix(1).uppercased() + bot.rawValue.dropFirst()
        return Persona(name: name, systemPrompt: "You are a helpful member of this Discord server. Answer briefly.")
    }
}

/// In which language a persona answers.
package struct LanguageRule: Sendable, Hashable {
    /// Nil: in the language in which the member writes.
    package var fixed: ReplyLanguage?
    /// When a message shows no language.
    package var fallback: ReplyLanguage
    /// For Cyrillic text whose letters do not tell.
    package var cyrillic: ReplyLanguage

    package init(
        fixed: ReplyLanguage? = nil,
        fallback: ReplyLanguage = .english,
        cyrillic: ReplyLanguage = .ukrainian
    ) {
        self.fixed = fixed
        self.fallback = fallback
        self.cyrillic = cyrillic
    }
}
