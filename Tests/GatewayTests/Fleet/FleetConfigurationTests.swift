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

    @Test("A public key of 64 digits beside the token or above it; anything else names its line")
    func publicKeys() throws {
        let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        let fleet = try parse(
            """
            bots:
              - name: a
                bot_config: {public_key: "\(key)"}
              - name: b
                public_key: "\(key)"
              - name: c
            """
        )
        #expect(fleet.bots.map { $0.publicKey != nil } == [true, true, false])
        for wrong in ["\"\"", "abc", "\"\(key)0\"", "\"\(String(repeating: "0", count: 64))\"", "12"] {
            let error = #expect(throws: ConfigurationError.self) {
                try parse("bots:\n  - name: a\n    public_key: \(wrong)")
            }
            #expect(error.map { "\($0)".contains("config/fleet.yaml:3") } == true, "\(String(describing: error))")
        }
    }

    @Test("Two primaries are one too many; none makes the first one")
    func primaries() throws {
        #expect(throws: ConfigurationError.self) {
            try parse("bots:\n  - name: a\n    primary: true\n  - name: b\n    primary: true")
        }
        #expect(try parse("bots:\n  - name: a\n  - name: b").primary?.id.rawValue == "a")
    }

    @Test("How a bot shows itself, and what is wrong about it, with its line")
    func presence() throws {
        let fleet = try parse(
            """
            bots:
              - name: rainbow
                presence:
                  status: idle
                  activity: {kind: watching, name: the harbour}
              - name: iris
                presence: {status: dnd}
              - name: aurora
            """
        )
        #expect(
            fleet.bots[0].presence == BotPresence(status: .idle, activity: .init(kind: .watching, name: "the harbour"))
        )
        #expect(fleet.bots[1].presence == BotPresence(status: .dnd, activity: nil))
        #expect(fleet.bots[2].presence == nil)
        for (text, line, expected) in [
            ("presence: {status: away}", 3, "online, idle, dnd, invisible"),
            ("presence:\n      activity: {kind: singing, name: x}", 4, "playing"),
            ("presence:\n      activity: {kind: playing}", 4, "kind and name"),
            ("presence:\n      activity: {kind: playing, name: \"\"}", 4, "1 to 128 characters"),
        ] {
            let error = #expect(throws: ConfigurationError.self) {
                try parse("bots:\n  - name: rainbow\n    " + text)
            }
            #expect(error?.line == line)
            #expect(error?.expected.contains(expected) == true)
        }
    }

    @Test("A presence on the wire: since is null, and a custom status says its text as state")
    func presencePayload() {
        #expect(
            GatewayPayloads.presence(BotPresence(status: .dnd, activity: nil)).contains(#""since":null"#)
        )
        let custom = GatewayPayloads.presence(
            BotPresence(status: .online, activity: .init(kind: .custom, name: "at sea"))
        )
        #expect(custom.contains(#""op":3"#) && custom.contains(#""type":4"#) && custom.contains(#""state":"at sea""#))
    }
}
