import DiscordModel
import ServiceKit
import Testing

@testable import GatewayCore

@Suite("Fleet configuration")
struct FleetConfigurationTests {
    private func parse(_ text: String, _ environment: [String: String] = [:]) throws -> FleetConfiguration {
        try FleetConfiguration.parse(
            try ConfigFile.parse(text, path: "config/fleet.yaml", settings: Settings(environment: environment))
        )
    }

    @Test("Bots with their tokens; a variable that is not set is a bot without token, not an error")
    func bots() throws {
        let fleet = try parse(
            """
            bots:
              - name: rainbow
                primary: true
                bot_config:
                  discord_token: ${DISCORD_TOKEN}
                  system_prompt: personas/rainbow.toml
                  protection_level: medium
                  llm_config:
                    base_url: http://x
              - name: iris
                bot_config:
                  discord_token: ${DISCORD_TOKEN_IRIS}
            """,
            ["DISCORD_TOKEN": "abc"]
        )
        #expect(fleet.bots.map(\.id.rawValue) == ["rainbow", "iris"])
        #expect(fleet.primary?.id.rawValue == "rainbow")
        #expect(fleet.bots[0].token?.reveal() == "abc")
        #expect(fleet.bots[1].token == nil)
        #expect(fleet.bots[1].tokenVariable == "DISCORD_TOKEN_IRIS")
    }

    @Test(
        "Mistakes name the file and the line",
        arguments: [
            ("bots: []", 1), ("bot: 1", 1), ("bots:\n  - name: Rainbow!", 2), ("bots:\n  - name: a\n  - name: a", 3),
            ("bots:\n  - name: a\n    tokken: x", 3), ("bots:\n  - primary: true", 2),
        ]
    )
    func mistakes(_ text: String, _ line: Int) {
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect(error.map { "\($0)".contains("config/fleet.yaml:\(line)") } == true, "\(String(describing: error))")
    }

    @Test("Two primaries are one too many; none makes the first one")
    func primaries() throws {
        #expect(throws: ConfigurationError.self) {
            try parse("bots:\n  - name: a\n    primary: true\n  - name: b\n    primary: true")
        }
        #expect(try parse("bots:\n  - name: a\n  - name: b").primary?.id.rawValue == "a")
    }
}
