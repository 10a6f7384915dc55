import CommandKit

/// A language that a persona can be asked to answer in.
package enum ReplyLanguage: String, Sendable, Hashable, CaseIterable {
    case english = "en"
    case ukrainian = "uk"
    case russian = "ru"
    case korean = "ko"
    case traditionalChinese = "zh-TW"
    case japanese = "ja"

    /// Its name for the model.
    var englishName: String {
        switch self {
        case .english: "English"
        case .ukrainian: "Ukrainian"
        case .russian: "Russian"
        case .korean: "Korean"
        case .traditionalChinese: "Traditional Chinese"
        case .japanese: "Japanese"
        }
    }

    /// The language of our own texts that its speakers read best.
    var catalogueLanguage: Language {
        switch self {
        case .english, .japanese: .english
        case .ukrainian: .ukrainian
        case .russian: .russian
        case .korean: .korean
        case .traditionalChinese: .traditionalChinese
        }
    }
}

/// What the letters of a text say about its language.
struct LanguageReading: Sendable, Hashable {
    /// What was recognised.
    enum Script: Sendable, Hashable {
        /// No letters.
        case none
        /// Latin letters: English, or another language that the model recognises better than we do.
        case latin
        case language(ReplyLanguage)
        /// Cyrillic letters that Ukrainian and Russian share.
        case cyrillic
    }

    /// The share of letters from which a script decides: two words of Korean in an English sentence do not.
    static let decisiveShare = 0.3

    let script: Script

    /// Reads a text as Discord sends it: mentions, custom emoji, addresses and code do not count.
    init(_ content: String) {
        var latin = 0.0
        var cyrillic = 0.0
        var hangul = 0.0
        var han = 0.0
        var kana = 0.0
        var ukrainian = 0
        var russian = 0
        for scalar in Self.prose(of: content).unicodeScalars {
            switch scalar.value {
            case 0x41...0x5A, 0x61...0x7A, 0xC0...0x24F: latin += 1
            case 0x400...0x4FF:
                cyrillic += 1
                if "іїєґІЇЄҐ".unicodeScalars.contains(scalar) { ukrainian += 1 }
                if "ыэъёЫЭЪЁ".unicodeScalars.contains(scalar) { russian += 1 }
            // A syllable or ideograph says as much as two or three letters.
            case 0x1100...0x11FF, 0x3130...0x318F, 0xAC00...0xD7AF: hangul += 2.5
            case 0x3040...0x30FF: kana += 2
            case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2FA1F: han += 2.5
            default: break
            }
        }
        let total = latin + cyrillic + hangul + han + kana
        guard total > 0 else {
            script = .none
            return
        }
        let strongest = max(cyrillic, hangul, han + kana)
        guard strongest / total >= Self.decisiveShare else {
            script = .latin
            return
        }
        if strongest == cyrillic {
            script =
                ukrainian == russian ? .cyrillic : .language(ukrainian > russian ? .ukrainian : .russian)
        } else if strongest == hangul {
            script = .language(.korean)
        } else {
            // Japanese writes its endings in kana; Chinese has none.
            script = .language(kana > 0 ? .japanese : .traditionalChinese)
        }
    }

    /// The text without what is no language: mentions, emoji, addresses, code.
    private static func prose(of content: String) -> String {
        var result = ""
        var isCode = false
        for (index, piece) in content.split(separator: "`", omittingEmptySubsequences: false).enumerated() {
            isCode = index % 2 == 1
            if !isCode { result += piece }
        }
        return result.split(whereSeparator: \.isWhitespace)
            .filter { !$0.contains("://") && !($0.hasPrefix("<") && $0.hasSuffix(">")) }
            .joined(separator: " ")
    }
}

extension LanguageRule {
    /// The language to answer in, and whether the model should rather follow the member when it recognises another.
    ///
    /// - Parameters:
    ///   - content: The message to answer.
    ///   - earlier: What its author wrote before, newest first: it decides when the message itself shows nothing, and
    ///     between Ukrainian and Russian when its letters do not tell.
    func choice(for content: String, earlier: [String] = []) -> (language: ReplyLanguage, isGuess: Bool) {
        if let fixed { return (fixed, false) }
        switch LanguageReading(content).script {
        case .language(let language):
            return (language, false)
        case .latin:
            return (.english, true)
        case .cyrillic:
            for text in earlier {
                if case .language(let language) = LanguageReading(text).script,
                    language == .ukrainian || language == .russian
                {
                    return (language, false)
                }
            }
            return (cyrillic, true)
        case .none:
            for text in earlier {
                switch LanguageReading(text).script {
                case .none: continue
                case .latin: return (.english, true)
                case .cyrillic: return (cyrillic, true)
                case .language(let language): return (language, false)
                }
            }
            return (fallback, true)
        }
    }
}
