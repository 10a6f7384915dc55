import FoundationEssentials
import ServiceKit
import Testing

@Suite struct SettingsTests {
    @Test func readsTypedValues() throws {
        let settings = Settings(environment: [
            "PORT": "9101", "FLAG": "yes", "WAIT": "250ms", "URL": "http://127.0.0.1:8090/api/v10",
            "LIST": " a, b ,,c ",
        ])
        #expect(try settings.int("PORT", default: 1, in: 0...65_535) == 9101)
        #expect(try settings.bool("FLAG", default: false))
        #expect(try settings.duration("WAIT", default: .zero) == .milliseconds(250))
        #expect(try settings.url("URL").port == 8090)
        #expect(settings.list("LIST") == ["a", "b", "c"])
        #expect(settings.keysRead == ["FLAG", "LIST", "PORT", "URL", "WAIT"])
    }

    @Test func anEmptyVariableCountsAsNotSet() throws {
        let settings = Settings(environment: ["DISCORD_TOKEN": ""])
        #expect(!settings.has("DISCORD_TOKEN"))
        #expect(settings.optionalSecret("DISCORD_TOKEN") == nil)
        #expect(throws: ConfigurationError.missing("DISCORD_TOKEN", expected: "a secret")) {
            try settings.secret("DISCORD_TOKEN")
        }
    }

    @Test(arguments: [
        ("many", "expected a whole number from 0 to 65535, found \"many\""),
        ("70000", "expected a whole number from 0 to 65535, found \"70000\""),
    ])
    func namesTheVariableAndWhatWasExpected(value: String, complaint: String) {
        let settings = Settings(environment: ["GATEWAY_PORT": value])
        let error = #expect(throws: ConfigurationError.self) {
            try settings.port(of: ServiceInstance(service: .gateway))
        }
        #expect(error?.description == "GATEWAY_PORT: \(complaint)")
    }

    @Test func onlyTheFirstInstanceTakesTheDefaultPort() throws {
        let settings = Settings(environment: [:])
        #expect(try settings.port(of: ServiceInstance(service: .gateway)) == 9101)
        #expect(try settings.port(of: ServiceInstance(service: .gateway, id: "2")) == 0)
        #expect(ServiceName.lavalinkBridge.portVariable == "LAVALINK_BRIDGE_PORT")
    }

    @Test(arguments: ["", "s", "-1s", "1w", "ten", "1e400s"])
    func refusesLengthsOfTimeThatAreNone(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test func aSecretNeverShows() {
        let secret: Secret = "hunter2"
        var dumped = ""
        dump([secret], to: &dumped)
        #expect("\(secret) \(String(reflecting: secret)) \(dumped)".contains("hunter2") == false)
        #expect(secret.reveal() == "hunter2")
    }
}
