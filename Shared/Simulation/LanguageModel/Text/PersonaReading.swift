/// What the local model makes of a system prompt: whom it speaks for, and in which voice.
package struct PersonaReading: Sendable, Equatable {
    /// The voices that the phrase books have.
    package enum Voice: String, Sendable, CaseIterable { case warm, dry, lively, calm, plain }

    /// The name that the prompt gives; nil when it gives none.
    package var name: String?
    package var voice: Voice
    /// Words of the prompt that made it choose the voice.
    package var traits: [String]
    /// The prompt asks for a closing karma tag `[K:±N]`.
    package var wantsKarmaTag: Bool

    package init(systemPrompt: String) {
        let lowered = systemPrompt.lowercased()
        name = Self.name(in: systemPrompt)
        wantsKarmaTag = lowered.contains("[k:")

        var best = Voice.plain
        var bestTraits: [String] = []
        for (voice, words) in Self.lexicon {
            let found = words.filter { lowered.contains($0) }
            if found.count > bestTraits.count {
                best = voice
                bestTraits = found
            }
        }
        voice = best
        traits = bestTraits
    }

    private static let lexicon: [(voice: Voice, words: [String])] = [
        (
            .warm,
            [
                "warm", "friendly", "kind", "caring", "gentle", "cheerful", "supportive", "affectionate", "welcoming",
                "добр", "тепл", "тёпл", "дружелюб", "дружн", "привітн", "다정", "친절", "따뜻", "溫暖", "友善", "温暖",
            ]
        ),
        (
            .dry,
            [
                "sarcastic", "reserved", "ironic", "dry", "cynical", "sardonic", "aloof", "deadpan", "witty",
                "саркас", "сдержан", "стриман", "ирони", "іроні", "냉소", "비꼬", "諷刺", "冷淡", "讽刺",
            ]
        ),
        (
            .lively,
            [
                "energetic", "gen-z", "gen z", "hype", "excited", "bubbly", "slang", "playful", "chaotic", "vibe",
                "энергич", "енергій", "зумер", "활발", "에너지", "활기", "活潑", "活力", "活泼",
            ]
        ),
        (
            .calm,
            [
                "wise", "calm", "serene", "patient", "thoughtful", "philosoph", "tranquil", "measured", "contemplative",
                "мудр", "спокой", "спокій", "지혜", "차분", "현명", "睿智", "沉穩", "平靜", "沉稳", "平静",
            ]
        ),
    ]

    /// What stands before the name in a prompt, most telling first.
    private static let introductions = [
        "your name is ", "you are ", "name: ", "name = ", "тебя зовут ", "тебе звати ", "ты — ", "ти — ", "ты - ",
        "ти - ",
        "당신은 ", "너는 ", "네 이름은 ", "你的名字是", "你叫", "你是",
    ]

    private static func name(in prompt: String) -> String? {
        for introduction in introductions {
            for line in prompt.split(separator: "\n") {
                guard let start = end(of: introduction, in: line) else { continue }
                let rest = line[start...].drop { "*_\"'“「`".contains($0) }
                let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" }
                guard let first = word.first, word.count <= 32, isNameLike(first), !notNames.contains(word.lowercased())
                else { continue }
                return String(word)
            }
        }
        return nil
    }

    /// Articles and the like that follow "you are" where a prompt gives no name there.
    private static let notNames: Set<String> = [
        "a", "an", "the", "in", "not", "one", "discord", "never", "always", "to",
    ]

    /// Scripts that have capitals write names with them; the others do not tell.
    private static func isNameLike(_ character: Character) -> Bool {
        character.isUppercase || (character.isLetter && !character.isLowercase)
    }

    private static func end(of needle: String, in line: Substring) -> Substring.Index? {
        var start = line.startIndex
        while start < line.endIndex {
            if let end = line.index(start, offsetBy: needle.count, limitedBy: line.endIndex),
                line[start..<end].lowercased() == needle
            {
                return end
            }
            start = line.index(after: start)
        }
        return nil
    }
}
