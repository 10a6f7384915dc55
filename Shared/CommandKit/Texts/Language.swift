/// A language that members and admins can read us in.
package enum Language: String, CaseIterable, Hashable, Sendable {
    case english = "en"
    case ukrainian = "uk"
    case russian = "ru"
    case korean = "ko"
    case traditionalChinese = "zh-TW"

    /// The language for one of Discord's locales; English where we have no closer one.
    ///
    /// Mainland Chinese readers get traditional characters rather than English. Source: Discord API reference, "Locales".
    package init(discordLocale: String) {
        switch discordLocale {
        case "uk": self = .ukrainian
        case "ru": self = .russian
        case "ko": self = .korean
        case "zh-TW", "zh-CN": self = .traditionalChinese
        default: self = .english
        }
    }

    /// The locales under which a localisation is registered with Discord. English is the default and needs none.
    package var discordLocales: [String] {
        switch self {
        case .english: []
        default: [rawValue]
        }
    }

    /// The CLDR plural category of a whole number in this language: `one`, `few`, `many` or `other`.
    ///
    /// Source: Unicode CLDR, "Language Plural Rules", cardinals.
    package func pluralCategory(of count: Int) -> PluralCategory {
        let value = count.magnitude
        switch self {
        case .english:
            return value == 1 ? .one : .other
        case .ukrainian, .russian:
            let (unit, teen) = (value % 10, value % 100)
            if unit == 1, teen != 11 { return .one }
            if (2...4).contains(unit), !(12...14).contains(teen) { return .few }
            return .many
        case .korean, .traditionalChinese:
            return .other
        }
    }
}

package enum PluralCategory: String, Sendable, CaseIterable {
    case one, few, many, other
}
