import TestSupport
import Testing

@testable import ModerationCore

@Suite("word lists")
struct WordMatcherTests {
    private let matcher = WordMatcher(words: ["floopword", "bad thing", "grob*", "*ish", "욕설", "Ёжик", "***", ""])

    @Test(
        "a listed word is found, whatever its case, punctuation, width or invisible characters",
        arguments: [
            ("you floopword!", "floopword"), ("FLOOPWORD", "floopword"), ("floop\u{200B}word", "floopword"),
            ("ｆｌｏｏｐｗｏｒｄ", "floopword"), ("a bad -- thing", "bad thing"), ("grobbing along", "grob*"),
            ("foolish", "*ish"), ("이런욕설은", "욕설"), ("ёжик в тумане", "Ёжик"), ("f\u{0301}loopword", "floopword"),
        ]
    )
    func found(text: String, word: String) {
        #expect(matcher.firstMatch(in: text) == word)
    }

    @Test(
        "what only contains a word's letters is left alone",
        arguments: ["floopwords", "xfloopword", "bad", "thing bad", "agrob", "", "***", "ishmael", "🎉🎉"]
    )
    func notFound(text: String) {
        #expect(matcher.firstMatch(in: text) == nil)
    }

    @Test("an empty list matches nothing")
    func empty() {
        #expect(WordMatcher(words: []).firstMatch(in: "floopword") == nil)
    }

    @Test("the automaton agrees with looking for each word by itself, on random texts")
    func agreesWithSearching() {
        var generator = SeededGenerator(seed: 7)
        let letters = Array("aB c,")
        for _ in 0..<500 {
            let words = (0..<5).map { _ in String((0..<3).map { _ in letters.randomElement(using: &generator) ?? "a" })
            }
            let text = String((0..<30).map { _ in letters.randomElement(using: &generator) ?? "a" })
            let folded = FoldedText(text).bytes
            let expected = words.contains { word in
                let pattern = WordPattern(word).bytes
                return !pattern.isEmpty && folded.indices.contains { folded[$0...].starts(with: pattern) }
            }
            let matcher = WordMatcher(words: words)
            #expect((matcher.firstMatch(in: text) != nil) == expected, "\(words) in \(text)")
            // The same text with something in it that is not ASCII and folds to nothing: the other way through.
            #expect(matcher.firstMatch(in: text + "\u{200B}") == matcher.firstMatch(in: text), "\(words) in \(text)")
        }
    }
}
