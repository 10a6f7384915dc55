import ServiceKit
import Testing

@Suite struct ConfigFileTests {
    private let settings = Settings(environment: ["TOKEN_A": "secret-a", "HOST": "example.org"])

    private let fleet = """
        # The troupe
        bots:
          - name: rainbow
            discord_token: ${TOKEN_A}
          - name: iris
            discord_token: ${TOKEN_B}
            protection_level: 7
        """

    @Test func readsYAMLWithLines() throws {
        let file = try ConfigFile.parse(fleet, path: "fleet.yaml", settings: settings)
        let bots = try file.root.require("bots").list()
        #expect(bots.map(\.line) == [3, 5])
        #expect(try bots[0].require("name").string() == "rainbow")
        #expect(try bots[0].require("discord_token").secretIfSet()?.reveal() == "secret-a")
        #expect(try bots[1].require("discord_token").secretIfSet() == nil)
        #expect(try bots[1].require("discord_token").variables == ["TOKEN_B"])
    }

    @Test func complainsWithFileLineAndPlace() throws {
        let file = try ConfigFile.parse(fleet, path: "config/fleet.yaml", settings: settings)
        let iris = try file.root.require("bots").list()[1]
        let wrong = #expect(throws: ConfigurationError.self) { try iris.require("protection_level").int(in: 0...3) }
        #expect(
            wrong?.description
                == "config/fleet.yaml:7: bots[1].protection_level: expected a whole number from 0 to 3, found 7"
        )
        let unset = #expect(throws: ConfigurationError.self) { try iris.require("discord_token").string() }
        #expect(
            unset?.description
                == "config/fleet.yaml:6: bots[1].discord_token: expected the variable TOKEN_B to be set, found nothing"
        )
        let unknown = #expect(throws: ConfigurationError.self) { try iris.allowOnly(["name", "discord_token"]) }
        #expect(unknown?.line == 7)
        let missing = #expect(throws: ConfigurationError.self) { try iris.require("persona", "a persona's file") }
        #expect(
            missing?.description == "config/fleet.yaml:5: bots[1].persona: expected a persona's file, found nothing"
        )
    }

    @Test(arguments: [
        ("a: [1, 2", "broken.yaml", 1), ("a: 1\nb: 2\na: 3", "twice.yaml", 3), ("{\n\"a\": }}", "broken.json", 2),
        ("a = 1\nb = ", "broken.toml", 2),
    ])
    func brokenTextIsToldByLine(text: String, path: String, line: Int) {
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigFile.parse(text, path: path, settings: settings)
        }
        #expect(error?.file == path)
        #expect((error?.line).map { abs($0 - line) <= 1 } == true, "\(error?.description ?? "")")
    }

    @Test func readsTOMLWithLines() throws {
        let text = """
            name = "Iris"
            prompt = \"\"\"
            You are Iris.
            [not.a.table]
            \"\"\"

            [style]
            temperature = 0.7
            emoji = false

            [[example]]
            user = "hi"
            [[example]]
            user = 3
            """
        let root = try ConfigFile.parse(text, path: "iris.toml", settings: settings).root
        #expect(try root.require("prompt").string().hasPrefix("You are Iris.\n[not"))
        #expect(try root.require("style").require("temperature").double(in: 0...2) == 0.7)
        #expect(root["style"]?["emoji"]?.line == 9)
        let examples = try root.require("example").list()
        #expect(examples[1]["user"]?.line == 14)
        #expect(examples[1]["user"]?.path == "example[1].user")
    }

    @Test func referencesResolveWhenRead() throws {
        let text = "a: \"https://${HOST}/$$x\"\nb: ${NONE:-fallback}\nc: ${BAD NAME}\nd: ${HOST"
        let root = try ConfigFile.parse(text, path: "x.yaml", settings: settings).root
        #expect(try root.require("a").string() == "https://example.org/$x")
        #expect(try root.require("b").string() == "fallback")
        #expect(throws: ConfigurationError.self) { try root.require("c").string() }
        #expect(throws: ConfigurationError.self) { try root.require("d").string() }
    }

    @Test func namesAreThoseThatResolvingLooksUp() throws {
        let text = "a: $${ESCAPED}\nb: ${HOST}${NONE:-x}\nc: $${A${NONE}}\nd: ${NOT CLOSED"
        let root = try ConfigFile.parse(text, path: "x.yaml", settings: settings).root
        #expect(try root.require("a").variables == [])
        #expect(try root.require("a").string() == "${ESCAPED}")
        #expect(try root.require("b").variables == ["HOST", "NONE"])
        #expect(try root.require("c").variables == ["NONE"])
        #expect(try root.require("d").variables == [])
    }

    @Test func wordsThatYAMLOnceTookForBooleansStayTexts() throws {
        let root = try ConfigFile.parse("words: [no, on, 007, 1.5, null]", path: "w.yaml", settings: settings).root
        let words = try root.require("words").list()
        #expect(try words[0].string() == "no")
        #expect(try words[1].string() == "on")
        #expect(try words[3].double(in: 0...2) == 1.5)
        #expect(throws: ConfigurationError.self) { try words[4].string() }
    }

    @Test func aMissingFileIsOneClearLine() {
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigFile.load("/nonexistent/fleet.yaml", settings: settings)
        }
        #expect(error?.description == "/nonexistent/fleet.yaml: expected a readable file, found none")
    }
}
