import Testing

@testable import PersonaCore

@Suite("The language of an answer")
struct ReplyLanguageTests {
    private let rule = LanguageRule()

    @Test(
        "By the share of scripts",
        arguments: [
            ("Hello, how are you?", ReplyLanguage.english),
            ("Привіт, як справи? Що нового?", .ukrainian),
            ("Привет, как дела? Что это было, эх", .russian),
            ("<@123456> Ти їси?", .ukrainian),
            ("안녕하세요, 오늘 어때요?", .korean),
            ("今天天氣如何？", .traditionalChinese),
            ("今日の天気はどうですか", .japanese),
            ("Iris, 你覺得 Swift 好嗎", .traditionalChinese),
            ("what does 안녕 mean in Korean, and when would one say it?", .english),
            ("Что значит \"borrow checker\"? Это сложно?", .russian),
            ("Explain `привіт` please <:привіт:123> https://example.com/привіт", .english),
        ]
    )
    func byShare(text: String, language: ReplyLanguage) {
        #expect(rule.choice(for: text).language == language)
    }

    @Test("Latin text is only a guess: the model may recognise German")
    func latin() {
        #expect(rule.choice(for: "Guten Morgen!").isGuess)
        #expect(!rule.choice(for: "안녕하세요").isGuess)
    }

    @Test("Cyrillic letters that do not tell: what the author wrote before decides, else the persona's rule")
    func cyrillic() {
        #expect(rule.choice(for: "Так", earlier: ["ok", "Это было так"]).language == .russian)
        #expect(rule.choice(for: "Так", earlier: ["Що це було"]).language == .ukrainian)
        #expect(rule.choice(for: "Так").language == .ukrainian)
        #expect(LanguageRule(cyrillic: .russian).choice(for: "Так").language == .russian)
    }

    @Test("A message without letters: what the author wrote before decides, else the fallback")
    func noLetters() {
        #expect(rule.choice(for: "<@1> 👋 ???", earlier: ["!!!", "안녕하세요"]).language == .korean)
        #expect(LanguageRule(fallback: .korean).choice(for: "<@1> 👋").language == .korean)
    }

    @Test("A fixed language wins")
    func fixed() {
        #expect(LanguageRule(fixed: .korean).choice(for: "Hello there").language == .korean)
    }
}
