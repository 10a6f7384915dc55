import CommandKit
import Testing

@Suite("texts")
struct CatalogueTests {
    private let catalogue: Catalogue

    init() throws {
        catalogue = try Catalogue([
            .english: Array(
                #"{"hello":"Hello {name}","coins":{"one":"{count} coin","other":"{count} coins"},"only":"here"}"#.utf8
            ),
            .ukrainian: Array(
                #"""
                {"hello":"Вітаю, {name}","coins":{"one":"{count} монета","few":"{count} монети","many":"{count} монет",
                "other":"{count} монети"}}
                """#.utf8
            ),
        ])
    }

    @Test("arguments are filled in, and what they contain is not read again")
    func arguments() {
        #expect(catalogue.text("hello", in: .english, ["name": "{count}", "count": "3"]) == "Hello {count}")
        #expect(catalogue.text("hello", in: .english) == "Hello {name}")
    }

    @Test(
        "plural forms follow the language's own rules",
        arguments: [
            (1, "1 монета"), (2, "2 монети"), (4, "4 монети"), (5, "5 монет"), (11, "11 монет"), (12, "12 монет"),
            (21, "21 монета"), (22, "22 монети"), (111, "111 монет"), (0, "0 монет"),
        ]
    )
    func plurals(count: Int, expected: String) {
        #expect(catalogue.text("coins", in: .ukrainian, ["count": "\(count)"]) == expected)
    }

    @Test("a key that a language lacks is read in English, and one that nobody has comes back as itself")
    func fallback() {
        #expect(catalogue.text("only", in: .ukrainian) == "here")
        #expect(catalogue.text("nobody.has", in: .ukrainian) == "nobody.has")
        #expect(catalogue.difference(to: .ukrainian).missing == ["only"])
    }

    @Test("a broken file is refused by language")
    func brokenFile() {
        #expect(throws: CatalogueError.self) { try Catalogue([.korean: Array("{".utf8)]) }
        #expect(throws: CatalogueError.self) { try Catalogue([.korean: Array(#"{"a":{"one":"x"}}"#.utf8)]) }
    }
}
