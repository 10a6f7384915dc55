import TestSupport
import Testing

@testable import PersonaCore

@Suite("Splitting an answer over messages")
struct MessageSplitterTests {
    /// The text of the pages with what the splitter added taken out, without whitespace: nothing may be lost or doubled.
    private func letters(_ pages: [String]) -> String {
        var open: String?
        var result = ""
        for page in pages {
            var body = page[...]
            if let open, body.hasPrefix(open + "\n") { body = body.dropFirst(open.count + 1) }
            let state = CodeFences(page[...])
            // The page is closed in itself, so if its body alone is not, the end of it was added.
            let bare = body.hasSuffix("\n```") ? body.dropLast(4) : body
            let stateWithout = CodeFences(bare, open: open)
            #expect(state.open == nil, "a page leaves a block open: \(page.suffix(40))")
            if stateWithout.open != nil, body.hasSuffix("\n```"), page != pages.last {
                body = bare
                open = stateWithout.open
            } else {
                open = nil
            }
            result += body.filter { !$0.isWhitespace }
        }
        return result
    }

    @Test("A short text is one page; an empty one is none")
    func short() {
        #expect(MessageSplitter().pages(of: "Hello.") == ["Hello."])
        #expect(MessageSplitter().pages(of: " \n\n ") == [])
        #expect(MessageSplitter().pages(of: "") == [])
        #expect(MessageSplitter().pages(of: "\n Hi \n") == ["Hi"])
    }

    @Test("Exactly the limit is one page, one more is two")
    func limit() {
        let splitter = MessageSplitter(limit: 100)
        #expect(splitter.pages(of: String(repeating: "a", count: 100)).count == 1)
        let pages = splitter.pages(of: String(repeating: "a", count: 101))
        #expect(pages.map(\.count) == [96, 5])
    }

    @Test("Paragraphs before lines, lines before sentences, sentences before words")
    func preference() {
        let splitter = MessageSplitter(limit: 100)
        let filler = String(repeating: "word ", count: 11)
        #expect(splitter.pages(of: "\(filler)end.\n\nNew one. It\ngoes on \(filler)").first == "\(filler)end.")
        #expect(splitter.pages(of: "\(filler)end. Next\nline goes on \(filler)").first == "\(filler)end. Next")
        #expect(splitter.pages(of: "\(filler)end. Next line goes on \(filler)").first == "\(filler)end.")
        #expect(splitter.pages(of: "\(filler)and no full stop \(filler)\(filler)").first?.hasSuffix("word") == true)
    }

    @Test("A word that ends at the limit stays whole")
    func wordAtLimit() {
        let text = String(repeating: "a", count: 40) + " " + String(repeating: "b", count: 55) + " cc dd"
        #expect(MessageSplitter(limit: 100).pages(of: text).first?.hasSuffix("b") == true)
    }

    @Test("Surrogate pairs, flags, families and accents stay whole")
    func characters() {
        let text = String(repeating: "👨‍👩‍👧‍👦🇺🇦e\u{301}", count: 60)
        for limit in 64...90 {
            let pages = MessageSplitter(limit: limit).pages(of: text)
            #expect(pages.joined() == text)
            for page in pages {
                #expect(page.utf16.count <= limit)
                #expect(page.allSatisfy { "👨‍👩‍👧‍👦🇺🇦é".contains($0) })
            }
        }
    }

    @Test("A character that is longer than a message is broken, not dropped")
    func hugeCharacter() {
        let text = "a" + String(repeating: "\u{301}", count: 300)
        let pages = MessageSplitter(limit: 100).pages(of: text)
        #expect(pages.reduce(0) { $0 + $1.unicodeScalars.count } == 301)
        #expect(pages.allSatisfy { $0.utf16.count <= 100 })
    }

    @Test("A code block is closed on its page and opened again with its language")
    func codeBlock() {
        let code = (1...30).map { "let value\($0) = \($0)" }.joined(separator: "\n")
        let pages = MessageSplitter(limit: 200).pages(of: "Look:\n```swift\n\(code)\n```\nThat is all.")
        #expect(pages.count > 2)
        #expect(pages[0].hasPrefix("Look:\n```swift\nlet value1 = 1"))
        for page in pages.dropFirst().dropLast() {
            #expect(page.hasPrefix("```swift\nlet value"))
            #expect(page.hasSuffix("\n```"))
        }
        #expect(pages.last?.hasSuffix("```\nThat is all.") == true)
        #expect(pages.allSatisfy { $0.utf16.count <= 200 })
    }

    @Test("Indentation behind a break in code is kept")
    func indentation() {
        let code = (1...20).map { _ in "        deep()" }.joined(separator: "\n")
        let pages = MessageSplitter(limit: 120).pages(of: "```\n\(code)\n```")
        #expect(pages.count > 1)
        #expect(pages.dropFirst().allSatisfy { $0.hasPrefix("```\n        deep()") })
    }

    @Test("A block that begins late moves to the next page as a whole")
    func lateBlock() {
        let pages = MessageSplitter(limit: 200).pages(
            of: String(repeating: "word ", count: 35) + "\n```js\n" + String(repeating: "f();\n", count: 10) + "```"
        )
        #expect(pages.count == 2)
        #expect(pages[1].hasPrefix("```js\nf();"))
        #expect(!pages[0].contains("`"))
    }

    @Test("An unfinished block is closed for show")
    func unfinished() {
        #expect(MessageSplitter().pages(of: "```py\nprint(1)") == ["```py\nprint(1)\n```"])
    }

    @Test("Whatever is appended, finished pages stay and pages never become fewer", arguments: 0..<40)
    func growing(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "word ", "longerword", "\n", "\n\n", "```", "```swift\n", "`", "`code` ", ". ", "! ", "  ", "🌈", "👨‍👩‍👧‍👦",
            "e\u{301}",
            "漢字。", "привіт ", "\t", "@everyone ", "1. item\n", "```\n", String(repeating: "x", count: 50), "\r\n",
        ]
        let splitter = MessageSplitter(limit: 64 + Int(random.next() % 100))
        var text = ""
        var before: [String] = []
        for _ in 0..<150 {
            text += pieces[Int(random.next() % UInt64(pieces.count))]
            let pages = splitter.pages(of: text)
            #expect(pages.count >= before.count)
            if pages.count > 1, before.count > 1 {
                // All but the last two: an end without space can still join the character or word behind it.
                let settled = max(0, before.count - 2)
                #expect(pages.prefix(settled) == before.prefix(settled))
            }
            #expect(pages.allSatisfy { $0.utf16.count <= splitter.limit && !$0.allSatisfy(\.isWhitespace) })
            #expect(pages.allSatisfy { CodeFences($0[...]).open == nil })
            before = pages
        }
    }

    @Test("Nothing is lost and nothing doubled", arguments: 0..<40)
    func complete(seed: UInt64) {
        var random = SeededGenerator(seed: seed &+ 1000)
        let pieces = ["some ", "words. ", "more\n", "\n\n", "long" + String(repeating: "o", count: 30), "漢字", "🇺🇦 "]
        var text = ""
        for _ in 0..<200 { text += pieces[Int(random.next() % UInt64(pieces.count))] }
        let pages = MessageSplitter(limit: 64 + Int(random.next() % 60)).pages(of: text)
        #expect(letters(pages) == text.filter { !$0.isWhitespace })
    }

    @Test("Long texts are laid out quickly enough to do it at every edit")
    func speed() {
        let text = String(repeating: "A sentence of some words. ```x``` ", count: 250)
        let elapsed = ContinuousClock().measure { _ = MessageSplitter().pages(of: text) }
        #expect(elapsed < .milliseconds(500))
    }
}
