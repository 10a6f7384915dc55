import ServiceKit

/// What `config/moderation.yaml` says.
struct ModerationConfiguration: Sendable {
    /// The word list of guilds that have none of their own.
    let defaultWords: [String]
    /// Whether a member whose message was removed is told in the channel.
    let sendsNotices: Bool

    /// - Throws: `ConfigurationError` with file, line and what was expected.
    init(settings: Settings) throws {
        let file = try ConfigFile.load("\(settings.configFolder)/moderation.yaml", settings: settings)
        try file.root.allowOnly(["words"])
        defaultWords =
            try file.root["words"]?.list().map { value in
                let word = try value.string("a word")
                guard !WordPattern(word).bytes.isEmpty else {
                    throw value.error(expected: "a word with a letter or a digit", found: word)
                }
                return word
            } ?? []
        sendsNotices = try settings.bool("MODERATION_NOTICES", default: true)
    }
}
