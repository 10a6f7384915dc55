/// The languages that the local model answers in.
package enum ModelLanguage: String, Sendable, CaseIterable {
    case english = "en"
    case ukrainian = "uk"
    case russian = "ru"
    case korean = "ko"
    case chinese = "zh"

    /// The language of a member's text, by its script: the script with the most letters wins, and Cyrillic text is
    /// Ukrainian when it has a letter that Russian lacks or a word that only Ukrainian has.
    package init(of text: String) {
        var cyrillic = 0
        var hangul = 0
        var han = 0
        var latin = 0
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0400...0x04FF: cyrillic += 1
            case 0x1100...0x11FF, 0x3130...0x318F, 0xAC00...0xD7AF: hangul += 2
            case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF: han += 2
            case 0x41...0x5A, 0x61...0x7A: latin += 1
            default: break
            }
        }
        let most = max(cyrillic, hangul, han, latin)
        if most == 0 || most == latin {
            self = .english
        } else if most == hangul {
            self = .korean
        } else if most == han {
            self = .chinese
        } else {
            self = Self.isUkrainian(text) ? .ukrainian : .russian
        }
    }

    private static func isUkrainian(_ text: String) -> Bool {
        let lowered = text.lowercased()
        if lowered.contains(where: { "іїєґ".contains($0) }) { return true }
        if lowered.contains(where: { "ыэъё".contains($0) }) { return false }
        let words: Set<String> = ["що", "як", "та", "чому", "дякую", "будь", "ласка", "мене", "тебе", "хто", "добрий"]
        return lowered.split(whereSeparator: { !$0.isLetter }).contains { words.contains(String($0)) }
    }
}
