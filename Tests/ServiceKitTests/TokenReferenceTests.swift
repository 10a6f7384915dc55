import Foundation
import ServiceKit
import Testing

@Suite struct TokenReferenceTests {
    @Test(arguments: ["DISCORD_TOKEN", "DISCORD_TOKEN_NOVA", "DISCORD_TOKEN_2", "file:nova", "file:Nova-1.token"])
    func namesOfVariablesAndFilesAreTaken(text: String) {
        #expect(TokenReference(text)?.text == text)
    }

    @Test(arguments: [
        "", "file:", "DISCORD_TOKENS", "DISCORD_TOKEN_nova", "DISCORD_TOKEN NOVA", "DATABASE_URL", "BUS_SECRET",
        "discord_token", "${DISCORD_TOKEN}", "file:/etc/passwd", "file:../x", "file:a/b", "file:.hidden", "file:a b",
        "file:\u{0}", "File:a", "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDe.x-y_z", "file:" + String(repeating: "a", count: 60),
    ])
    func everythingElseIsNot(text: String) {
        #expect(TokenReference(text) == nil)
    }

    @Test func tokensAreReadFromTheirPlace() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tokens-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let settings = Settings(environment: [
            "GATEWAY_TOKEN_FOLDER": folder.path, "DISCORD_TOKEN_NOVA": "abc.def", "DISCORD_TOKEN_BAD": "left right",
            "DISCORD_TOKEN_EMPTY": "",
        ])
        func resolve(_ text: String) throws -> String {
            try #require(TokenReference(text)).resolve(with: settings).reveal()
        }
        func place(_ text: String) -> String {
            do {
                _ = try resolve(text)
                return "none"
            } catch {
                return "\(error)"
            }
        }
        for (name, content) in [
            ("good", "abc.def\r\n"), ("empty", ""), ("blank", " \n"), ("lines", "a\nb"),
            ("long", String(repeating: "x", count: 257)), ("longest", String(repeating: "x", count: 256) + "\n"),
            ("binary", "\u{1}\u{2}"),
        ] {
            try content.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        #expect(try resolve("DISCORD_TOKEN_NOVA") == "abc.def")
        #expect(try resolve("file:good") == "abc.def")
        #expect(try resolve("file:longest").utf8.count == 256)
        for name in ["empty", "blank", "lines", "long", "binary", "absent"] {
            #expect(place("file:\(name)").contains("\(folder.path)/\(name)"), "\(name)")
        }
        for name in ["DISCORD_TOKEN_BAD", "DISCORD_TOKEN_EMPTY", "DISCORD_TOKEN_ABSENT"] {
            #expect(place(name).contains(name) && !place(name).contains("right"), "\(name)")
        }
    }
}
