import CommandKit

/// The service's texts, compiled in.
enum PersonaTexts {
    static func catalogue() throws(CatalogueError) -> Catalogue {
        try Catalogue(
            en: PackageResources.en_json,
            uk: PackageResources.uk_json,
            ru: PackageResources.ru_json,
            ko: PackageResources.ko_json,
            zhTW: PackageResources.zh_TW_json
        )
    }
}

/// What a member can be told beside an answer.
enum TextKey: String, Sendable, Hashable, CaseIterable {
    /// The provider is overloaded or limits us.
    case busy = "turn.busy"
    /// No connection to the model, or no answer in time.
    case unreachable = "turn.unreachable"
    /// An operator has to look: key, credit.
    case setup = "turn.setup"
    /// The conversation does not fit, even shortened.
    case tooLong = "turn.tooLong"
    /// The provider refuses or answers nonsense.
    case confused = "turn.confused"
    /// The model said nothing.
    case silent = "turn.silent"
    /// The token limit cut the answer off.
    case cutShort = "turn.cutShort"
    /// The provider withheld the answer.
    case filtered = "turn.filtered"
    /// The question waited too long to be worth an answer.
    case late = "turn.late"
}
