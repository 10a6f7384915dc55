import Simulation
import TestSupport
import Testing

/// discord.py and hikari log in to the local Discord, and what they and it said to each other fits Discord's OpenAPI
/// description.
@Suite("Clients of Discord", .serialized)
struct DiscordClientTests {
    /// As Discord is, but without its waits between logins and writes, which would make the test minutes long.
    private static func discord() -> SimulatedDiscord {
        var configuration = SimulatedDiscord.Configuration.unlimited
        configuration.recordsBodies = true
        return SimulatedDiscord(configuration: configuration)
    }

    @Test("discord.py logs in over zstd, moderates, answers commands and resumes", .timeLimit(.minutes(8)))
    func discordPy() async throws {
        try await run("discord_py_bot.py")
    }

    @Test(
        "hikari logs in, answers commands and components, and resumes, over zstd and over zlib",
        .timeLimit(.minutes(8)),
        arguments: ["TRANSPORT_ZSTD_STREAM", "TRANSPORT_ZLIB_STREAM"]
    )
    func hikari(compression: String) async throws {
        try await run("hikari_bot.py", ["DISCORD_COMPRESSION": compression])
    }

    @Test("An endpoint that Discord's own library verifies for gets interactions by HTTP", .timeLimit(.minutes(3)))
    func interactionsEndpoint() async throws {
        try await run("interaction_endpoint.py")
    }

    @Test(
        "discord.py and hikari get over what goes wrong on purpose",
        .timeLimit(.minutes(8)),
        arguments: ["discord_py_faults.py", "hikari_faults.py"]
    )
    func faults(script: String) async throws {
        var configuration = SimulatedDiscord.Configuration.unlimited
        // Zombies are found by their second heartbeat.
        configuration.gateway.heartbeatInterval = 3_000
        try await SimulationServer([SimulatedDiscord(configuration: configuration)]).withRunning { url in
            let output = try await PythonClient.run(script, environment: ["DISCORD_URL": url], within: .seconds(180))
            #expect(output.contains("done"))
        }
    }

    private func run(_ script: String, _ environment: [String: String] = [:]) async throws {
        try await SimulationServer([Self.discord()]).withRunning { url in
            let output = try await PythonClient.run(
                script,
                environment: environment.merging(["DISCORD_URL": url]) { $1 },
                within: .seconds(180)
            )
            #expect(output.contains("done"))
            if let verdict = try await DiscordOpenAPI.check(url) { #expect(verdict.contains("done"), "\(verdict)") }
        }
    }

    /// The check can fail: a route that Discord does not have, and one that the double lacks, are both told.
    @Test("An unknown route fails the check", .enabled(if: DiscordOpenAPI.isPresent))
    func unknownRoute() async throws {
        try await SimulationServer([Self.discord()]).withRunning { url in
            _ = try? await PythonClient.run(
                "fetch.py",
                arguments: ["\(url)/api/v10/guilds/1/cheese", "playground.iris"]
            )
            await #expect(throws: PythonClient.ScriptFailed.self) {
                try await DiscordOpenAPI.check(url)
            }
        }
    }
}
