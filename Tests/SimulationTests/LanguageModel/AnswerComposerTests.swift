import FoundationEssentials
import TestSupport
import Testing

@testable import Simulation

@Suite("Answers of the local model")
struct AnswerComposerTests {
    private static let iris = "You are Iris, a reserved and sarcastic member of this server. Keep it short."
    private static let aurora = "Your name is Aurora. You are an energetic Gen-Z girl, full of hype."

    private func request(_ text: String, system: String = iris, turns: [ModelRequest.Turn] = []) -> ModelRequest {
        ModelRequest(model: "m", system: system, turns: turns + [.init(role: .user, text: text)])
    }

    @Test("reads name, voice and the wish for a karma tag from the system prompt")
    func persona() {
        let iris = PersonaReading(systemPrompt: Self.iris + " End with [K:±N].")
        #expect(iris.name == "Iris")
        #expect(iris.voice == .dry)
        #expect(iris.traits == ["sarcastic", "reserved"])
        #expect(iris.wantsKarmaTag)
        let aurora = PersonaReading(systemPrompt: Self.aurora)
        #expect(aurora.name == "Aurora")
        #expect(aurora.voice == .lively)
        #expect(!aurora.wantsKarmaTag)
        #expect(PersonaReading(systemPrompt: "You are a helpful assistant.").name == nil)
        #expect(PersonaReading(systemPrompt: "Ты — Селена, мудрая и спокойная.").name == "Селена")
        #expect(PersonaReading(systemPrompt: "Ты — Селена, мудрая и спокойная.").voice == .calm)
    }

    @Test(
        "speaks in the voice of each bot of the troupe",
        arguments: [
            ("rainbow", PersonaReading.Voice.warm), ("iris", .dry), ("aurora", .lively), ("selene", .calm),
        ]
    )
    func troupe(bot: String, voice: PersonaReading.Voice) throws {
        let file = BuiltProducts.checkout.appending(path: "config/personas/\(bot).toml")
        let text = try String(contentsOf: file, encoding: .utf8)
        let name = bot.prefix(1).uppercased() + bot.dropFirst()
        let persona = PersonaReading(systemPrompt: "You are \(name). \(text)")
        #expect(persona.name == name)
        #expect(persona.voice == voice)
    }

    @Test("the same request gets the same answer, another persona another one")
    func determinism() {
        let first = AnswerComposer.answer(to: request("What do you think about lighthouses?"))
        #expect(first == AnswerComposer.answer(to: request("What do you think about lighthouses?")))
        #expect(first.text.contains("lighthouses"))
        let other = AnswerComposer.answer(to: request("What do you think about lighthouses?", system: Self.aurora))
        #expect(other.text != first.text)
    }

    @Test("tells its own name", arguments: [("who are you?", "Iris"), ("кто ты?", "Iris"), ("你是誰？", "Iris")])
    func identity(question: String, name: String) {
        #expect(AnswerComposer.answer(to: request(question)).text.contains(name))
    }

    @Test(
        "answers in the language of the question",
        arguments: [
            ("How do I cook pasta?", ModelLanguage.english), ("Как приготовить пасту?", .russian),
            ("Як приготувати їжу?", .ukrainian), ("파스타는 어떻게 만들어요?", .korean), ("怎麼煮義大利麵？", .chinese),
        ]
    )
    func language(question: String, language: ModelLanguage) {
        #expect(ModelLanguage(of: question) == language)
        #expect(ModelLanguage(of: AnswerComposer.answer(to: request(question)).text) == language)
    }

    @Test("no answer has a placeholder left", arguments: ModelLanguage.allCases)
    func placeholders(language: ModelLanguage) {
        let words = [
            ModelLanguage.english: "boats", .russian: "лодки ы", .ukrainian: "човни їх", .korean: "보트는",
            .chinese: "關於小船",
        ]
        let asks = [
            "hello", "привет", "привіт", "안녕", "你好", "thanks", "спасибо", "дякую", "고마워", "謝謝", "write code",
            "list ideas",
            "long story", "длинная история", "довга казка", "긴 이야기", "長故事", "2 + 2",
        ]
        for ask in asks {
            for system in [Self.iris, Self.aurora, "You are Selene, wise and calm.", "You are Rainbow, warm.", ""] {
                let text = AnswerComposer.answer(to: request("\(ask) \(words[language] ?? "")", system: system)).text
                #expect(!text.contains("{") || text.contains("```"), "\(text)")
                #expect(!text.isEmpty)
                for placeholder in ["{user}", "{name}", "{topic}", "{traits}", "{sum}", "{result}"] {
                    #expect(!text.contains(placeholder))
                }
            }
        }
    }

    @Test("a long story passes 2000 characters and has a code block across that mark")
    func longStory() throws {
        let text = AnswerComposer.answer(to: request("write a long story about robots")).text
        #expect(text.count > 2_000)
        let fences = text.ranges(of: "```")
        try #require(fences.count == 2)
        let mark = text.index(text.startIndex, offsetBy: 2_000)
        #expect(fences[0].lowerBound < mark && fences[1].upperBound > mark)
    }

    @Test("works out sums")
    func arithmetic() {
        #expect(AnswerComposer.answer(to: request("what is 12 * 3?")).text.contains("12 × 3 = 36"))
        #expect(Arithmetic(in: "call me at 7") == nil)
        #expect(Arithmetic(in: "9 / 0") == nil)
    }

    @Test("appends the karma tag only when asked, by the tone of the message")
    func karma() {
        let asking = Self.iris + " Always end with [K:±N]."
        #expect(AnswerComposer.answer(to: request("you are stupid", system: asking)).text.hasSuffix("[K:-4]"))
        #expect(AnswerComposer.answer(to: request("thank you", system: asking)).text.hasSuffix("[K:+2]"))
        #expect(!AnswerComposer.answer(to: request("thank you")).text.contains("[K:"))
    }

    @Test("speaks to the author of the last line and leaves out mentions")
    func author() {
        let message = MemberMessage("bob: hi\nalice: <@12> tell me about turtles")
        #expect(message.author == "alice")
        #expect(message.topic == "turtles")
        #expect(MemberMessage("hello @Iris").text == "hello")
        #expect(MemberMessage("note: two things").author == "note")
    }

    @Test("keeps to the limit of tokens and to stop sequences")
    func limits() {
        var limited = request("write a long story")
        limited.maximumTokens = 10
        let answer = AnswerComposer.answer(to: limited)
        #expect(answer.pieces.count == 10)
        #expect(answer.stopReason == .length)
        var stopped = request("say exactly: one two STOP three")
        stopped.stopSequences = ["STOP"]
        #expect(AnswerComposer.answer(to: stopped).text == "one two ")
        #expect(AnswerComposer.answer(to: stopped).stopReason == .stopSequence("STOP"))
    }

    @Test(
        "the pieces of a text join to the text",
        arguments: ["one two  three\n\nfour", "안녕하세요 여러분", "中文字也可以", "", "👩‍🚀 ok"]
    )
    func pieces(text: String) {
        #expect(Tokenizer.pieces(of: text).joined() == text)
    }
}
