import Simulation
import TestSupport
import Testing

/// lavalink.py and wavelink, the two clients of Python, connect to the local Lavalink, load, play and hear events.
@Suite("Clients of Lavalink")
struct LavalinkClientTests {
    /// Two seconds a track, and half a second until one counts as stuck.
    private static func node(lengths: ClosedRange<Int64> = 2...2) -> LavalinkDouble {
        var timing = SimulatedPlayer.Timing()
        timing.stuck = 500
        timing.updates = 500
        return LavalinkDouble(
            configuration: .init(
                start: 1_800_000_000_000,
                timing: timing,
                catalogue: TrackCatalogue(lengths: lengths)
            )
        )
    }

    @Test("lavalink.py connects, loads, decodes, plays and resumes", .timeLimit(.minutes(6)))
    func lavalinkPy() async throws {
        try await SimulationServer([Self.node()]).withRunning { url in
            let parts = url.dropFirst("http://".count).split(separator: ":")
            let output = try await PythonClient.run(
                "lavalink_player.py",
                environment: ["LAVALINK_HOST": String(parts[0]), "LAVALINK_PORT": String(parts[1])]
            )
            #expect(output.contains("done"))
        }
    }

    @Test(
        "lavalink.py and wavelink see what goes wrong on purpose",
        .timeLimit(.minutes(6)),
        arguments: ["lavalink_faults.py", "wavelink_faults.py"]
    )
    func faults(script: String) async throws {
        let node = Self.node(lengths: 600...600)
        let discord = SimulatedDiscord(configuration: .unlimited)
        discord.takeOrders(for: [node])
        try await SimulationServer([discord]).withRunning { control in
            try await SimulationServer([node]).withRunning { url in
                let parts = url.dropFirst("http://".count).split(separator: ":")
                let output = try await PythonClient.run(
                    script,
                    environment: [
                        "CONTROL_URL": control, "LAVALINK_URL": url, "LAVALINK_HOST": String(parts[0]),
                        "LAVALINK_PORT": String(parts[1]),
                    ],
                    within: .seconds(120)
                )
                #expect(output.contains("done"))
            }
        }
    }

    @Test("wavelink connects, loads and plays", .timeLimit(.minutes(6)))
    func wavelink() async throws {
        try await SimulationServer([Self.node()]).withRunning { url in
            let output = try await PythonClient.run("wavelink_player.py", environment: ["LAVALINK_URL": url])
            #expect(output.contains("done"))
        }
    }
}
