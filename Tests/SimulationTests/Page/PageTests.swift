import FoundationEssentials
import TestSupport
import Testing

@testable import Simulation

@Suite("Files of the page")
struct PageTests {
    private static let folder = BuiltProducts.checkout.appending(path: "Shared/Simulation/Page")
    private static let languages = ["en", "uk", "ru", "ko", "zh-TW"]

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }

    private static func catalogue(_ language: String) throws -> [String: JSONValue] {
        let value = JSONValue(parsing: try text("locales/\(language).json").utf8)
        return try #require(value?.objectValue)
    }

    private static func scripts() throws -> [String: String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "scripts").path)
        return try Dictionary(uniqueKeysWithValues: names.map { ($0, try text("scripts/\($0)")) })
    }

    @Test("are found beside the executable")
    func found() throws {
        _ = try PageEndpoint()
        #expect(throws: PageEndpoint.FilesNotFound.self) { try PageEndpoint(folder: "/nowhere") }
    }

    @Test("every language has every text, with the same placeholders", arguments: languages)
    func catalogues(language: String) throws {
        let english = try Self.catalogue("en")
        let other = try Self.catalogue(language)
        #expect(Set(other.keys) == Set(english.keys))
        func placeholders(_ text: String) -> Set<Substring> {
            Set(
                text.split(separator: "{", omittingEmptySubsequences: false).dropFirst().compactMap {
                    $0.split(separator: "}").first
                }
            )
        }
        for (key, value) in english {
            let translated = other[key]?.stringValue ?? ""
            #expect(!translated.isEmpty, "\(language): \(key)")
            #expect(placeholders(translated) == placeholders(value.stringValue ?? ""), "\(language): \(key)")
        }
    }

    @Test("every text that a script asks for is in the catalogue, and every text is asked for")
    func texts() throws {
        let keys = Set(try Self.catalogue("en").keys)
        let sources = try Self.scripts().values.joined(separator: "\n")
        var asked: Set<String> = []
        for piece in sources.split(separator: "t(", omittingEmptySubsequences: false).dropFirst() {
            let call = piece.prefix { $0 != ")" }
            let words = call.split(separator: "\"", omittingEmptySubsequences: false)
            // The words between quotation marks stand at odd places.
            asked.formUnion(words.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) })
        }
        #expect(keys.subtracting(asked).isEmpty, "texts that nobody asks for")
        // Other words in quotation marks are tags, classes and the like; a text's key has no blank and no sign.
        let literal = sources.split(separator: " t(\"", omittingEmptySubsequences: false).dropFirst()
        let certain = Set(literal.map { String($0.prefix { $0 != "\"" }) })
        #expect(certain.subtracting(keys).isEmpty, "texts that are missing")
    }

    @Test("no file refers to another host, or turns text into markup")
    func selfContained() throws {
        for (name, source) in try Self.scripts() {
            for forbidden in [
                "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
            ] {
                #expect(!source.contains(forbidden), "\(name): \(forbidden)")
            }
        }
        for file in [
            "index.html", "styles/tokens.css", "styles/layout.css", "styles/messages.css", "styles/composer.css",
        ] {
            let source = try Self.text(file)
            #expect(!source.contains("http://") && !source.contains("https://"), "\(file)")
            #expect(!source.contains("style="), "\(file)")
        }
    }
}
