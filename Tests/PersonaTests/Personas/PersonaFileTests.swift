import DiscordModel
import FoundationEssentials
import Logging
import ServiceKit
import Testing

@testable import PersonaCore

/// A configuration's folder that is gone afterwards.
private func withFolder<Result>(
    _ files: [String: String],
    _ body: (String) throws -> Result
) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "persona-\(UUID().uuidString)").path()
    try FileManager.default.createDirectory(atPath: folder + "/personas", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)")) }
    return try body(folder)
}

@Suite("Personalities")
struct PersonaFileTests {
    private let iris = BotID(rawValue: "iris")!
    private let settings = Settings(environment: ["KEY": "k"])
    private let fleet = """
        bots:
          - name: iris
            bot_config:
              system_prompt: personas/iris.toml
            llm_config:
              base_url: http://127.0.0.1:1/v1
              api_key: ${KEY}
          - name: solo
            bot_config:
              system_prompt: You are terse.
          - name: bare
        """
    private let toml = """
        name = "Iris"
        traits = ["dry"]
        system_prompt = "Be brief."
        [language]
        reply = "ko"
        default = "uk"
        [model]
        temperature = 0.5
        maximum_tokens = 100
        [context]
        messages = 3
        """

    @Test("The four that ship can be read, and differ")
    func shipped() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../config").path()
        let personas = try PersonaFile.loadAll(folder: folder, settings: Settings(environment: [:]))
        let names = ["rainbow", "iris", "aurora", "selene"].compactMap(BotID.init(rawValue:))
        #expect(Set(personas.keys).isSuperset(of: names))
        #expect(Set(names.compactMap { personas[$0]?.systemPrompt }).count == 4)
        for (bot, persona) in personas {
            #expect(persona.name.lowercased() == bot.rawValue)
            #expect(persona.contextMessages == 15)
            #expect(!persona.systemPrompt.contains("\\"))
        }
    }

    @Test("Every setting is read, from a file, from the fleet's text, or by default")
    func settingsRead() throws {
        try withFolder(["fleet.yaml": fleet, "personas/iris.toml": toml]) { folder in
            let personas = try PersonaFile.loadAll(folder: folder, settings: settings)
            let persona = try #require(personas[iris])
            #expect(persona.name == "Iris")
            #expect(persona.traits == ["dry"])
            #expect(persona.language.fixed == .korean)
            #expect(persona.language.fallback == .ukrainian)
            #expect(persona.temperature == 0.5)
            #expect(persona.maximumTokens == 100)
            #expect(persona.contextMessages == 3)
            #expect(persona.model?.baseURL == "http://127.0.0.1:1/v1")
            #expect(persona.model?.key == "k")
            let solo = try #require(personas[BotID(rawValue: "solo")!])
            #expect(solo.name == "Solo")
            #expect(solo.systemPrompt == "You are terse.")
            #expect(personas[BotID(rawValue: "bare")!]?.name == "Bare")
        }
    }

    @Test(
        "Mistakes are told with file and line",
        arguments: [
            ("name = \"Iris\"", "system_prompt"),
            ("name = \"Iris\"\nsystem_prompt = \"\"", "iris.toml:2"),
            ("name = \"Iris\"\nsystem_prompt = \"x\"\n[model]\ntemperature = 9", "iris.toml:4"),
            ("name = \"Iris\"\nsystem_prompt = \"x\"\n[language]\nreply = \"klingon\"", "iris.toml:4"),
            ("name = \"Iris\"\nsystem_prompt = \"x\"\n[context]\nmessages = 500", "iris.toml:4"),
            ("name = \"Iris\"\nsystem_prompt = \"x\"\ntemprature = 1", "temprature"),
            ("name = \"Iris\nsystem_prompt = 5", "iris.toml:1"),
        ]
    )
    func mistakes(text: String, part: String) throws {
        try withFolder(["fleet.yaml": fleet, "personas/iris.toml": text]) { folder in
            let error = #expect(throws: ConfigurationError.self) {
                try PersonaFile.loadAll(folder: folder, settings: settings)
            }
            #expect(error.map { "\($0)" }?.contains(part) == true, "\(error.map { "\($0)" } ?? "")")
            #expect(error?.file?.hasSuffix("personas/iris.toml") == true)
        }
    }

    @Test("A changed file is taken over; one with a mistake is refused once, and the old personality stays")
    func reload() throws {
        try withFolder(["fleet.yaml": fleet, "personas/iris.toml": toml]) { folder in
            let catalogue = try PersonaCatalogue(folder: folder, settings: settings, logger: Logger(label: "test"))
            let path = "\(folder)/personas/iris.toml"
            #expect(catalogue.refresh() == .unchanged)

            try Data("name = \"Iris\"\nsystem_prompt = \"Be very brief.\"".utf8).write(to: URL(filePath: path))
            #expect(catalogue.refresh() == .replaced)
            #expect(catalogue.persona(of: iris).systemPrompt == "Be very brief.")

            try Data("name = ".utf8).write(to: URL(filePath: path))
            guard case .refused(let error) = catalogue.refresh() else {
                Issue.record("not refused")
                return
            }
            #expect(error.line == 1)
            #expect(catalogue.refresh() == .unchanged)
            #expect(catalogue.persona(of: iris).systemPrompt == "Be very brief.")

            try FileManager.default.removeItem(atPath: path)
            guard case .refused = catalogue.refresh() else {
                Issue.record("a missing file is not refused")
                return
            }
            try Data(toml.utf8).write(to: URL(filePath: path))
            #expect(catalogue.refresh() == .replaced)
            #expect(catalogue.persona(of: iris).systemPrompt == "Be brief.")
        }
    }

    @Test("A bot that is not in the configuration still answers")
    func unknownBot() throws {
        try withFolder(["fleet.yaml": fleet, "personas/iris.toml": toml]) { folder in
            let catalogue = try PersonaCatalogue(folder: folder, settings: settings, logger: Logger(label: "test"))
            #expect(catalogue.persona(of: BotID(rawValue: "newcomer")!).name == "Newcomer")
        }
    }
}
