/// What a member wants from the model, as far as single words tell.
enum Intent: Equatable {
    case greeting
    case identity
    case thanks
    case insult
    case story
    case list
    case code
    case echo(String)
    case arithmetic(String)
    case question
    case remark

    init(of message: MemberMessage) {
        let text = message.text.lowercased()
        let words = Set(message.words)
        func mentions(_ needles: [String]) -> Bool { needles.contains { text.contains($0) } }

        if let echoed = Self.echoed(in: message.text) {
            self = .echo(echoed)
        } else if mentions(Self.lengthWords) && mentions(Self.storyWords) {
            self = .story
        } else if let sum = Arithmetic(in: message.text) {
            self = .arithmetic(sum.text)
        } else if mentions(Self.identityPhrases) {
            self = .identity
        } else if !words.isDisjoint(with: Self.insults) || mentions(Self.insultStems) {
            self = .insult
        } else if mentions(Self.thanksStems) {
            self = .thanks
        } else if mentions(Self.codeWords) {
            self = .code
        } else if mentions(Self.listWords) {
            self = .list
        } else if words.count <= 5 && (!words.isDisjoint(with: Self.greetings) || mentions(Self.greetingStems)) {
            self = .greeting
        } else if text.contains("?") || text.contains("？") || Self.questionWords.contains(message.words.first ?? "") {
            self = .question
        } else {
            self = .remark
        }
    }

    /// Karma that an answer to this gives, by the karma tag's scale.
    var karma: Int {
        switch self {
        case .thanks: 2
        case .greeting: 1
        case .insult: -4
        default: 0
        }
    }

    private static func echoed(in text: String) -> String? {
        let lowered = text.lowercased()
        for phrase in [
            "say exactly:", "say exactly", "repeat after me:", "repeat after me", "повтори:", "따라 해:", "跟我說：",
        ] {
            guard lowered.hasPrefix(phrase) else { continue }
            let rest = text.dropFirst(phrase.count).drop { $0.isWhitespace }
            if !rest.isEmpty { return String(rest) }
        }
        return nil
    }

    private static let lengthWords = ["long", "detailed", "длинн", "подробн", "довг", "детальн", "긴", "길게", "長", "长"]
    private static let storyWords = [
        "story", "tale", "essay", "poem", "answer", "истори", "рассказ", "сказк", "казк", "розпов", "оповід", "이야기",
        "故事",
    ]
    private static let identityPhrases = [
        "who are you", "your name", "introduce yourself", "about yourself", "кто ты", "тебя зовут", "о себе", "хто ти",
        "тебе звати", "про себе", "누구", "이름이", "你是誰", "你是谁", "介紹", "名字",
    ]
    private static let insults: Set<String> = ["stupid", "idiot", "dumb", "useless", "hate", "awful", "worst", "trash"]
    private static let insultStems = [
        "shut up", "тупой", "тупая", "дурак", "ненавиж", "дурень", "ненавидж", "바보", "멍청", "笨", "討厭",
    ]
    private static let thanksStems = ["thank", "thx", "спасибо", "дяку", "고마", "감사", "謝", "谢"]
    private static let codeWords = [
        "code", "function", "script", "snippet", "код", "функци", "функці", "코드", "程式", "代码", "代碼",
    ]
    private static let listWords = [
        "list", "ideas", "suggest", "recommend", "tips", "список", "иде", "ідеї", "посовет", "порад", "추천", "목록", "推薦",
        "建議", "列出",
    ]
    private static let greetings: Set<String> = [
        "hi", "hello", "hey", "yo", "hiya", "greetings", "morning", "evening", "sup", "howdy",
    ]
    private static let greetingStems = [
        "привет", "здравств", "добрый", "привіт", "вітаю", "добрий", "안녕", "你好", "哈囉", "嗨",
    ]
    private static let questionWords: Set<String> = [
        "who", "what", "when", "where", "why", "how", "which", "can", "could", "do", "does", "is", "are", "should",
        "кто", "что", "где", "когда", "почему", "как", "хто", "що", "де", "коли", "чому", "як",
    ]
}
